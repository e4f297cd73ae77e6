//! uchat: what one says comes back, with its number; files go over connections of their own and come back as messages.

use bytes::BytesMut;
use tolmach_uchat::{
    Client as Protocol, Credentials, Event, Flavor, MessageType, Request, ServerFrame,
};

use super::{Client, Deed, Happened, Room, lacking};
use crate::Outcome;
use crate::server::Account;

pub(super) struct Uchat {
    protocol: Protocol<Asked>,
    room: i32,
}

enum Asked {
    Join,
    Deed,
}

impl Uchat {
    pub(super) fn new(who: &Account, room: &Room) -> Self {
        let credentials = Credentials::Token(who.token.as_str().into());
        Self {
            protocol: Protocol::new(Flavor::Field, credentials),
            room: room.id,
        }
    }

    fn message(&self, text: &str) -> Request {
        let (room, kind) = (self.room, MessageType::Text);
        let message = text.to_owned();
        Request::Message {
            room,
            message,
            kind,
        }
    }
}

impl Client for Uchat {
    fn open(&mut self, out: &mut BytesMut) {
        self.protocol.open(out);
    }

    fn ask(&mut self, deed: Deed<'_>, out: &mut BytesMut) -> Outcome<()> {
        let room = self.room;
        let request = match deed {
            Deed::Say(text) => self.message(text),
            Deed::Edit(id, text) => {
                let (message, text) = (i32::try_from(id)?, text.to_owned());
                Request::Edit {
                    room,
                    message,
                    text,
                }
            }
            Deed::Delete(id) => {
                let message = i32::try_from(id)?;
                Request::Delete { room, message }
            }
            Deed::Find(_) | Deed::Who => return lacking(),
        };
        self.protocol.ask(request, Asked::Deed, out);
        Ok(())
    }

    fn frame(&self, text: &str, out: &mut BytesMut) {
        self.message(text).write(out);
    }

    fn next(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Outcome<Option<Vec<Happened>>> {
        let Some(event) = self.protocol.next(input, out)? else {
            return Ok(None);
        };
        Ok(Some(match event {
            Event::LoggedIn { .. } => {
                let join = Request::JoinRoom { room: self.room };
                self.protocol.ask(join, Asked::Join, out);
                Vec::new()
            }
            Event::Refused(refusal) => return Err(format!("refused: {}", refusal.reason).into()),
            Event::Answered { asked, answer } => match (asked, answer) {
                (Asked::Join, Ok(_)) => vec![Happened::Entered],
                (Asked::Join, Err(refusal)) => {
                    return Err(format!("not let in: {}", refusal.reason).into());
                }
                (Asked::Deed, Ok(ServerFrame::Message(message))) => {
                    vec![Happened::Answered(Ok(Some(message.message_id.into())))]
                }
                (Asked::Deed, Ok(_)) => vec![Happened::Answered(Ok(None))],
                (Asked::Deed, Err(refusal)) => vec![Happened::Answered(Err(refusal.reason))],
            },
            // A file's text is the name under which it is stored.
            Event::Told(ServerFrame::Message(message)) => {
                let is_file = message.msg_type == MessageType::File;
                let text = if is_file {
                    message.file_name
                } else {
                    message.message
                };
                vec![Happened::Heard(text.into_owned())]
            }
            Event::Told(_) => Vec::new(),
            Event::Stray(refusal) => vec![Happened::Told(refusal.reason)],
            Event::Bad(bad) => return Err(format!("{bad:?}").into()),
        }))
    }
}
