//! The connection's decoder, which the adapter can tell that raw bytes follow.

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

    fn switch(&mut self) {
        let ahead = self.ahead.0.swap(0, Ordering::Relaxed);
        if ahead > 0 {
            self.codec.expect_raw(ahead);
        }
    }
}

impl Decoder for UchatCodec {
    type Item = Result<ClientFrame, BadFrame>;
    type Error = DecodeError;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        self.switch();
        self.codec.decode(input)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        self.switch();
        self.codec.decode_eof(input)
    }
}
