//! JIM: the one dialect whose frames say who speaks.

use crate::model::Timestamp;
use bytes::BytesMut;
use tolmach_jim::{Client, ClientFrame, ClientRequest, CompatMsg, Event, Flavor, ServerCodec};

use crate::dialects::client::{
    Account, Action, Heard, Places, Recording, Room, Step, VirtualClient, Write, line, next_frame,
};

/// Words for everybody, without regard to case and a `@` in front.
const EVERYONE: [&str; 2] = ["all", "everyone"];

pub(super) struct JimClient;

impl VirtualClient for JimClient {
    fn log_in(&self, who: &Account, _: &Room, out: &mut BytesMut) {
        let password = Some(who.password.into());
        Client::<()>::new(&who.login).open(password, now(), out);
    }

    fn enter(&self, room: &Room, out: &mut BytesMut) {
        put(ClientFrame::join(hashed(room), None), out);
    }

    /// It is refused: PROTOCOL.md 4.7.
    fn ping(&self, out: &mut BytesMut) {
        put(ClientFrame::Probe, out);
    }

    fn length(&self, input: &[u8]) -> Option<usize> {
        line(input)
    }

    fn hear(&self, frame: &[u8]) -> Heard {
        let (mut client, mut frame) = (Client::<()>::new(""), BytesMut::from(frame));
        match client.next(&mut frame, now(), &mut BytesMut::new()) {
            Ok(Some(Event::Notice(answer))) => match answer.code {
                ..200 => Heard::Told,
                200..400 => Heard::Answer,
                400 if answer.text.as_deref().is_some_and(is_pong) => Heard::Pong,
                code => Heard::Refused(format!("{code} {}", answer.text.unwrap_or_default())),
            },
            _ => Heard::Told,
        }
    }
}

fn is_pong(text: &str) -> bool {
    text.ends_with("only the server probes")
}

fn put(frame: ClientFrame, out: &mut BytesMut) {
    ClientRequest { time: now(), frame }.write(out);
}

fn now() -> i64 {
    Timestamp::now().seconds()
}

fn hashed(room: &Room) -> String {
    format!("#{}", room.name)
}

pub(super) struct JimRecording {
    codec: ServerCodec,
    speaker: String,
}

impl Recording for JimRecording {
    fn places(&self) -> Places {
        Places::Text
    }

    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String> {
        let frame = next_frame(&mut self.codec, input, ended)?;
        Ok(frame.map(|frame| self.act(frame)))
    }
}

impl JimRecording {
    pub(super) fn new(speaker: &str) -> Self {
        Self {
            // It takes the streams of published clients too, and of those that keep to the document.
            codec: ServerCodec::of(Flavor::Compat),
            speaker: speaker.to_owned(),
        }
    }

    fn act(&mut self, frame: ClientFrame) -> Step {
        let action = match frame {
            ClientFrame::Authenticate { account_name, .. } => {
                self.speaker = account_name;
                Action::Appear
            }
            ClientFrame::Presence {
                account_name,
                status,
            } => {
                self.speaker = account_name.unwrap_or(std::mem::take(&mut self.speaker));
                let account_name = Some(self.speaker.clone());
                Action::Ask(forward(ClientFrame::Presence {
                    account_name,
                    status,
                }))
            }
            ClientFrame::CompatMsg(msg) => self.message(msg),
            ClientFrame::Msg {
                to,
                from,
                message,
                encoding,
                extra,
            } => self.message(CompatMsg {
                to: Some(to),
                from: Some(from),
                message,
                encoding,
                extra,
                spelling: tolmach_jim::Spelling::DOCUMENT,
                unclear: Vec::new(),
            }),
            ClientFrame::Join { .. } => Action::Enter,
            ClientFrame::Leave { .. } | ClientFrame::LeaveLast => {
                Action::Leave(Box::new(|facts, out| {
                    let room = hashed(facts.room);
                    put(ClientFrame::Leave { room }, out);
                    Ok(())
                }))
            }
            ClientFrame::Quit => Action::Go(forward(ClientFrame::Quit)),
            ClientFrame::Probe => {
                Action::Ask(Box::new(|_, _| Err("only the server probes".into())))
            }
            ClientFrame::GetContacts
            | ClientFrame::AddContact { .. }
            | ClientFrame::DelContact { .. } => Action::Nothing,
        };
        let who = self.speaker.clone();
        Step { who, action }
    }

    fn message(&mut self, msg: CompatMsg) -> Action {
        if let Some(from) = msg.from {
            self.speaker = from;
        }
        let from = self.speaker.clone();
        let to = msg.to.filter(|to| !is_room(to));
        let recipient = to.clone();
        let (message, encoding, extra) = (msg.message, msg.encoding, msg.extra);
        let write: Write = Box::new(move |facts, out| {
            let frame = ClientFrame::Msg {
                to: to.unwrap_or_else(|| hashed(facts.room)),
                from,
                message,
                encoding,
                extra,
            };
            put(frame, out);
            Ok(())
        });
        match recipient {
            None => Action::Say(write),
            Some(recipient) => Action::Tell(recipient, write),
        }
    }
}

/// Whether a message to this goes to a room.
fn is_room(to: &str) -> bool {
    let word = to.strip_prefix('@').unwrap_or(to).to_lowercase();
    to.starts_with('#') || EVERYONE.contains(&word.as_str())
}

/// The frame as it is.
fn forward(frame: ClientFrame) -> Write {
    Box::new(move |_, out| {
        put(frame, out);
        Ok(())
    })
}
