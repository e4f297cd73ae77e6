//! What a dialect is to the gateway: frames in, answers out, and how events look. An adapter never sees a socket.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::time::sleep_until;
use tokio_util::codec::Decoder;

use super::hits::{Hit, Hits};
use super::pace::MessagePaces;
use super::writer::{Numbering, Pacing, Slot, Writer};
use crate::commands;
use crate::hub::tap::{Lengths, Show};
use crate::hub::{Scope, Session, SharedEncoder, Sink};
use crate::model::{EndReason, Message, Result, Target, Timestamp};

/// The length in bytes of the first frame of these bytes.
pub type FrameLength = fn(&[u8]) -> usize;

/// How a dialect's bytes become messages where a connection carries messages, as WebSocket does.
#[derive(Debug, Clone, Copy, Default)]
pub enum Messages {
    /// Binary messages, cut as the bytes are written.
    #[default]
    Bytes,
    /// A binary message for each frame.
    Frames(FrameLength),
    /// A text message for each line, without the LF or CRLF at its end; what is sent as [`Content`] goes in binary ones.
    Lines,
}

/// How the hub is to treat a dialect's connections.
#[derive(Clone)]
pub struct SessionOptions {
    /// A user has one connection of this dialect at most.
    pub exclusive: bool,
    /// To which rooms its sessions are attached.
    pub scope: Scope,
    /// How its sessions are told of events.
    pub encoder: SharedEncoder,
    /// How what they are told is numbered, for a wire on which the client answers each event.
    pub numbering: Option<Numbering>,
}

/// One protocol as one listener speaks it: its settings, and what its connections share.
pub trait Dialect: Send + Sync + 'static {
    /// What one connection keeps, and how it handles a frame.
    type Adapter: Adapter;

    /// What the dialect is called in configurations and lists.
    fn name(&self) -> &'static str;

    /// The name, with the revision that the listener speaks where there are several.
    fn label(&self) -> String {
        self.name().to_owned()
    }

    /// How a connection's bytes are shown to those who watch. What is not said otherwise shows no byte, as any may be a
    /// secret; a dialect without secrets can be shown as [`Hex`](crate::hub::tap::Hex).
    fn show(&self) -> Box<dyn Show> {
        Box::new(Lengths)
    }

    /// How the hub is to treat its connections.
    fn session_options(&self) -> SessionOptions;

    /// Whether its clients take one frame at a time only.
    fn pacing(&self) -> Option<Pacing> {
        None
    }

    /// Where its clients take what one read gives them for one frame: how long the first of some frames is. Then each is a
    /// record of its own over TLS, as far as it fits in one.
    fn frame_length(&self) -> Option<FrameLength> {
        None
    }

    /// How its bytes go over a wire that carries messages. A client may cut its own as it likes.
    fn messages(&self) -> Messages {
        Messages::default()
    }

    /// The part of a connection that was just opened.
    fn adapter(&self, now: Instant) -> Self::Adapter;
}

/// What a handler wants done. It is the connection's driver that writes and closes.
#[derive(Debug)]
pub enum Response {
    /// Nothing is answered; the next frame may come.
    Continue,
    /// Write this in the request's place.
    Answer(Bytes),
    /// Write this as a request of the server's own, which [`SessionOptions::numbering`] numbers and the client answers.
    Ask(Bytes),
    /// The answer comes when what was posted is accepted or refused.
    Posted,
    /// Write this, then close: it was the dialect's farewell, the user is absent at once.
    Farewell(Bytes),
    /// Write this, then close: the connection broke the rules of its wire, it counts as broken off.
    Close(Bytes),
    /// Write this, piece by piece as the client takes it, then close.
    Send(Content),
    /// End the session with this reason, as the hub would.
    End(EndReason),
}

/// What is too much to be held at once.
pub struct Content {
    /// From where it comes.
    pub reader: Box<dyn AsyncRead + Send + Sync + Unpin>,
    /// How much of it.
    pub bytes: u64,
    /// A client that takes nothing of it for so long is given up; at the latest after twice as long.
    pub patience: Duration,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.bytes)
    }
}

/// What a codec has cut off.
pub trait Cut: Send {
    /// Whether it is no frame, but can be answered: so it is counted.
    fn is_bad(&self) -> bool;
}

impl<F: Send, B: Send> Cut for Result<F, B> {
    fn is_bad(&self) -> bool {
        self.is_err()
    }
}

