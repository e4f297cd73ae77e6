//! Recordings of clients, and a client inside the process, for `transcode`.

use std::sync::Arc;

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach::dialects::client::{
    Account, Action, Heard, Recording, Room, Step, TranscodeSide, VirtualClient, Write, line,
};

use crate::client_line::ClientLine;
use crate::codec::ServerCodec;
use crate::server_line::{PONG, ServerLine};

/// The dialect's side of `tolmach transcode`.
pub(crate) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: false,
    client: |_| Arc::new(TelnetClient),
    recording: |_, speaker| Box::new(TelnetRecording::new(speaker)),
};

/// Bytes of a recorded line, at most.
const LINE_BYTES: usize = 1024 * 1024;

struct TelnetClient;

impl VirtualClient for TelnetClient {
    fn log_in(&self, who: &Account, _: &Room, out: &mut BytesMut) {
        let (name, password) = (who.login.clone(), who.password.to_owned());
        ClientLine::Login { name, password }.write(out);
    }

    fn enter(&self, room: &Room, out: &mut BytesMut) {
        let (room, password) = (room.name.clone(), None);
        ClientLine::Join { room, password }.write(out);
    }

    fn ping(&self, out: &mut BytesMut) {
        ClientLine::Ping.write(out);
    }

    fn length(&self, input: &[u8]) -> Option<usize> {
        line(input)
    }

    fn hear(&self, frame: &[u8]) -> Heard {
        match ServerLine::parse(String::from_utf8_lossy(frame).trim_end()) {
            ServerLine::Answer(text) if text == PONG => Heard::Pong,
            ServerLine::Answer(_) | ServerLine::Sent { .. } => Heard::Answer,
            ServerLine::Refusal(reason) => Heard::Refused(reason),
            ServerLine::Said { .. }
            | ServerLine::Emote { .. }
            | ServerLine::Private { .. }
            | ServerLine::Notice(_) => Heard::Told,
        }
    }
}

struct TelnetRecording {
    codec: ServerCodec,
    speaker: String,
    /// Whether the stream has said who speaks, or does not: its first line is a name, unless it is a request.
    is_somebody: bool,
}

impl TelnetRecording {
    fn new(speaker: &str) -> Self {
        Self {
            codec: ServerCodec::new(LINE_BYTES),
            speaker: speaker.to_owned(),
            is_somebody: false,
        }
    }

    fn act(&mut self, line: ClientLine) -> Step {
        let was_somebody = std::mem::replace(&mut self.is_somebody, true);
        let action = match line {
            ClientLine::Text(name) if !was_somebody => {
                self.speaker = name.trim().to_owned();
                Action::Appear
            }
            ClientLine::Login { name, .. } => {
                self.speaker = name;
                Action::Appear
            }
            ClientLine::Join { .. } => Action::Enter,
            ClientLine::Leave(_) => Action::Leave(forward(ClientLine::Leave(None))),
            ClientLine::Tell { to, text } => {
                Action::Tell(to.clone(), forward(ClientLine::Tell { to, text }))
            }
            said @ (ClientLine::Emote(_) | ClientLine::Text(_)) => Action::Say(forward(said)),
            ClientLine::Who(_) | ClientLine::Ping | ClientLine::Help => Action::Nothing,
            ClientLine::Quit => Action::Go(forward(ClientLine::Quit)),
        };
        let who = self.speaker.clone();
        Step { who, action }
    }
}

impl Recording for TelnetRecording {
    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String> {
        let decoded = if ended {
            self.codec.decode_eof(input)
        } else {
            self.codec.decode(input)
        };
        match decoded {
            Ok(None) => Ok(None),
            Ok(Some(Ok(line))) => Ok(Some(self.act(line))),
            Ok(Some(Err(bad))) => Err(bad.to_string()),
            Err(lost) => Err(lost.to_string()),
        }
    }
}

/// The line as it is.
fn forward(line: ClientLine) -> Write {
    Box::new(move |_, out| {
        line.write(out);
        Ok(())
    })
}
