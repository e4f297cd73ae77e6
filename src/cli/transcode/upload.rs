//! A file on its way into the virtual hub, over a connection of its own.

use super::wire::Wire;
use crate::dialects::client::Heard;

pub(super) struct Incoming {
    wire: Wire,
    /// How many bytes are still to come.
    pub(super) left: u64,
}

impl Incoming {
    /// Announces the file by this frame, and waits until its bytes may come.
    ///
    /// # Errors
    /// Why they may not.
    pub(super) async fn begin(mut wire: Wire, frame: &[u8], size: u64) -> Result<Self, String> {
        wire.write(frame).await;
        loop {
            match wire.next().await {
                Some((_, Heard::Answer)) => return Ok(Self { wire, left: size }),
                Some((_, Heard::Refused(reason))) => return Err(reason),
                Some(_) => {}
                None => return Err("the connection was closed".to_owned()),
            }
        }
    }

    /// Some of its bytes.
    pub(super) async fn add(mut self, bytes: &[u8]) -> Self {
        self.wire.write(bytes).await;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        self
    }

    /// That was all; waits until the file is taken.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) async fn end(self) -> Result<(), String> {
        let refused = self.wire.finish().await;
        if refused.is_empty() {
            Ok(())
        } else {
            Err(refused.join("; "))
        }
    }
}
