//! Talker: what one says comes back, with its number; so does an edit.

use bytes::BytesMut;
use tolmach_talker::{Client as Protocol, ClientFrame, Event, Extra};

use super::{Client, Deed, Happened, Room, lacking};
use crate::Outcome;
use crate::server::Account;

pub(super) struct Talker {
    protocol: Protocol,
    /// The message whose edit has no answer.
    edited: Option<i64>,
}

impl Talker {
    pub(super) fn new(who: &Account, room: &Room) -> Self {
        Self {
            protocol: Protocol::new(room.name.as_str(), who.token.as_str()),
            edited: None,
        }
    }
}

impl Client for Talker {
    fn open(&mut self, out: &mut BytesMut) {
        self.protocol.open(out);
    }

    fn ask(&mut self, deed: Deed<'_>, out: &mut BytesMut) -> Outcome<()> {
        match deed {
            Deed::Say(text) => self.protocol.say(text, false, (), out),
            Deed::Edit(id, text) => {
                self.edited = Some(id);
                message(text, Some(id)).write(out);
            }
            Deed::Delete(_) | Deed::Find(_) | Deed::Who => return lacking(),
        }
        Ok(())
    }

    fn frame(&self, text: &str, out: &mut BytesMut) {
        message(text, None).write(out);
    }

    fn next(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Outcome<Option<Vec<Happened>>> {
        let Some(event) = self.protocol.next(input)? else {
            return Ok(None);
        };
        Ok(Some(vec![match event {
            Event::Users => Happened::Entered,
            Event::Refused(reason) => return Err(format!("refused: {reason}").into()),
            Event::Message {
                message,
                echo_of: Some(()),
            } => Happened::Answered(Ok(message.id)),
            Event::Message { message, .. } if message.edit.is_some() => {
                // Nobody else edits it.
                match self.edited.take_if(|id| message.edit == Some(*id)) {
                    Some(id) => Happened::Answered(Ok(Some(id))),
                    None => Happened::Heard(message.content),
                }
            }
            Event::Message { message, .. } => Happened::Heard(message.content),
            Event::NotAccepted { reason, .. } => Happened::Answered(Err(reason)),
            Event::Error(reason) => match self.edited.take() {
                Some(_) => Happened::Answered(Err(reason)),
                None => Happened::Told(reason),
            },
            Event::Bad(bad) => return Err(bad.into()),
            Event::Connected(_)
            | Event::Joined(_)
            | Event::Idle(_)
            | Event::Back(_)
            | Event::Left { .. } => return Ok(Some(Vec::new())),
        }]))
    }
}

fn message(text: &str, edit: Option<i64>) -> ClientFrame {
    ClientFrame::Message {
        content: text.to_owned(),
        to: None,
        edit,
        action: false,
        extra: Extra::default(),
    }
}
