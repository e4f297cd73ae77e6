//! uchat.

use bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};
use tolmach_uchat::{ClientCodec, ClientFrame, Flavor, Request, ServerCodec, ServerFrame, limits};

use super::{comes_back, every_way};

const FLAVORS: [Flavor; 2] = [Flavor::Field, Flavor::Document];

/// What clients say; an upload's bytes follow its announcement, as the gateway reads them.
pub fn server(bytes: &[u8]) {
    let codec = || ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
    every_way(
        || ServerCodec::new(Flavor::Field, 64).with_nesting(3),
        bytes,
    );
    every_way(|| WithFiles(codec()), bytes);
    let items = every_way(codec, bytes);
    let frames: Vec<ClientFrame> = items.into_iter().flatten().collect();
    let mut wire = BytesMut::new();
    for frame in &frames {
        ClientCodec::new(Flavor::Field, limits::FRAME_BYTES)
            .encode(frame, &mut wire)
            .unwrap();
    }
    comes_back(codec(), &wire, frames.into_iter().map(Ok).collect());
}

/// What servers say, in both flavors.
pub fn client(bytes: &[u8]) {
    for flavor in FLAVORS {
        let codec = || ClientCodec::new(flavor, limits::FRAME_BYTES);
        let items = every_way(codec, bytes);
        let frames: Vec<ServerFrame<'static>> = items.into_iter().flatten().collect();
        let mut wire = BytesMut::new();
        for frame in &frames {
            ServerCodec::new(flavor, limits::FRAME_BYTES)
                .encode(frame, &mut wire)
                .unwrap();
        }
        comes_back(codec(), &wire, frames.into_iter().map(Ok).collect());
    }
}

/// Goes over to raw bytes after an upload's announcement, and joins the pieces of a file, which depend on the cuts.
struct WithFiles(ServerCodec);

impl WithFiles {
    fn switch(&mut self, item: &Option<<ServerCodec as Decoder>::Item>) {
        if let Some(Ok(ClientFrame::Request(Request::Upload { size, .. }))) = item {
            // Not more than an input has.
            self.0.expect_raw(size % 4096);
        }
    }
}

impl Decoder for WithFiles {
    type Item = <ServerCodec as Decoder>::Item;
    type Error = <ServerCodec as Decoder>::Error;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        loop {
            let item = self.0.decode(input)?;
            if !matches!(item, Some(Ok(ClientFrame::Raw(_)))) {
                self.switch(&item);
                return Ok(item);
            }
        }
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        loop {
            let item = self.0.decode_eof(input)?;
            if !matches!(item, Some(Ok(ClientFrame::Raw(_)))) {
                self.switch(&item);
                return Ok(item);
            }
        }
    }
}
