//! The loop of a connection: what is read, cut into frames and handed on, and what it waits for in between.
//!
//! An idle connection is a future that waits here. What it has to hold for that is little: what needs more, and is rare
//! or soon over, is in a box of its own.

use std::future::{Future, poll_fn};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio::time::{sleep, sleep_until};
use tokio_util::codec::Decoder;

use super::{Closed, Connection, End, LAST_WORDS, LINGER, MAX_UNREAD_ANSWERS, now};
use crate::gateway::dialect::{Adapter, Cut, DecodedOf};
use crate::gateway::transport::{Read, Reader, release};
use crate::hub::Sink;
use crate::model::EndReason;

/// Requests of one connection that may be under way at once.
const MAX_REQUESTS: usize = 64;
/// Requests of more bytes than this are heavy.
const MAX_LIGHT_BYTES: usize = 64 * 1024;
/// Heavy requests of one connection that may be under way at once.
const MAX_HEAVY_REQUESTS: usize = 4;
/// Bytes without a frame that count as a request when it comes to pace.
const MAX_UNFRAMED_BYTES: usize = 64 * 1024;

/// What was waited for.
pub(super) enum Wait {
    Bytes { ends_message: bool },
    Timer,
    Ended(Closed),
    End(End),
}

/// What the decoder is to take its buffer's end for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// More may come; no message ended here.
    More,
    /// More may come, and here a message ended.
    Message,
    /// Nothing comes any more.
    Nothing(Closed),
}

impl<A: Adapter> Connection<A> {
    /// Reads until the connection's end.
    pub(super) async fn read_all(&mut self, reader: &mut Reader) -> End {
        let mut codec = self.adapter.codec();
        let mut buffer = BytesMut::new();
        let (mut behind, mut unframed) = (Behind::More, 0);
        self.greet();
        loop {
            if let Some(end) = self.room_for_one_more(unframed).await {
                return end;
            }
            if unframed >= MAX_UNFRAMED_BYTES && buffer.is_empty() {
                Box::pin(self.keep_pace()).await;
                unframed = 0;
            }
            // Named by nothing, so that an idle connection has no room for it.
            match self.decode(&mut codec, &mut buffer, behind) {
                Ok(Some(frame)) => {
                    unframed = buffer.len();
                    // A handler is large, and an idle connection runs none.
                    if let Some(end) = Box::pin(self.handle(frame)).await {
                        return end;
                    }
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    self.capture.tell(None);
                    let why = match A::is_too_long(&error) {
                        true => Closed::TooLong,
                        false => Closed::ProtocolError,
                    };
                    let last = self.adapter.lost(error, self.session.time());
                    return End::Expelled(last, why);
                }
            }
            if let Behind::Nothing(why) = behind {
                return if self.adapter.ends_by_farewell() {
                    End::Farewell(Bytes::new())
                } else {
                    End::BrokeOff(why)
                };
            }
            release(&mut buffer);
            let before = buffer.len();
            if !self.receiving.hold(before) {
                return End::Reason(EndReason::Overloaded);
            }
            match self.wait(reader, &mut buffer).await {
                Wait::Bytes { ends_message } => {
                    let fresh = buffer.len().saturating_sub(before);
                    // Of a frame that was begun before: what is new may well be whole.
                    if unframed > 0 && fresh > 0 {
                        self.adapter.receiving(now());
                    }
                    unframed += fresh + reader.take_overhead();
                    self.session
                        .hub()
                        .counts()
                        .received(self.session.number(), fresh);
                    behind = match ends_message {
                        true => Behind::Message,
                        false => Behind::More,
                    };
                }
                Wait::Timer => {}
                Wait::Ended(why) => {
                    self.capture.tell_end();
                    behind = Behind::Nothing(why);
                }
                Wait::End(end) => return end,
            }
        }
    }

    fn greet(&mut self) {
        let greeting = self.adapter.greeting();
        if !greeting.is_empty() {
            let slot = self.writer.reserve();
            self.answer(Some(slot), greeting);
        }
    }

    fn decode(
        &mut self,
        codec: &mut A::Codec,
        buffer: &mut BytesMut,
        behind: Behind,
    ) -> DecodedOf<A::Codec> {
        self.capture.before(buffer);
        let decoded = match behind {
            Behind::More => codec.decode(buffer),
            Behind::Message => match codec.decode(buffer) {
                Ok(None) => A::message_end(codec, buffer),
                decoded => decoded,
            },
            Behind::Nothing(_) => codec.decode_eof(buffer),
        };
        self.capture.after(buffer);
        let is_bad = match &decoded {
            Ok(None) => return decoded,
            Ok(Some(frame)) => frame.is_bad(),
            Err(_) => true,
        };
        let counts = self.session.hub().counts();
        counts.frame(self.session.number(), is_bad);
        decoded
    }

