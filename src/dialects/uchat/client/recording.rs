//! uchat: rooms and messages by number, files as raw bytes between the lines.

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{ClientCodec, ClientFrame, Flavor, Secret, ServerCodec, ServerFrame, limits};

use crate::dialects::client::{
    Account, Action, Facts, Heard, Recording, Room, Step, VirtualClient, Write, line, login_of,
};

/// How the answer to an RQ_DOWNLOAD_FILE without its fields begins; no client's stream here holds one.
const PONG: &str = "RQ_DOWNLOAD_FILE: `room_id` is missing";

pub(super) struct UchatClient;

impl VirtualClient for UchatClient {
    fn log_in(&self, who: &Account, _: &Room, out: &mut BytesMut) {
        let token = Secret(who.token.1.clone());
        ClientFrame::Token { token }.write(out);
    }

    fn enter(&self, room: &Room, out: &mut BytesMut) {
        ClientFrame::JoinRoom { room: room.id }.write(out);
    }

    fn ping(&self, out: &mut BytesMut) {
        out.extend_from_slice(b"{\"type\":25}\n");
    }

    fn length(&self, input: &[u8]) -> Option<usize> {
        line(input)
    }

    fn hear(&self, frame: &[u8]) -> Heard {
        let mut codec = ClientCodec::new(Flavor::Field, usize::MAX);
        match codec.decode(&mut BytesMut::from(frame)) {
            Ok(Some(Ok(ServerFrame::Error { text, .. }))) if text.starts_with(PONG) => Heard::Pong,
            Ok(Some(Ok(ServerFrame::Error { text, .. }))) => Heard::Refused(text.into_owned()),
            Ok(Some(Ok(ServerFrame::Token { .. } | ServerFrame::ReadyRead))) => Heard::Answer,
            _ => Heard::Told,
        }
    }
}

pub(super) struct UchatRecording {
    codec: ServerCodec,
    /// Who speaks where a token does not say.
    given: String,
    speaker: String,
}

impl Recording for UchatRecording {
    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String> {
        let decoded = if ended {
            self.codec.decode_eof(input)
        } else {
            self.codec.decode(input)
        };
        match decoded {
            Ok(None) if ended && self.codec.raw_left() > 0 => Err(format!(
                "{} bytes of the file are missing",
                self.codec.raw_left()
            )),
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => Ok(Some(self.act(frame))),
            Ok(Some(Err(bad))) => Err(bad.to_string()),
            Err(lost) => Err(lost.to_string()),
        }
    }
}

impl UchatRecording {
    pub(super) fn new(speaker: &str) -> Self {
        Self {
            codec: ServerCodec::new(Flavor::Field, limits::FRAME_BYTES),
            given: speaker.to_owned(),
            speaker: speaker.to_owned(),
        }
    }

    fn act(&mut self, frame: ClientFrame) -> Step {
        let action = match frame {
            ClientFrame::LogIn { login, .. } | ClientFrame::SignUp { login, .. } => {
                self.speaker = login;
                Action::Appear
            }
            ClientFrame::Token { token } => {
                self.speaker = login_of(&token.0).unwrap_or(&self.given).to_owned();
                Action::Appear
            }
            ClientFrame::LogOut { .. } => Action::Go(ask(|facts| {
                let token = Secret(facts.who.token.1.clone());
                Ok(ClientFrame::LogOut { token })
            })),
            ClientFrame::JoinRoom { .. } | ClientFrame::NewRoom { .. } => Action::Enter,
            ClientFrame::Message { message, kind, .. } => Action::Say(ask(move |facts| {
                let room = facts.room.id;
                Ok(ClientFrame::Message {
                    room,
                    message,
                    kind,
                })
            })),
            ClientFrame::Upload {
                name, size, token, ..
            } => self.upload(name, size, &token.0),
            ClientFrame::Raw(bytes) => Action::Raw(bytes),
            frame => of_the_room(frame),
        };
        let who = self.speaker.clone();
        Step { who, action }
    }

    fn upload(&mut self, name: String, size: u64, token: &str) -> Action {
        self.codec.expect_raw(size);
        if let Some(login) = login_of(token) {
            self.speaker = login.to_owned();
        }
        let write = ask(move |facts| {
            Ok(ClientFrame::Upload {
                name,
                size,
                room: facts.room.id,
                token: Secret(facts.who.token.1.clone()),
            })
        });
        Action::Upload(size, write)
    }
}

/// Requests that change something in the room; all others only ask.
fn of_the_room(frame: ClientFrame) -> Action {
    let write = match frame {
        ClientFrame::Edit { message, text, .. } => ask(move |facts| {
            Ok(ClientFrame::Edit {
                room: facts.room.id,
                message: facts.short(message)?,
                text,
            })
        }),
        ClientFrame::Delete { message, .. } => ask(move |facts| {
            Ok(ClientFrame::Delete {
                room: facts.room.id,
                message: facts.short(message)?,
            })
        }),
        ClientFrame::ClearHistory { .. } => ask(|facts| {
            let room = facts.room.id;
            Ok(ClientFrame::ClearHistory { room })
        }),
        ClientFrame::DeleteRoom { .. } => ask(|facts| {
            let room = facts.room.id;
            Ok(ClientFrame::DeleteRoom { room })
        }),
        ClientFrame::RenameRoom { name, .. } => ask(|facts| {
            let room = facts.room.id;
            Ok(ClientFrame::RenameRoom { room, name })
        }),
        ClientFrame::DescribeRoom { desc, .. } => ask(|facts| {
            let room = facts.room.id;
            Ok(ClientFrame::DescribeRoom { room, desc })
        }),
        ClientFrame::Ban { .. } => {
            ask(|_| Err("the recording names a person by a number only; nobody is banned".into()))
        }
        _ => return Action::Nothing,
    };
    Action::AskHere(write)
}

fn ask(frame: impl FnOnce(&Facts<'_>) -> Result<ClientFrame, String> + Send + 'static) -> Write {
    Box::new(move |facts, out| {
        frame(facts)?.write(out);
        Ok(())
    })
}
