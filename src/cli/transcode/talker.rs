//! Talker: a connection is in its room from the first event on.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Settings, TalkerSettings};
use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_talker::{
    BadFrame, ClientCodec, ClientFrame, EventKind, Extra, Flavor, Reason, Recipient, RoomSelector,
    ServerCodec, ServerFrame, limits,
};

use super::client::{Client, Heard, Identity, Venue, line};
use super::dialect::Dialect;
use super::source::{Act, Deed, Source, Write};
use super::token::login_of;

pub(super) const DIALECT: Dialect = Dialect {
    name: "talker",
    revisions: 1,
    sends_files: false,
    settings: |_| {
        Settings::Talker(TalkerSettings {
            idle_after: Duration::ZERO,
            close_after: Duration::ZERO,
            ..TalkerSettings::default()
        })
    },
    client: |_| Arc::new(TalkerClient),
    source: |_, speaker| {
        Box::new(TalkerSource {
            codec: ServerCodec::new(limits::FRAME_BYTES, Flavor::Document),
            given: speaker.to_owned(),
            speaker: speaker.to_owned(),
        })
    },
};

/// The answer to a `message` without a `content`, which no client's stream here holds.
const PONG: BadFrame = BadFrame {
    event: EventKind::Message,
    field: "content",
    reason: Reason::Missing("a text"),
};

struct TalkerClient;

impl Client for TalkerClient {
    fn log_in(&self, who: &Identity, venue: &Venue, out: &mut BytesMut) {
        connect(who, venue, Extra::default(), out);
    }

    fn enters_by_logging_in(&self) -> bool {
        true
    }

    fn enter(&self, _: &Venue, _: &mut BytesMut) {}

    fn ping(&self, out: &mut BytesMut) {
        out.extend_from_slice(b"{\"type\":\"message\"}\n");
    }

    fn length(&self, input: &[u8]) -> Option<usize> {
        line(input)
    }

    fn hear(&self, frame: &[u8]) -> Heard {
        match ClientCodec::new(usize::MAX).decode(&mut BytesMut::from(frame)) {
            Ok(Some(ServerFrame::Error { message })) if message == PONG.to_string() => Heard::Pong,
            Ok(Some(ServerFrame::Error { message })) => Heard::Refused(message),
            _ => Heard::Told,
        }
    }
}

fn connect(who: &Identity, venue: &Venue, user: Extra, out: &mut BytesMut) {
    let frame = ClientFrame::Connect {
        room: RoomSelector::from(venue.name.clone()),
        token: who.token.1.clone(),
        user,
        last_event_id: None,
    };
    frame.write(out);
}

struct TalkerSource {
    codec: ServerCodec,
    /// Who speaks where a token does not say.
    given: String,
    speaker: String,
}

impl Source for TalkerSource {
    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Act>, String> {
        let decoded = if ended {
            self.codec.decode_eof(input)
        } else {
            self.codec.decode(input)
        };
        match decoded {
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => Ok(Some(self.act(frame))),
            Ok(Some(Err(bad))) => Err(bad.to_string()),
            Err(lost) => Err(lost.to_string()),
        }
    }
}

impl TalkerSource {
    fn act(&mut self, frame: ClientFrame) -> Act {
        let deed = match frame {
            ClientFrame::Connect { token, user, .. } => {
                self.speaker = login_of(&token).unwrap_or(&self.given).to_owned();
                Deed::Connect(Box::new(move |facts, out| {
                    connect(facts.who, facts.venue, user, out);
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
                    (Some(message), _) => Deed::AskHere(edited(frame, message)),
                    (None, None) => Deed::Say(forward(frame)),
                    (None, Some(to)) => Deed::Tell(to, forward(frame)),
                }
            }
            ClientFrame::Ping => Deed::Nothing,
            ClientFrame::Close => Deed::Go(forward(ClientFrame::Close)),
        };
        let who = self.speaker.clone();
        Act { who, deed }
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
