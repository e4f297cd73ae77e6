//! The half that is written to.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::time::Instant;
use tungstenite::protocol::frame::coding::{Control, Data};

use super::Shared;
use super::frame::{self, Frame};
use crate::gateway::dialect::Messages;
use crate::gateway::wire::Wire;

/// How many frames one write takes together.
const MAX_FRAMES: usize = 16;
/// A client from which nothing came for so long is asked whether it is there, and again after as long.
const PING_AFTER: Duration = Duration::from_secs(30);
/// One that has answered none of so many is gone.
const MAX_PINGS: u32 = 2;

/// Puts a header before each of the dialect's frames, and says what is to be said between them.
pub(in crate::gateway) struct WebSocketWire {
    pub(in crate::gateway) wire: Wire,
    messages: Messages,
    /// What is written is no frame of the dialect's, but part of a content.
    pub(in crate::gateway) is_content: bool,
    /// The frame of which the peer has got the beginning.
    begun: Option<Frame>,
    /// Control frames, as far as they are to be written.
    control: Bytes,
    /// The farewell was said: nothing comes behind it.
    is_closed: bool,
    shared: Arc<Shared>,
    /// When something came, as far as that was looked at.
    heard: Instant,
    /// Pings that were written since then, and when the last one was.
    pings: u32,
    pinged: Option<Instant>,
    is_ping_due: bool,
}

impl WebSocketWire {
    pub(super) fn new(wire: Wire, messages: Messages, shared: Arc<Shared>) -> Self {
        Self {
            wire,
            messages,
            is_content: false,
            begun: None,
            control: Bytes::new(),
            is_closed: false,
            shared,
            heard: Instant::now(),
            pings: 0,
            pinged: None,
            is_ping_due: false,
        }
    }

    /// Whether the peer has got a part of a frame or of its header.
    pub(in crate::gateway) fn is_inside_frame(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether something is to be written beside the dialect's frames.
    pub(in crate::gateway) fn is_pending(&self) -> bool {
        !self.control.is_empty() || self.has_control() || self.wire.is_pending()
    }

    fn has_control(&self) -> bool {
        let is_waiting = || self.is_ping_due || self.shared.is_waiting.load(Ordering::Acquire);
        !self.is_closed && is_waiting()
    }

    /// Takes as much of the slices as the socket takes; each holds whole frames, but for what was taken of the first before.
    pub(in crate::gateway) fn poll_write(
        &mut self,
        slices: &[IoSlice<'_>],
        mut cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.begun.is_none() {
                ready!(self.poll_flush(cx.as_deref_mut()))?;
            }
            let mut frames = [Frame::NONE; MAX_FRAMES];
            let mut payloads = [&[][..]; MAX_FRAMES];
            let count = self.cut(slices, &mut frames, &mut payloads);
            let frames = &mut frames[..count];
            let mut written = ready!(self.write(frames, &payloads, cx.as_deref_mut()))?;
            let (mut taken, was_written) = (0, written > 0);
            self.begun = None;
            for frame in frames {
                let (left, bytes) = frame.advance(written);
                (written, taken) = (left, taken + bytes);
                if !frame.is_written() {
                    self.begun = Some(*frame).filter(Frame::is_begun);
                    break;
                }
            }
            // A header alone is nothing of what was to be written.
            if taken > 0 || !was_written {
                return Poll::Ready(Ok(taken));
            }
        }
    }

    /// Cuts what is to be written into frames: how many.
    fn cut<'a>(
        &self,
        slices: &'a [IoSlice<'_>],
        frames: &mut [Frame; MAX_FRAMES],
        payloads: &mut [&'a [u8]; MAX_FRAMES],
    ) -> usize {
        let (mut count, mut begun) = (0, self.begun);
        // What is to be said between two frames goes as soon as one ends.
        let most = match begun.is_some() && self.has_control() {
            true => 1,
            false => MAX_FRAMES,
        };
        for slice in slices {
            let mut rest = &slice[..];
            while !rest.is_empty() {
                if count == most {
                    return count;
                }
                let frame = begun.take().unwrap_or_else(|| self.frame(rest));
                frames[count] = frame;
                payloads[count] = &rest[..frame.payload];
                rest = &rest[frame.length()..];
                count += 1;
            }
        }
        count
    }

