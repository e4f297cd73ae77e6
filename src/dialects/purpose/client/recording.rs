//! The purpose-byte protocol, in both revisions.

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use tolmach_purpose::{
    ClientBody, ClientCodec, ClientFrame, Request, Revision, ServerBody, ServerCodec, ServerFrame,
    frame_length, limits,
};

use crate::dialects::client::{
    Account, Action, Facts, Heard, Recording, Room, Step, VirtualClient, Write, login_of,
};

/// The task of requests. One waits for its answer before the next.
const TASK: u8 = 1;
/// The task of pings.
const PING: u8 = 2;

pub(super) fn of(revision: u8) -> Revision {
    match revision {
        1 => Revision::One,
        _ => Revision::Two,
    }
}

pub(super) struct PurposeClient(Revision);

impl PurposeClient {
    fn put(&self, task: u8, body: ClientBody, out: &mut BytesMut) {
        // What a client says here, both revisions have.
        let _ = ClientFrame { task, body }.write(self.0, out);
    }
}

impl PurposeClient {
    pub(super) fn new(revision: u8) -> Self {
        Self(of(revision))
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
    fn has_lines(&self) -> bool {
        false
    }

    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String> {
        let decoded = if ended {
            self.codec.decode_eof(input)
        } else {
            self.codec.decode(input)
        };
        match decoded {
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => Ok(Some(self.act(frame.body))),
            Ok(Some(Err(bad))) => Err(bad.to_string()),
            Err(lost) => Err(lost.to_string()),
        }
    }
}

impl PurposeRecording {
    pub(super) fn new(revision: u8, speaker: &str) -> Self {
        Self {
            codec: ServerCodec::new(of(revision), limits::FRAME_BYTES),
            speaker: speaker.to_owned(),
            given: speaker.to_owned(),
        }
    }

    fn act(&mut self, body: ClientBody) -> Step {
        let action = match body {
            ClientBody::Accepted(_) | ClientBody::Declined(_) | ClientBody::Heartbeat(_) => {
                Action::Nothing
            }
            ClientBody::Disconnect => Action::Go(self.write(|_| Ok(ClientBody::Disconnect))),
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
            Request::LogOff => Action::Go(self.ask(|_| Ok(Request::LogOff))),
            Request::Join { .. } | Request::Create { .. } => Action::Enter,
            Request::Leave { .. } => Action::Leave(self.ask(|facts| {
                let chat = facts.room.id;
                Ok(Request::Leave { chat })
            })),
            Request::Send { text, .. } => Action::Say(self.ask(|facts| {
                let chat = facts.room.id;
                Ok(Request::Send { chat, text })
            })),
            Request::SetAdmin { .. } | Request::RemoveAdmin { .. } => {
                Action::AskHere(self.ask(|_| {
                    Err(
                        "the recording names a person by a number only; nobody's role changes"
                            .into(),
                    )
                }))
            }
            request => self.of_the_room(request),
        }
    }

    /// Requests that change something in the room; all others only ask.
    fn of_the_room(&self, request: Request) -> Action {
        let write = match request {
            Request::Delete { .. } => self.ask(|facts| {
                let chat = facts.room.id;
                Ok(Request::Delete { chat })
            }),
            Request::Rename { name, .. } => self.ask(|facts| {
                let chat = facts.room.id;
                Ok(Request::Rename { chat, name })
            }),
            Request::SetTitle { title, .. } => self.ask(|facts| {
                let chat = facts.room.id;
                Ok(Request::SetTitle { chat, title })
            }),
            Request::MarkSeen { time, .. } => self.ask(move |facts| {
                let chat = facts.room.id;
                Ok(Request::MarkSeen { chat, time })
            }),
            Request::DeleteMessage { message } => self.ask(move |facts| {
                let message = facts.short(message)?;
                Ok(Request::DeleteMessage { message })
            }),
            _ => return Action::Nothing,
        };
        Action::AskHere(write)
    }

    fn ask(
        &self,
        request: impl FnOnce(&Facts<'_>) -> Result<Request, String> + Send + 'static,
    ) -> Write {
        self.write(|facts| request(facts).map(ClientBody::Request))
    }

    fn write(
        &self,
        body: impl FnOnce(&Facts<'_>) -> Result<ClientBody, String> + Send + 'static,
    ) -> Write {
        let revision = self.codec.revision();
        Box::new(move |facts, out| {
            let body = body(facts)?;
            match (ClientFrame { task: TASK, body }).write(revision, out) {
                true => Ok(()),
                false => Err(format!("revision {revision} has no such purpose")),
            }
        })
    }
}
