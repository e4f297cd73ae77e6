//! nats-server's JetStream: what is published for a stream is answered once it is kept; nobody hears it here.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};

use super::{lines, words};

/// The stream that keeps all rooms in files.
const STREAM: &str = r#"{"name":"bench","subjects":["room.*"],"storage":"file","retention":"limits","discard":"old","num_replicas":1}"#;

/// A client that publishes and waits for answers.
pub(crate) struct JetStream {
    subject: String,
    inbox: String,
}

impl JetStream {
    /// One in this room.
    pub(crate) fn new(room: usize, member: usize) -> Self {
        Self {
            subject: format!("room.{room}"),
            inbox: format!("_INBOX.{room}.{member}"),
        }
    }

    fn publish(&self, subject: &str, text: &str, out: &mut BytesMut) {
        let length = text.len().to_string();
        for piece in [
            "PUB ",
            subject,
            " ",
            &self.inbox,
            " ",
            &length,
            "\r\n",
            text,
            "\r\n",
        ] {
            out.extend_from_slice(piece.as_bytes());
        }
    }
}

impl Wire for JetStream {
    fn open(&mut self, out: &mut BytesMut) {
        let inbox = &self.inbox;
        let lines = format!("CONNECT {{\"verbose\":false}}\r\nSUB {inbox} 1\r\n");
        out.extend_from_slice(lines.as_bytes());
        self.publish("$JS.API.STREAM.CREATE.bench", STREAM, out);
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        lines(input, |line| {
            let has = |part| memchr::memmem::find(line, part).is_some();
            match line {
                b"PING\r" => out.extend_from_slice(b"PONG\r\n"),
                [b'-', ..] => return Err(words(line)),
                [b'{', ..] if has(b"\"error\"") => return Err(words(line)),
                [b'{', ..] if has(b"stream_create_response") => heard(Heard::Entered),
                [b'{', ..] => heard(Heard::Accepted),
                _ => {}
            }
            Ok(())
        })
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        self.publish(&self.subject, text, out);
    }

    fn hears_itself(&self) -> bool {
        false
    }
}
