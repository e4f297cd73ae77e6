//! purpose, revision 2: every request has an answer, which bears its number; who speaks does not hear it.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use tolmach_purpose::{
    Answer, Client as Protocol, Credentials, Event, Message, Request, Revision, Status,
};

use super::{Client, Deed, Happened, Room, lacking};
use crate::Outcome;
use crate::server::Account;

/// In how many seconds a message is looked for after it was said.
const LATELY: i64 = 30;

pub(super) struct Purpose {
    protocol: Protocol<Asked>,
    chat: i32,
}

enum Asked {
    Join,
    Deed,
    /// The number of the message of this text.
    Find(String),
}

impl Purpose {
    pub(super) fn new(who: &Account, room: &Room) -> Self {
        let (id, hash) = (who.token_id, who.token.as_str().into());
        Self {
            protocol: Protocol::new(Revision::Two, Credentials::Session { id, hash }),
            chat: room.id,
        }
    }
}

impl Client for Purpose {
    fn open(&mut self, out: &mut BytesMut) {
        self.protocol.open(out);
    }

    fn ask(&mut self, deed: Deed<'_>, out: &mut BytesMut) -> Outcome<()> {
        let chat = self.chat;
        let (request, asked) = match deed {
            Deed::Say(text) => {
                let text = text.into();
                (Request::Send { chat, text }, Asked::Deed)
            }
            Deed::Delete(id) => {
                let message = i32::try_from(id)?;
                (Request::DeleteMessage { message }, Asked::Deed)
            }
            Deed::Find(text) => {
                let (from, to) = (now()? - LATELY, None);
                let asked = Asked::Find(text.to_owned());
                (Request::Messages { chat, from, to }, asked)
            }
            Deed::Edit(..) | Deed::Who => return lacking(),
        };
        self.protocol.ask(request, asked, out);
        Ok(())
    }

    fn frame(&self, text: &str, out: &mut BytesMut) {
        let (chat, text) = (self.chat, text.into());
        // Each revision has it.
        let _ = Request::Send { chat, text }.write(Revision::Two, 0, out);
    }

    fn next(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Outcome<Option<Vec<Happened>>> {
        let Some(event) = self.protocol.next(input, out)? else {
            return Ok(None);
        };
        Ok(Some(match event {
            Event::LoggedIn { .. } => {
                let (chat, password) = (self.chat, None);
                let join = Request::Join { chat, password };
                self.protocol.ask(join, Asked::Join, out);
                Vec::new()
            }
            Event::Refused(reason) => return Err(format!("refused: {reason}").into()),
            Event::Answered {
                asked: Asked::Join,
                answer,
            } => match answer {
                Ok(_) => vec![Happened::Entered],
                Err(reason) => return Err(format!("not let in: {reason}").into()),
            },
            Event::Answered { asked, answer } => {
                let answer = answer.map(|answer| found(&asked, answer));
                vec![Happened::Answered(answer)]
            }
            Event::Messages(messages) => {
                let is_there = |message: &Message| message.status != Status::Deleted;
                let texts = messages.into_iter().filter(is_there);
                texts.map(|m| Happened::Heard(m.text.into())).collect()
            }
            Event::Renewed { .. } => {
                // The token is to open the next connection, too.
                self.protocol.keep_session(false, out);
                Vec::new()
            }
            Event::Deauthorized(reason) => vec![Happened::Told(reason.into())],
            Event::Stray(reason) => vec![Happened::Told(reason)],
            Event::Disconnected => vec![Happened::Told("DISCONNECT".to_owned())],
            Event::Joined(_) | Event::Left(_) => Vec::new(),
            Event::Bad(bad) => return Err(bad.into()),
        }))
    }
}

/// The present time in seconds since 1970.
fn now() -> Outcome<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(since.as_secs().cast_signed())
}

fn found(asked: &Asked, answer: Answer) -> Option<i64> {
    let (Asked::Find(text), Answer::Messages(messages)) = (asked, answer) else {
        return None;
    };
    let message = messages.into_iter().find(|m| m.text.to_string() == *text);
    message.map(|message| message.id.into())
}
