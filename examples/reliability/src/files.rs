//! uchat's files, each over a connection of its own. What a file holds is known by its name.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{ClientCodec, Flavor, Request, ServerFrame, limits};

use crate::Outcome;
use crate::client::Room;
use crate::server::Account;

/// Bytes of each file.
const SIZE: usize = 100_000;

/// The file of this name: another one for each.
fn content(name: &str) -> Vec<u8> {
    let numbers = name.bytes().cycle().zip(0_u32..);
    let bytes = numbers.map(|(byte, number)| byte ^ (number / 7).to_le_bytes()[0]);
    bytes.take(SIZE).collect()
}

/// Sends a file; why the server does not take it, if it says so. That it is accepted is not told here: then it comes back as a
/// message.
///
/// # Errors
/// The connection ended too early.
pub(crate) fn upload(
    to: SocketAddr,
    name: &str,
    room: &Room,
    who: &Account,
) -> Outcome<Option<String>> {
    let mut wire = Wire::connect(to)?;
    wire.ask(&Request::Upload {
        name: name.to_owned(),
        size: SIZE as u64,
        room: room.id,
        token: who.token.as_str().into(),
    })?;
    match wire.next()? {
        Some(ServerFrame::ReadyRead) => wire.stream.write_all(&content(name))?,
        Some(ServerFrame::Error { text, .. }) => return Ok(Some(text.into_owned())),
        other => return Err(format!("no upload: {other:?}").into()),
    }
    match wire.next()? {
        None => Ok(None),
        Some(ServerFrame::Error { text, .. }) => Ok(Some(text.into_owned())),
        other => Err(format!("no end of the upload: {other:?}").into()),
    }
}

/// Whether the file of a message is the one of this name, byte by byte.
///
/// # Errors
/// It cannot be fetched.
pub(crate) fn is_whole(
    from: SocketAddr,
    name: &str,
    message: i64,
    room: &Room,
    who: &Account,
) -> Outcome<bool> {
    let mut wire = Wire::connect(from)?;
    wire.ask(&Request::Download {
        room: room.id,
        message: i32::try_from(message)?,
        token: who.token.as_str().into(),
    })?;
    let size = match wire.next()? {
        Some(ServerFrame::Download { size, .. }) => size,
        other => return Err(format!("no download: {other:?}").into()),
    };
    wire.codec.expect_raw(size);
    wire.ask(&Request::ReadyRead)?;
    let mut bytes = Vec::new();
    while wire.codec.raw_left() > 0 {
        match wire.next()? {
            Some(ServerFrame::Raw(piece)) => bytes.extend_from_slice(&piece),
            _ => return Ok(false),
        }
    }
    Ok(bytes == content(name))
}

struct Wire {
    stream: TcpStream,
    codec: ClientCodec,
    input: BytesMut,
}

impl Wire {
    fn connect(to: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let codec = ClientCodec::new(Flavor::Field, limits::FRAME_BYTES);
        let input = BytesMut::new();
        Ok(Self {
            stream,
            codec,
            input,
        })
    }

    fn ask(&mut self, request: &Request) -> Outcome<()> {
        let mut out = BytesMut::new();
        request.write(&mut out);
        Ok(self.stream.write_all(&out)?)
    }

    /// The next frame; `None` at the end of the stream.
    fn next(&mut self) -> Outcome<Option<ServerFrame<'static>>> {
        let mut piece = [0; 16 * 1024];
        loop {
            if let Some(frame) = self.codec.decode(&mut self.input)? {
                return Ok(Some(frame.map_err(|bad| format!("{bad:?}"))?));
            }
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return Ok(None);
            }
            self.input.extend_from_slice(&piece[..count]);
        }
    }
}