/// One connection's translation: its state, and a handler per frame. It has no clock: `now` comes in by the link.
pub trait Adapter: Send + 'static {
    /// Cuts bytes into frames. Its `Item` is a frame, or a bad one that can be answered; its `Error` is a lost boundary.
    type Codec: Decoder<Item: Cut, Error: Send> + Send;

    /// Cuts the bytes of this connection into frames, with the limits that hold for it.
    fn codec(&self) -> Self::Codec;

    /// What a client is told as soon as it is connected, before it has said anything.
    fn greeting(&mut self) -> Bytes {
        Bytes::new()
    }

    /// Where the connection carries messages, one ended behind `input`, of which the codec took all that it could: the frame
    /// that this ends, if it does. Nothing, where the codec sees by itself where frames end.
    fn message_end(_codec: &mut Self::Codec, _input: &mut BytesMut) -> DecodedOf<Self::Codec> {
        Ok(None)
    }

    /// A frame came in.
    fn frame(
        &mut self,
        frame: <Self::Codec as Decoder>::Item,
        cx: &mut RequestContext<'_>,
    ) -> impl Future<Output = Response> + Send;

    /// The bytes cannot be cut into frames any more; the connection closes after this.
    fn lost(&mut self, error: <Self::Codec as Decoder>::Error, at: Timestamp) -> Bytes;

    /// Whether the boundary was lost by a frame that is longer than it may be.
    fn is_too_long(_error: &<Self::Codec as Decoder>::Error) -> bool {
        false
    }

    /// Bytes came in that are no whole frame yet.
    fn receiving(&mut self, _now: Instant) {}

    /// Whether the connection still has to say who it is: then `limits.login_timeout` runs.
    fn owes_login(&self, session: &Session) -> bool {
        session.user().is_none()
    }

    /// Whether the mere end of the stream is the dialect's farewell.
    fn ends_by_farewell(&self) -> bool {
        false
    }

    /// When [`Adapter::timer`] is to be called, unless something comes in before.
    fn next_timer(&self) -> Option<Instant>;

    /// The time that [`Adapter::next_timer`] named has come. What it answers is written behind all that waits.
    fn timer(&mut self, now: Instant, at: Timestamp, session: &Session) -> Response;
}

/// What a codec makes of some bytes.
pub type DecodedOf<C> = std::result::Result<Option<<C as Decoder>::Item>, <C as Decoder>::Error>;

/// A handler's way to the hub while it handles one frame.
pub struct RequestContext<'a> {
    /// The connection at the hub.
    pub session: &'a mut Session,
    /// When the frame came in, for timers.
    pub now: Instant,
    /// When the frame came in, for answers that tell the time.
    pub at: Timestamp,
    pub(super) slot: Option<Slot>,
    pub(super) writer: &'a Arc<Writer>,
    pub(super) message_paces: &'a MessagePaces,
    pub(super) hits: &'a Hits,
    pub(super) shutdown: &'a mut watch::Receiver<Option<EndReason>>,
    pub(super) was_held: &'a mut bool,
}

impl RequestContext<'_> {
    /// The client answered what bore this number: what [`Numbering::number`] told of it, if it was unanswered.
    pub fn answered(&self, number: u8) -> Option<u8> {
        let what = self.writer.answered(number);
        self.writer.flush();
        what
    }

    /// The client refused what bore this number; `suspends` says by what it was whether the client is suspended then.
    pub fn refused(&self, number: u8, suspends: impl FnOnce(u8) -> bool) -> Option<u8> {
        let what = self.writer.refused(number, suspends);
        self.writer.flush();
        what
    }

    /// While suspended, the client is told no events; what happens then it does not hear of later.
    pub fn suspend(&self, suspended: bool) {
        self.writer.suspend(suspended);
    }

    /// Writes a request of the server's own behind the answer to this one.
    pub fn ask(&self, bytes: Bytes) {
        self.writer.ask(bytes);
        self.writer.flush();
    }

    /// What the client is told in place of the encoder's words when its session is [over](EndReason::is_final).
    pub fn set_parting(&self, words: Option<Bytes>) {
        self.writer.set_parting(words);
    }

    /// Waits until the user's next message or edit is due in the room that it goes to: what is said by other ways than
    /// [`RequestContext::post`] waits here first. The end of the connection does not wait.
    pub async fn keep_pace(&mut self, to: &Target) {
        let Some(due) = self.message_due(to).await else {
            return;
        };
        *self.was_held = true;
        let (writer, shutdown) = (self.writer, &mut *self.shutdown);
        let held = async move {
            tokio::select! {
                biased;
                () = std::future::poll_fn(|cx| writer.poll_closed(cx)) => {}
                _ = shutdown.wait_for(Option::is_some) => {}
                () = sleep_until(due) => {}
            }
        };
        // In a box: who keeps the pace has no room to hold for it.
        Box::pin(held).await;
    }

    async fn message_due(&mut self, to: &Target) -> Option<tokio::time::Instant> {
        if !self.message_paces.are_kept() {
            return None;
        }
        let (user, room) = self.session.speaks_in(to).await?;
        let due = self.message_paces.take(user, room)?;
        if let Some(line) = self.writer.tap() {
            let hit = Hit::of(line, self.session.user().as_deref());
            self.hits.note("messages_per_second", hit);
        }
        Some(due)
    }

    /// Says something; `answer` is written in the request's place once it is accepted or refused. The handler then
    /// returns [`Response::Posted`], which this gives.
    pub fn post(
        &mut self,
        message: commands::Send,
        answer: impl FnOnce(Result<Arc<Message>>) -> Bytes + Send + 'static,
    ) -> impl Future<Output = Response> + Send {
        // Moved on by its address.
        let message = Box::new(message);
        async move {
            self.keep_pace(&message.to).await;
            if let Some(slot) = self.slot.take() {
                let writer = self.writer.clone();
                let fill = move |outcome| writer.fill(&slot, answer(outcome));
                self.session.post(message, fill).await;
            }
            Response::Posted
        }
    }
}