    /// Waits until one more request may come in, of which so many bytes are there.
    async fn room_for_one_more(&mut self, bytes: usize) -> Option<End> {
        let requests = if bytes > MAX_LIGHT_BYTES {
            MAX_HEAVY_REQUESTS
        } else {
            MAX_REQUESTS
        };
        let end = self.end_that_is_due();
        if end.is_some() || self.writer.has_room(requests - 1, MAX_UNREAD_ANSWERS) {
            return end;
        }
        Box::pin(self.until_room(requests - 1)).await
    }

    /// Neither unread answers nor a stream that never pauses keep away an end that is due; reading what was written is a
    /// sign of life.
    async fn until_room(&mut self, requests: usize) -> Option<End> {
        let mut signs = (self.writer.total_written(), None);
        loop {
            let timer = signs.1.or_else(|| self.adapter.next_timer());
            let due = earlier(self.login_by(), timer);
            let on_time = tokio::select! {
                biased;
                () = self.writer.room_for_requests(requests, MAX_UNREAD_ANSWERS) => false,
                _ = self.shutdown.wait_for(Option::is_some) => false,
                () = until(due) => true,
            };
            let end = self.end_that_is_due();
            if end.is_some() || !on_time {
                return end;
            }
            let written = self.writer.total_written();
            if written > signs.0 {
                signs = (written, Some(now() + LAST_WORDS));
            } else if let Wait::End(end) = self.on_timer() {
                return Some(end);
            } else {
                signs.1 = None;
            }
        }
    }

    fn end_that_is_due(&self) -> Option<End> {
        if self.writer.was_closed() {
            Some(End::Closing)
        } else if let Some(reason) = *self.shutdown.borrow() {
            Some(End::Reason(reason))
        } else if self.login_by().is_some_and(|by| now() >= by) {
            Some(End::Reason(EndReason::NoLogin))
        } else {
            None
        }
    }

    /// By when the connection has to say who it is, unless it has.
    fn login_by(&self) -> Option<Instant> {
        let owes_login = self.adapter.owes_login(&self.session);
        let timeout = owes_login.then(|| self.permit.login_timeout())?;
        (!timeout.is_zero()).then(|| self.nobody_since + timeout)
    }

    /// Waits for what comes next: bytes, a time, or an end. What it needs is moved into what waits, and nothing stands there twice.
    fn wait(&mut self, reader: &mut Reader, buffer: &mut BytesMut) -> impl Future<Output = Wait> {
        let due = earlier(self.login_by(), self.adapter.next_timer());
        let was_held = std::mem::take(&mut self.was_held);
        let mut linger = None;
        poll_fn(move |cx| {
            if self.writer.poll_closed(cx).is_ready() {
                return Poll::Ready(Wait::End(End::Closing));
            }
            // Who takes no more and says no more is gone, whether or not its stream ends.
            if self.writer.is_broken() {
                let linger = linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
                if linger.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Wait::Ended(Closed::Reset));
                }
            }
            // Who says it wakes this task by its writer.
            if let Some(reason) = *self.shutdown.borrow() {
                return Poll::Ready(Wait::End(End::Reason(reason)));
            }
            let alarm = &mut self.alarm;
            let mut is_due =
                |cx: &mut Context<'_>| due.is_some_and(|due| alarm.poll(due.into(), cx).is_ready());
            // What is due comes before what a peer that never pauses has to say, unless it is the gateway that paused.
            if !was_held && is_due(cx) {
                return Poll::Ready(self.on_due());
            }
            match reader.poll_read(cx, buffer) {
                Poll::Ready(Read::Ended) => Poll::Ready(Wait::Ended(Closed::Eof)),
                Poll::Ready(Read::Broken) => Poll::Ready(Wait::Ended(Closed::Reset)),
                Poll::Ready(read @ (Read::Bytes | Read::Message)) => Poll::Ready(Wait::Bytes {
                    ends_message: read == Read::Message,
                }),
                #[cfg(feature = "http")]
                Poll::Ready(Read::Violated) => Poll::Ready(Wait::End(End::Expelled(
                    Bytes::new(),
                    Closed::ProtocolError,
                ))),
                Poll::Ready(Read::Refused(reason)) => Poll::Ready(Wait::End(End::Reason(reason))),
                Poll::Pending if was_held && is_due(cx) => Poll::Ready(self.on_due()),
                Poll::Pending => Poll::Pending,
            }
        })
    }

    fn on_due(&mut self) -> Wait {
        if self.login_by().is_some_and(|by| now() >= by) {
            Wait::End(End::Reason(EndReason::NoLogin))
        } else {
            self.on_timer()
        }
    }

    pub(super) async fn keep_pace(&mut self) {
        let rate = self.permit.request_rate();
        if let Some(due) = rate.and_then(|rate| self.pace.take(rate)) {
            self.hit("requests_per_second");
            sleep_until(due).await;
        }
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
