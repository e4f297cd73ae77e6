//! The connection's decoder, which the adapter can tell that raw bytes follow.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{BadFrame, ClientFrame, DecodeError, ServerCodec};

/// How many raw bytes follow the frame that was given last: said by the adapter before the next one is wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct RawAhead(Arc<AtomicU64>);

impl RawAhead {
    pub(super) fn expect(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A [`ServerCodec`] that goes over to raw bytes and back.
pub struct UchatCodec {
    codec: ServerCodec,
    ahead: RawAhead,
}

impl UchatCodec {
    pub(super) fn new(codec: ServerCodec, ahead: RawAhead) -> Self {
        Self { codec, ahead }
    }

    /// A message of the wire ended: see [`ServerCodec::end_message`].
    pub(super) fn end_message(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<<Self as Decoder>::Item>, Lost> {
        Ok(self.codec.end_message(input)?)
    }

    fn switch(&mut self) {
        let ahead = self.ahead.0.swap(0, Ordering::Relaxed);
        if ahead > 0 {
            self.codec.expect_raw(ahead);
        }
    }
}

/// Why the stream cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// What came is no line of the protocol.
    #[error(transparent)]
    Wire(#[from] DecodeError),
    /// The stream ended inside a file.
    #[error("the file's last {0} bytes did not come")]
    CutOff(u64),
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Wire(error.into())
    }
}

impl Decoder for UchatCodec {
    type Item = Result<ClientFrame, BadFrame>;
    type Error = Lost;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, Lost> {
        self.switch();
        Ok(self.codec.decode(input)?)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, Lost> {
        self.switch();
        match (self.codec.decode_eof(input)?, self.codec.raw_left()) {
            (None, left) if left > 0 => Err(Lost::CutOff(left)),
            (item, _) => Ok(item),
        }
    }
}
