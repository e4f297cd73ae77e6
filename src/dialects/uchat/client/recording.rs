//! uchat: rooms and messages by number, files as raw bytes between the lines.

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{
    ClientCodec, ClientFrame, Flavor, Request, Secret, ServerCodec, ServerFrame, limits,
};

use crate::dialects::client::{
    Account, Action, Heard, Recording, Room, Step, VirtualClient, Write, line, login_of,
};

/// How the answer to an RQ_DOWNLOAD_FILE without its fields begins; no client's stream here holds one.
const PONG: &str = "RQ_DOWNLOAD_FILE: `room_id` is missing";

pub(super) struct UchatClient;

impl VirtualClient for UchatClient {
    fn log_in(&self, who: &Account, _: &Room, out: &mut BytesMut) {
        let token = Secret(who.token.1.clone());
        Request::Token { token }.write(out);
    }

    fn enter(&self, room: &Room, out: &mut BytesMut) {
        Request::JoinRoom { room: room.id }.write(out);
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
            ClientFrame::Request(request) => self.request(request),
            ClientFrame::Raw(bytes) => Action::Raw(bytes),
        };
        let who = self.speaker.clone();
        Step { who, action }
    }

    fn request(&mut self, request: Request) -> Action {
        match request {
            Request::LogIn { login, .. } | Request::SignUp { login, .. } => {
                self.speaker = login;
                Action::Appear
            }
            Request::Token { token } => {
                self.speaker = login_of(&token.0).unwrap_or(&self.given).to_owned();
                Action::Appear
            }
            Request::LogOut { .. } => Action::Go(translated(request)),
            Request::JoinRoom { .. } | Request::NewRoom { .. } => Action::Enter,
            Request::Message { .. } => Action::Say(translated(request)),
            Request::Upload {
                size, ref token, ..
            } => {
                self.codec.expect_raw(size);
                if let Some(login) = login_of(&token.0) {
                    self.speaker = login.to_owned();
                }
                Action::Upload(size, translated(request))
            }
            Request::Edit { .. }
            | Request::Delete { .. }
            | Request::ClearHistory { .. }
            | Request::DeleteRoom { .. }
            | Request::RenameRoom { .. }
            | Request::DescribeRoom { .. }
            | Request::Ban { .. } => Action::AskHere(translated(request)),
            Request::DescribeUser { .. }
            | Request::Rooms { .. }
            | Request::SearchRooms { .. }
            | Request::Members { .. }
            | Request::MemberInfo { .. }
            | Request::NewMessages { .. }
            | Request::OldMessages { .. }
            | Request::Search { .. }
            | Request::Download { .. }
            | Request::ReadyRead => Action::Nothing,
        }
    }
}

/// The request with the numbers and secrets that are in force in place of the recorded ones.
fn translated(mut request: Request) -> Write {
    Box::new(move |facts, out| {
        match &mut request {
            Request::Edit { room, message, .. } | Request::Delete { room, message } => {
                *room = facts.room.id;
                *message = facts.short(*message)?;
            }
            Request::Upload { room, token, .. } => {
                *room = facts.room.id;
                token.0.clone_from(&facts.who.token.1);
            }
            Request::Message { room, .. }
            | Request::ClearHistory { room }
            | Request::DeleteRoom { room }
            | Request::RenameRoom { room, .. }
            | Request::DescribeRoom { room, .. } => *room = facts.room.id,
            Request::LogOut { token } => token.0.clone_from(&facts.who.token.1),
            Request::Ban { .. } => {
                let reason = "the recording names a person by a number only; nobody is banned";
                return Err(reason.into());
            }
            // It names nothing that would be another here.
            _ => {}
        }
        request.write(out);
        Ok(())
    })
}
