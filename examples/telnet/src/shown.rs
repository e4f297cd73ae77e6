//! How lines are shown to those who watch: as they are, without what is secret.

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use tolmach::dialects::redaction::without_registration;
use tolmach::hub::tap::{SECRET, Show, Shown, without_tokens};

use crate::client_line::{BadLine, ClientLine};
use crate::codec::ServerCodec;

/// Shows each line as it came, secrets blanked.
pub(crate) struct Lines;

impl Show for Lines {
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        let mut codec = ServerCodec::new(bytes.len());
        let mut input = BytesMut::from(&bytes[..]);
        match codec.decode_eof(&mut input) {
            Ok(Some(Ok(said))) => vec![vec![line(&said)]],
            Ok(Some(Err(BadLine::Unknown(word)))) => vec![vec![format!("/{word} {SECRET}")]],
            Ok(Some(Err(_)) | None) | Err(_) => vec![vec![format!("<{} bytes>", bytes.len())]],
        }
    }

    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        let text = String::from_utf8_lossy(bytes);
        text.lines()
            .map(|line| vec![without_tokens(line)])
            .collect()
    }
}

/// A client's line without its secrets. Who mistypes a command may have a password behind it: such lines are not shown here.
pub(crate) fn line(line: &ClientLine) -> String {
    let mut shown = line.clone();
    match &mut shown {
        ClientLine::Login { password, .. } => SECRET.clone_into(password),
        ClientLine::Join { password, .. } => {
            if let Some(password) = password {
                SECRET.clone_into(password);
            }
        }
        ClientLine::Tell { text, .. } => {
            if let Some(blanked) = without_registration(text) {
                *text = blanked;
            }
        }
        ClientLine::Leave(_)
        | ClientLine::Emote(_)
        | ClientLine::Who(_)
        | ClientLine::Ping
        | ClientLine::Help
        | ClientLine::Quit
        | ClientLine::Text(_) => {}
    }
    let mut out = BytesMut::new();
    shown.write(&mut out);
    without_tokens(String::from_utf8_lossy(&out).trim_end())
}
