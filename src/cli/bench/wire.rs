//! A chat client as one of a crowd.

use bytes::BytesMut;
use tolmach_load::{Heard, Stamp, Wire};

use crate::cli::chat::now;
use crate::dialects::client::{Arrival, ChatClient, Saying};

/// Says and hears what the load is about, and nothing else.
pub(super) struct ChatWire {
    client: Box<dyn ChatClient>,
    has_entered: bool,
    /// What the client has not read yet.
    input: BytesMut,
}

impl ChatWire {
    pub(super) fn new(client: Box<dyn ChatClient>) -> Self {
        Self {
            client,
            has_entered: false,
            input: BytesMut::new(),
        }
    }
}

impl Wire for ChatWire {
    fn open(&mut self, out: &mut BytesMut) {
        self.client.open(now(), out);
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        self.input.extend_from_slice(input);
        let now = now();
        loop {
            let arrival = self.client.hear(&mut self.input, now, out);
            match arrival.map_err(|error| error.to_string())? {
                None => break,
                Some(Arrival::Said(said)) if !said.text.as_bytes().starts_with(Stamp::MARK) => {}
                Some(Arrival::Said(said)) if said.own => heard(Heard::Accepted),
                Some(Arrival::Said(said)) => heard(Heard::Said(said.text.as_bytes())),
                Some(Arrival::NotAccepted(reason)) => return Err(reason),
                Some(
                    Arrival::Presence(_)
                    | Arrival::LoggedIn { .. }
                    | Arrival::Entered { .. }
                    | Arrival::Notice(_)
                    | Arrival::Warning(_),
                ) => {}
            }
        }
        if !self.has_entered && self.client.is_in() {
            self.has_entered = true;
            heard(Heard::Entered);
        }
        Ok(input.len())
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        let saying = Saying {
            to: None,
            text: text.to_owned(),
            emote: false,
        };
        self.client.say(saying, now(), out);
    }

    fn keep_alive(&mut self, out: &mut BytesMut) {
        self.client.keep_alive(out);
    }

    /// What comes back to its sender says that it is accepted, in every dialect.
    fn hears_itself(&self) -> bool {
        false
    }
}
