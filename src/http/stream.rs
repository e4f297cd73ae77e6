//! A connection's bytes on their way to hyper and back: counted, not waited for without end, and with answers of ours where
//! hyper answers by itself what it could not read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use bytes::Buf;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::problem::Problem;
use crate::config::HTTP;
use crate::gateway::ByteStream;
use crate::hub::Hub;
use crate::hub::metrics::DialectNumber;

/// How long the other side may take nothing of what it is told.
const PAUSE: Duration = Duration::from_secs(30);

/// Whose answer is under way: what is written while none of ours is, hyper says by itself.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicU8);

/// None is under way.
const NONE: u8 = 0;
/// A request is being answered.
const ANSWERING: u8 = 1;
/// The answer was handed to hyper, which may still have to write some of it.
const HANDED: u8 = 2;

impl Turn {
    /// A request came, whose answer is to follow.
    pub(super) fn begin(&self) {
        self.0.store(ANSWERING, Ordering::Relaxed);
    }

    fn handed(&self) {
        self.0.store(HANDED, Ordering::Relaxed);
    }

    fn flushed(&self) {
        // It is one thread's at a time.
        if self.0.load(Ordering::Relaxed) == HANDED {
            self.0.store(NONE, Ordering::Relaxed);
        }
    }

    fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == NONE
    }
}

/// An answer's body; its end is the answer's.
pub(super) struct Answered {
    body: axum::body::Body,
    turn: Arc<Turn>,
}

impl Answered {
    pub(super) fn new(body: axum::body::Body, turn: Arc<Turn>) -> Self {
        Self { body, turn }
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.turn.handed();
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection whose answers are looked at for what hyper says by itself.
pub(super) struct HttpStream {
    stream: ByteStream,
    hub: Hub,
    number: DialectNumber,
    turn: Arc<Turn>,
    /// What is left of an answer in hyper's place, which is the last.
    instead: Option<Bytes>,
    /// There while the other side takes nothing.
    patience: Option<Pin<Box<Sleep>>>,
}

impl HttpStream {
    pub(super) fn new(stream: ByteStream, hub: Hub, turn: Arc<Turn>) -> Self {
        Self {
            number: hub.counts().number(HTTP),
            stream,
            hub,
            turn,
            instead: None,
            patience: None,
        }
    }

    /// The connection, without what looked at its answers.
    pub(super) fn into_inner(self) -> ByteStream {
        self.stream
    }

    /// Whether what hyper writes is replaced.
    fn is_replaced(&mut self, bytes: &[u8]) -> bool {
        if self.instead.is_none() && self.turn.is_none() {
            self.instead = instead_of(bytes);
        }
        self.instead.is_some()
    }

    /// Writes an answer in hyper's place.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left) = self.instead.clone().filter(|left| !left.is_empty()) {
            let written = ready!(self.poll_some(cx, |stream, cx| stream.poll_write(cx, &left)))?;
            if let Some(left) = &mut self.instead {
                left.advance(written);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut ByteStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = write(Pin::new(&mut self.stream), cx);
        let written = ready!(self.in_time(written, cx))?;
        self.hub.counts().sent(self.number, written);
        Poll::Ready(Ok(written))
    }

    /// What came of it, if the other side has not waited for too long.
    fn in_time<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.patience = None;
            return outcome;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
        ready!(patience.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Our answer for one with which hyper ends a connection.
fn instead_of(bytes: &[u8]) -> Option<Bytes> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let status = StatusCode::from_bytes(status).ok()?;
    let (title, detail) = match status {
        StatusCode::BAD_REQUEST => ("Invalid", "this is no request of HTTP/1.1"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
            "RequestHeaderFieldsTooLarge",
            "the headers are too many or too long",
        ),
        _ => return None,
    };
    Some(Problem::new(status, title, detail).last_answer().freeze())
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        let came = into.filled().len() - before;
        self.hub.counts().received(self.number, came);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_replaced(bytes) {
            ready!(self.poll_instead(cx))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.poll_some(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        if self.is_replaced(first.map_or(&[], |first| first)) {
            ready!(self.poll_instead(cx))?;
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        self.poll_some(cx, |stream, cx| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        ready!(self.in_time(flushed, cx))?;
        self.turn.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.in_time(shut, cx)
    }
}
