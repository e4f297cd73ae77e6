//! Talker: a connection is in its room from the first event on.

use bytes::BytesMut;
use tolmach_talker::{
    BadFrame, Client, ClientFrame, Event, EventKind, Extra, Flavor, Reason, Recipient,
    RoomSelector, ServerCodec, limits,
};

use crate::dialects::client::{
    Account, Action, Heard, Recording, Room, Step, VirtualClient, Write, line, login_of, next_frame,
};

/// The answer to a `message` without a `content`, which no client's stream here holds.
const PONG: BadFrame = BadFrame {
    event: EventKind::Message,
    field: "content",
    reason: Reason::Missing("a text"),
};

pub(super) struct TalkerClient;

impl VirtualClient for TalkerClient {
    fn log_in(&self, who: &Account, room: &Room, out: &mut BytesMut) {
        connect(who, room, Extra::default(), out);
    }

    fn enters_by_logging_in(&self) -> bool {
        true
    }

    fn enter(&self, _: &Room, _: &mut BytesMut) {}

    fn ping(&self, out: &mut BytesMut) {
        out.extend_from_slice(b"{\"type\":\"message\"}\n");
    }

    fn length(&self, input: &[u8]) -> Option<usize> {
        line(input)
    }

    fn hear(&self, frame: &[u8]) -> Heard {
        let mut client = Client::<()>::new("", "");
        match client.next(&mut BytesMut::from(frame)) {
            Ok(Some(Event::Refused(reason))) if reason == PONG.to_string() => Heard::Pong,
            Ok(Some(Event::Refused(reason))) => Heard::Refused(reason),
            _ => Heard::Told,
        }
    }
}

fn connect(who: &Account, room: &Room, user: Extra, out: &mut BytesMut) {
    let frame = ClientFrame::Connect {
        room: RoomSelector::from(room.name.clone()),
        token: who.token.1.as_str().into(),
        user,
        last_event_id: None,
    };
    frame.write(out);
}

pub(super) struct TalkerRecording {
    codec: ServerCodec,
    /// Who speaks where a token does not say.
    given: String,
    speaker: String,
}

impl Recording for TalkerRecording {
    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String> {
        let frame = next_frame(&mut self.codec, input, ended)?;
        Ok(frame.map(|frame| self.act(frame)))
    }
}

impl TalkerRecording {
    pub(super) fn new(speaker: &str) -> Self {
        Self {
            codec: ServerCodec::new(limits::FRAME_BYTES, Flavor::Document),
            given: speaker.to_owned(),
            speaker: speaker.to_owned(),
        }
    }

    fn act(&mut self, frame: ClientFrame) -> Step {
        let action = match frame {
            ClientFrame::Connect { token, user, .. } => {
                self.speaker = login_of(&token.0).unwrap_or(&self.given).to_owned();
                Action::Connect(Box::new(move |facts, out| {
                    connect(facts.who, facts.room, user, out);
                    Ok(())
                }))
            }
            ClientFrame::Message {
                content,
                to,
                edit,
                action,
                extra,
            } => {
                let to = to.map(named);
                let frame = ClientFrame::Message {
                    content,
                    to: to.clone().map(Recipient::Login),
                    edit: None,
                    action,
                    extra,
                };
                match (edit, to) {
                    (Some(message), _) => Action::AskHere(edited(frame, message)),
                    (None, None) => Action::Say(forward(frame)),
                    (None, Some(to)) => Action::Tell(to, forward(frame)),
                }
            }
            ClientFrame::Ping => Action::Nothing,
            ClientFrame::Close => Action::Go(forward(ClientFrame::Close)),
        };
        let who = self.speaker.clone();
        Step { who, action }
    }
}

/// Somebody whom the recording names by a number only gets a name made of it.
fn named(to: Recipient) -> String {
    match to {
        Recipient::Id(id) => format!("user-{id}"),
        Recipient::Login(login) => login,
    }
}

fn edited(frame: ClientFrame, number: i64) -> Write {
    Box::new(move |facts, out| {
        let mut frame = frame;
        if let ClientFrame::Message { edit, to, .. } = &mut frame {
            *edit = Some(facts.message(number)?);
            *to = None;
        }
        frame.write(out);
        Ok(())
    })
}

/// The event as it is.
fn forward(frame: ClientFrame) -> Write {
    Box::new(move |_, out| {
        frame.write(out);
        Ok(())
    })
}
