//! JIM: every request has an answer, in the order sent; who speaks does not hear it.

use bytes::BytesMut;
use tolmach_jim::{Answer, Client as Protocol, ClientFrame, ClientRequest, Encoding, Event, Extra};

use super::{Client, Deed, Happened, Room, lacking};
use crate::Outcome;
use crate::server::Account;

/// No answer depends on the client's clock.
const NOW: i64 = 1;
/// What the gateway calls itself.
const GATEWAY: &str = "tolmach";

pub(super) struct Jim {
    protocol: Protocol<Asked>,
    room: String,
}

enum Asked {
    Join,
    Say,
}

impl Jim {
    pub(super) fn new(who: &Account, room: &Room) -> Self {
        Self {
            protocol: Protocol::new(who.guest()),
            room: format!("#{}", room.name),
        }
    }
}

impl Client for Jim {
    fn open(&mut self, out: &mut BytesMut) {
        self.protocol.open(None, NOW, out);
    }

    fn ask(&mut self, deed: Deed<'_>, out: &mut BytesMut) -> Outcome<()> {
        match deed {
            Deed::Say(text) => self.protocol.say(&self.room, text, Asked::Say, NOW, out),
            Deed::Who => {
                let text = format!("who {}", self.room);
                self.protocol.say(GATEWAY, &text, Asked::Say, NOW, out);
            }
            Deed::Edit(..) | Deed::Delete(_) | Deed::Find(_) => return lacking(),
        }
        Ok(())
    }

    fn frame(&self, text: &str, out: &mut BytesMut) {
        let frame = ClientFrame::Msg {
            to: self.room.clone(),
            from: self.protocol.name().to_owned(),
            message: text.to_owned(),
            encoding: Encoding::of(text),
            extra: Extra::default(),
        };
        ClientRequest { time: NOW, frame }.write(out);
    }

    fn next(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Outcome<Option<Vec<Happened>>> {
        let Some(event) = self.protocol.next(input, NOW, out)? else {
            return Ok(None);
        };
        Ok(Some(match event {
            Event::LoggedIn(_) => {
                let join = ClientFrame::join(&self.room, None);
                self.protocol.ask(join, Asked::Join, NOW, out);
                Vec::new()
            }
            Event::Refused(answer) => return Err(format!("refused: {}", words(&answer)).into()),
            Event::Answered { asked, answer } => match (asked, answer.is_accepted()) {
                (Asked::Join, true) => vec![Happened::Entered],
                (Asked::Join, false) => {
                    return Err(format!("not let in: {}", words(&answer)).into());
                }
                (Asked::Say, true) => vec![Happened::Answered(Ok(None))],
                (Asked::Say, false) => vec![Happened::Answered(Err(words(&answer)))],
            },
            Event::Message(message) => vec![Happened::Heard(message.text)],
            Event::Notice(answer) => vec![Happened::Told(words(&answer))],
            Event::Contact(_) => Vec::new(),
            Event::Bad(bad) => return Err(bad.into()),
        }))
    }
}

fn words(answer: &Answer) -> String {
    let text = answer.text.as_deref().unwrap_or_default();
    format!("{} {text}", answer.code)
}
