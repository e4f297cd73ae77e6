//! WebSocket (RFC 6455) on top of a connection that has agreed to speak it: to the loop of a connection it is one more wire.
//!
//! ```text
//!             ┌─ decoder ───────────────────────────┐
//!  bytes in ─▶│ data ───────────────────────────────│─▶ reader: the dialect's bytes, and where messages end
//!             │ ping, close ─▶ what both halves share│
//!             └────────────────┬────────────────────┘
//!                              ▼ between two frames
//!  bytes out ◀─ a header before each frame, unmasked, nothing copied ◀─ writer: the dialect's bytes, by whichever thread
//! ```
//!
//! Nothing is kept of a message but its place: its bytes are handed on as they come. An idle connection holds no buffer, and
//! no timer: who is silent is found by the gateway's round over all connections.

mod decoder;
mod frame;
mod reader;
mod utf8;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

use super::dialect::Messages;
use super::transport::Source;
use super::wire::Wire;
pub(super) use reader::WebSocketReader;
pub(super) use wire::WebSocketWire;

/// Both halves of a connection whose next bytes are WebSocket's. `received` came behind the handshake.
pub(super) fn halves(
    source: Source,
    wire: Wire,
    received: BytesMut,
    messages: Messages,
) -> (WebSocketReader, WebSocketWire) {
    let shared = Arc::new(Shared::default());
    let reader = WebSocketReader::new(source, received, shared.clone());
    (reader, WebSocketWire::new(wire, messages, shared))
}

/// What both halves share. Its lock is taken under the writer's, and nothing under it.
#[derive(Debug, Default)]
struct Shared {
    /// Something came since it was last looked.
    is_heard: AtomicBool,
    /// There is something to say.
    is_waiting: AtomicBool,
    said: Mutex<Said>,
}

/// What the peer said beside data.
#[derive(Debug, Default)]
struct Said {
    /// The last ping that is not answered.
    ping: Option<Bytes>,
    /// The farewell, with what it held: it is answered by the same.
    close: Option<Bytes>,
}

impl Shared {
    fn hear(&self) {
        self.is_heard.store(true, Ordering::Relaxed);
    }

    /// A ping came; one that came before need not be answered any more.
    fn pinged(&self, payload: Bytes) {
        self.said().ping = Some(payload);
        self.is_waiting.store(true, Ordering::Release);
    }

    fn closed(&self, payload: Bytes) {
        self.said().close = Some(payload);
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
