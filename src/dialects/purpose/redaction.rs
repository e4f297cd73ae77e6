//! How frames are shown to those who watch: as transcripts have them, without what is secret.

use bytes::Bytes;
use tolmach_purpose::{Revision, frame_length};

use super::frames::{Cover, Frames};
use crate::hub::tap::{SECRET, Show, Shown, without_tokens};

/// Fields that nobody is to see.
const SECRET_FIELDS: [&str; 2] = ["password", "session_hash"];

pub(super) fn show(revision: Revision) -> Box<dyn Show> {
    Box::new(Redacted(Frames::new(revision)))
}

struct Redacted(Frames);

impl Redacted {
    fn frames(&mut self, bytes: &[u8], is_from_client: bool) -> Vec<Shown> {
        let (mut shown, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let length = frame_length(rest).unwrap_or(rest.len());
            let (frame, after) = rest.split_at(length.min(rest.len()));
            shown.push(self.0.show(frame, is_from_client, &mut Redaction));
            rest = after;
        }
        shown
    }
}

impl Show for Redacted {
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        self.frames(bytes, true)
    }

    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        self.frames(bytes, false)
    }
}

struct Redaction;

impl Cover for Redaction {
    fn text(&mut self, field: &str, text: &str) -> Option<String> {
        let is_secret = SECRET_FIELDS.contains(&field) || without_tokens(text) != text;
        is_secret.then(|| SECRET.to_owned())
    }

    /// Only counted: nobody knows what in it is secret.
    fn other(&self, bytes: &[u8]) -> String {
        format!("<{} bytes>", bytes.len())
    }
}

#[cfg(test)]
mod tests;
