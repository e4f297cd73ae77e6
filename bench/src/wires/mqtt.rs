//! mosquitto: MQTT 3.1.1, QoS 0; a connection subscribes to a topic and publishes there, its own messages come to it, too.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;

/// A client of mosquitto.
pub(crate) struct Mqtt {
    name: String,
    topic: String,
}

impl Mqtt {
    /// One of this number in this room.
    pub(crate) fn new(room: usize, member: usize) -> Self {
        Self {
            name: format!("r{room}m{member}"),
            topic: format!("room{room}"),
        }
    }
}

impl Wire for Mqtt {
    fn open(&mut self, out: &mut BytesMut) {
        // Level 4, a clean session, no limit to silence.
        let head = b"\x00\x04MQTT\x04\x02\x00\x00";
        packet(CONNECT, &[head, &text(&self.name)[..]], out);
        packet(SUBSCRIBE, &[&[0, 1], &text(&self.topic), &[0]], out);
    }

    fn hear(
        &mut self,
        input: &[u8],
        _: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        let mut rest = input;
        while let Some((kind, body, after)) = first_packet(rest) {
            match kind {
                PUBLISH => {
                    // The topic, with its length in front.
                    let text = body.get(2 + self.topic.len()..).unwrap_or_default();
                    heard(Heard::Said(text));
                }
                SUBACK => heard(Heard::Entered),
                CONNACK if body.ends_with(&[0]) => {}
                _ => return Err(format!("packet {kind:#x} {body:?}")),
            }
            rest = after;
        }
        Ok(input.len() - rest.len())
    }

    fn say(&mut self, said: &str, out: &mut BytesMut) {
        packet(PUBLISH, &[&text(&self.topic), said.as_bytes()], out);
    }

    fn hears_itself(&self) -> bool {
        true
    }
}

/// A text with its length in front.
fn text(text: &str) -> Vec<u8> {
    // Names here have some ten bytes.
    [&[0, text.len() as u8], text.as_bytes()].concat()
}

fn packet(kind: u8, parts: &[&[u8]], out: &mut BytesMut) {
    out.extend_from_slice(&[kind]);
    let mut left: usize = parts.iter().map(|part| part.len()).sum();
    loop {
        let more = if left >= 0x80 { 0x80 } else { 0 };
        out.extend_from_slice(&[(left % 0x80) as u8 | more]);
        left /= 0x80;
        if left == 0 {
            break;
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// The first packet's kind and body, and what follows it; `None` where it is not whole.
fn first_packet(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, mut rest) = input.split_first()?;
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (body, after) = rest.split_at_checked(length)?;
    Some((*kind, body, after))
}