    /// The frame that `bytes` begin with.
    fn frame(&self, bytes: &[u8]) -> Frame {
        match self.messages {
            Messages::Lines if !self.is_content => Frame::line(bytes),
            Messages::Frames(length) if !self.is_content => {
                Frame::message(Data::Binary, length(bytes).clamp(1, bytes.len()))
            }
            Messages::Lines | Messages::Frames(_) | Messages::Bytes => {
                Frame::message(Data::Binary, bytes.len())
            }
        }
    }

    /// Writes headers and payloads: how many bytes; 0, too, where there is nothing to be written.
    fn write(
        &mut self,
        frames: &[Frame],
        payloads: &[&[u8]; MAX_FRAMES],
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); 2 * MAX_FRAMES];
        let mut count = 0;
        for (frame, payload) in frames.iter().zip(payloads) {
            for part in [frame.head(), payload] {
                if !part.is_empty() {
                    slices[count] = IoSlice::new(part);
                    count += 1;
                }
            }
        }
        match count {
            0 => Poll::Ready(Ok(0)),
            _ => self.wire.write_vectored(&slices[..count], cx),
        }
    }

    /// Writes what is to be said between two frames; nothing inside one.
    pub(in crate::gateway) fn poll_flush(
        &mut self,
        mut cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<()>> {
        loop {
            while !self.control.is_empty() {
                let count = ready!(self.wire.write(&self.control, cx.as_deref_mut()))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.control.advance(count);
            }
            match self.next_control() {
                Some(frame) => self.control = frame,
                None => return self.wire.poll_flush(cx),
            }
        }
    }

    fn next_control(&mut self) -> Option<Bytes> {
        if self.is_closed {
            return None;
        }
        if std::mem::take(&mut self.is_ping_due) {
            self.pings += 1;
            self.pinged = Some(Instant::now());
            return Some(frame::control(Control::Ping, b""));
        }
        if self.shared.is_waiting.swap(false, Ordering::Acquire) {
            let ping = self.shared.said().ping.take();
            return ping.map(|payload| frame::control(Control::Pong, &payload));
        }
        None
    }

    /// Says farewell behind all that was written: by this code, or as the peer did if that was first.
    pub(in crate::gateway) fn poll_close(&mut self, code: u16, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_closed {
            // What fails here has nobody to hear it.
            let _ = ready!(self.poll_flush(Some(cx)));
            self.is_closed = true;
            let theirs = self.shared.said().close.take();
            let payload = theirs.unwrap_or_else(|| Bytes::copy_from_slice(&code.to_be_bytes()));
            self.control = frame::control(Control::Close, &payload);
        }
        self.poll_flush(Some(cx)).map(drop)
    }

    /// To be called now and then: pings a peer that was silent for long.
    pub(in crate::gateway) fn look(&mut self) {
        let now = Instant::now();
        if self.shared.is_heard.swap(false, Ordering::Relaxed) {
            (self.heard, self.pings, self.pinged) = (now, 0, None);
        } else if self.pings < MAX_PINGS && now - self.asked() >= PING_AFTER {
            self.is_ping_due = true;
        }
    }

    /// For how long nothing came from the peer, if it answered none of its pings.
    pub(in crate::gateway) fn silence(&self) -> Option<Duration> {
        let is_gone = self.pings == MAX_PINGS && self.asked().elapsed() >= PING_AFTER;
        let is_heard = self.shared.is_heard.load(Ordering::Relaxed);
        (is_gone && !is_heard).then(|| self.heard.elapsed())
    }

    /// When the peer was heard of, or asked whether it is there.
    fn asked(&self) -> Instant {
        self.pinged.unwrap_or(self.heard)
    }
}
