//! The purpose-byte protocol, in both revisions.

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use tolmach_purpose::{
    ClientBody, ClientCodec, ClientFrame, Request, Revision, ServerBody, ServerCodec, ServerFrame,
    frame_length, limits,
};

use crate::dialects::client::{
    Account, Action, Heard, Places, Recording, Room, Step, VirtualClient, Write, login_of,
    next_frame,
};

/// The task of requests. One waits for its answer before the next.
const TASK: u8 = 1;
/// The task of pings.
const PING: u8 = 2;

pub(super) struct PurposeClient(Revision);

impl PurposeClient {
    fn put(&self, task: u8, body: ClientBody, out: &mut BytesMut) {
        // What a client says here, both revisions have.
        let _ = ClientFrame { task, body }.write(self.0, out);
    }
}

impl PurposeClient {
    pub(super) fn new(revision: u8) -> Self {
        Self(super::revision(revision))
    }
}

impl VirtualClient for PurposeClient {
    fn log_in(&self, who: &Account, _: &Room, out: &mut BytesMut) {
        let (session_id, token) = &who.token;
        let restore = Request::RestoreSession {
            session_id: *session_id,
            session_hash: token.clone().into(),
        };
        let hello = Request::Hello { major: 0, minor: 1 };
        for request in [hello, restore] {
            self.put(TASK, ClientBody::Request(request), out);
        }
    }

    fn enter(&self, room: &Room, out: &mut BytesMut) {
        let join = Request::Join {
            chat: room.id,
            password: None,
        };
        self.put(TASK, ClientBody::Request(join), out);
    }

    fn ping(&self, out: &mut BytesMut) {
        self.put(PING, ClientBody::Heartbeat(Bytes::new()), out);
    }

    fn length(&self, input: &[u8]) -> Option<usize> {
        frame_length(input).filter(|length| *length <= input.len())
    }

    fn hear(&self, frame: &[u8]) -> Heard {
        let mut codec = ClientCodec::new(self.0, 0);
        let Ok(Some(Ok(ServerFrame { task, body }))) = codec.decode(&mut BytesMut::from(frame))
        else {
            return Heard::Told;
        };
        match body {
            ServerBody::Accepted(_) if task == PING => Heard::Pong,
            ServerBody::Accepted(_) => Heard::Answer,
            ServerBody::Declined(reason) => Heard::Refused(reason.into()),
            ServerBody::Heartbeat(echo) => self.to_answer(task, echo),
            ServerBody::Notification(_) => self.to_answer(task, Bytes::new()),
            ServerBody::Disconnect => Heard::Told,
        }
    }
}

impl PurposeClient {
    fn to_answer(&self, task: u8, echo: Bytes) -> Heard {
        let mut out = BytesMut::new();
        self.put(task, ClientBody::Accepted(echo), &mut out);
        Heard::ToAnswer(out.freeze())
    }
}

pub(super) struct PurposeRecording {
    codec: ServerCodec,
    /// Who speaks where a token does not say.
    given: String,
    speaker: String,
}

impl Recording for PurposeRecording {
    fn places(&self) -> Places {
        Places::Bytes
    }

    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String> {
        let frame = next_frame(&mut self.codec, input, ended)?;
        Ok(frame.map(|frame| self.act(frame.body)))
    }
}

impl PurposeRecording {
    pub(super) fn new(revision: u8, speaker: &str) -> Self {
        Self {
            codec: ServerCodec::new(super::revision(revision), limits::FRAME_BYTES),
            speaker: speaker.to_owned(),
            given: speaker.to_owned(),
        }
    }

    fn act(&mut self, body: ClientBody) -> Step {
        let action = match body {
            ClientBody::Accepted(_) | ClientBody::Declined(_) | ClientBody::Heartbeat(_) => {
                Action::Nothing
            }
            ClientBody::Disconnect => Action::Go(self.disconnect()),
            ClientBody::Request(request) => self.request(request),
        };
        let who = self.speaker.clone();
        Step { who, action }
    }

    fn request(&mut self, request: Request) -> Action {
        match request {
            Request::LogIn { login, .. } => {
                self.speaker = login.into();
                Action::Appear
            }
            Request::RestoreSession { session_hash, .. } => {
                let login = login_of(session_hash.as_str());
                self.speaker = login.unwrap_or(&self.given).to_owned();
                Action::Appear
            }
            Request::LogOff => Action::Go(self.ask(request)),
            Request::Join { .. } | Request::Create { .. } => Action::Enter,
            Request::Leave { .. } => Action::Leave(self.ask(request)),
            Request::Send { .. } => Action::Say(self.ask(request)),
            Request::SetAdmin { .. }
            | Request::RemoveAdmin { .. }
            | Request::Delete { .. }
            | Request::Rename { .. }
            | Request::SetTitle { .. }
            | Request::MarkSeen { .. }
            | Request::DeleteMessage { .. } => Action::AskHere(self.ask(request)),
            Request::Hello { .. }
            | Request::RegisterUser { .. }
            | Request::UserId { .. }
            | Request::ChatId { .. }
            | Request::ChatRequiresPassword { .. }
            | Request::ChatById { .. }
            | Request::ChatByName { .. }
            | Request::DirectById { .. }
            | Request::DirectByName { .. }
            | Request::StartChat { .. }
            | Request::MyChats
            | Request::Messages { .. }
            | Request::Seen { .. }
            | Request::Hide { .. }
            | Request::UserById { .. }
            | Request::UserByName { .. }
            | Request::OwnUser
            | Request::Sessions => Action::Nothing,
        }
    }

    /// The request with the numbers that are in force in place of the recorded ones.
    fn ask(&self, mut request: Request) -> Write {
        let revision = self.codec.revision();
        Box::new(move |facts, out| {
            match &mut request {
                Request::Leave { chat }
                | Request::Send { chat, .. }
                | Request::Delete { chat }
                | Request::Rename { chat, .. }
                | Request::SetTitle { chat, .. }
                | Request::MarkSeen { chat, .. } => *chat = facts.room.id,
                Request::DeleteMessage { message } => *message = facts.short(*message)?,
                Request::SetAdmin { .. } | Request::RemoveAdmin { .. } => {
                    let reason =
                        "the recording names a person by a number only; nobody's role changes";
                    return Err(reason.into());
                }
                // It names nothing that would be another here.
                _ => {}
            }
            match request.write(revision, TASK, out) {
                true => Ok(()),
                false => Err(format!("revision {revision} has no such purpose")),
            }
        })
    }

    fn disconnect(&self) -> Write {
        let (revision, body) = (self.codec.revision(), ClientBody::Disconnect);
        Box::new(move |_, out| {
            // Both revisions have it.
            let _ = ClientFrame { task: TASK, body }.write(revision, out);
            Ok(())
        })
    }
}
