//! Files, each on a connection of its own (PROTOCOL.md 8). They go from and to the disk in pieces.

use crate::dialects::client::{Errand, Stream};
use bytes::BytesMut;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::codec::Decoder;
use tolmach_uchat::{ClientCodec, Flavor, Id, Request, Secret, ServerFrame, limits};

/// How long the server may take for the next bytes, or to take some.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many bytes of a file are read at once.
const PIECE: usize = 64 * 1024;

/// Sends a file to a room.
pub(super) fn upload(path: PathBuf, room: Id, token: Secret) -> Errand {
    Box::new(move |stream| {
        Box::pin(async move {
            let name = path.display().to_string();
            let sent = send(&path, room, token, stream).await;
            sent.map(|size| format!("{name}: {size} bytes were sent"))
                .map_err(|reason| format!("{name}: {reason}"))
        })
    })
}

/// Fetches the file of a message into one that must not exist yet.
pub(super) fn download(path: PathBuf, room: Id, message: Id, token: Secret) -> Errand {
    Box::new(move |stream| {
        Box::pin(async move {
            let name = path.display().to_string();
            let request = Request::Download {
                room,
                message,
                token,
            };
            let fetched = fetch(&path, request, stream).await;
            fetched
                .map(|size| format!("{name}: {size} bytes were fetched"))
                .map_err(|reason| format!("{name}: {reason}"))
        })
    })
}

async fn send(
    path: &Path,
    room: Id,
    token: Secret,
    stream: Box<dyn Stream>,
) -> Result<u64, String> {
    let mut file = File::open(path).await.map_err(words)?;
    let data = file.metadata().await.map_err(words)?;
    if !data.is_file() {
        return Err("it is not a file".to_owned());
    }
    let (size, name) = (data.len(), path.file_name().unwrap_or_default());
    let mut wire = Wire::new(stream);
    wire.say(&Request::Upload {
        name: name.to_string_lossy().into_owned(),
        size,
        room,
        token,
    })
    .await?;
    match wire.hear().await? {
        Some(ServerFrame::ReadyRead) => {}
        other => return Err(refusal(other)),
    }
    send_all(&mut file, size, &mut wire).await?;
    // The server posts it and closes, or says what is wrong.
    match wire.hear().await? {
        None => Ok(size),
        other => Err(refusal(other)),
    }
}

/// Sends so many bytes of the file.
async fn send_all(file: &mut File, size: u64, wire: &mut Wire) -> Result<(), String> {
    let mut left = size;
    let mut piece = vec![0; PIECE];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let count = file.read(&mut piece[..most]).await.map_err(words)?;
        if count == 0 {
            return Err("it became shorter meanwhile".to_owned());
        }
        wire.write(&piece[..count]).await?;
        left -= count as u64;
    }
    Ok(())
}

async fn fetch(path: &Path, request: Request, stream: Box<dyn Stream>) -> Result<u64, String> {
    let mut wire = Wire::new(stream);
    wire.say(&request).await?;
    let size = match wire.hear().await? {
        Some(ServerFrame::Download { size, .. }) => size,
        other => return Err(refusal(other)),
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .open(path)
        .await
        .map_err(words)?;
    let fetched = wire.fill(&mut file, size).await;
    if fetched.is_err() {
        // What is there is not the file. Where even this fails, the reason is told all the same.
        _ = tokio::fs::remove_file(path).await;
    }
    fetched.map(|()| size)
}

/// A connection for one file.
struct Wire {
    stream: Box<dyn Stream>,
    codec: ClientCodec,
    input: BytesMut,
}

impl Wire {
    fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            codec: ClientCodec::new(Flavor::Field, limits::FRAME_BYTES),
            input: BytesMut::new(),
        }
    }

    async fn say(&mut self, frame: &Request) -> Result<(), String> {
        let mut out = BytesMut::new();
        frame.write(&mut out);
        self.write(&out).await
    }

    /// Writes; where the server does not take it, its last words say why.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match patiently(written).await {
            Ok(()) => Ok(()),
            Err(error) => match self.hear().await {
                Ok(Some(frame)) => Err(refusal(Some(frame))),
                _ => Err(words(error)),
            },
        }
    }

    /// The next frame; none at the end of the stream.
    async fn hear(&mut self) -> Result<Option<ServerFrame<'static>>, String> {
        loop {
            let decoded = self.codec.decode(&mut self.input);
            if let Some(frame) = decoded.map_err(|error| error.to_string())? {
                return frame.map(Some).map_err(|bad| bad.to_string());
            }
            let read = patiently(self.stream.read_buf(&mut self.input)).await;
            if read.map_err(words)? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes the file's bytes.
    async fn fill(&mut self, file: &mut File, size: u64) -> Result<(), String> {
        self.codec.expect_raw(size);
        self.say(&Request::ReadyRead).await?;
        while self.codec.raw_left() > 0 {
            match self.hear().await? {
                Some(ServerFrame::Raw(bytes)) => file.write_all(&bytes).await.map_err(words)?,
                other => return Err(refusal(other)),
            }
        }
        file.sync_all().await.map_err(words)
    }
}

async fn patiently<T>(io: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, io)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Why the server does not go on.
fn refusal(frame: Option<ServerFrame<'_>>) -> String {
    match frame {
        Some(ServerFrame::Error { text, .. }) => text.into_owned(),
        Some(_) => "the server says something else".to_owned(),
        None => "the server closed the connection".to_owned(),
    }
}

fn words(error: impl ToString) -> String {
    error.to_string()
}
