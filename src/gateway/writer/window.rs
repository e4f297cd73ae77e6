//! Frames that the peer has to answer: each bears a number, and only so many may be unanswered at once.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::chunk::{Chunk, Source};
use crate::hub::Waiting;

/// How a wire numbers what is pushed to it. The bytes that are pushed are whole frames.
#[derive(Debug, Clone, Copy)]
pub struct Numbering {
    /// Most frames that may be unanswered at once; what comes after waits within the bounds.
    pub unanswered: usize,
    /// The length of the first frame of these bytes.
    pub length: fn(&[u8]) -> usize,
    /// Gives a frame its number; returns what
    /// [`RequestContext::answered`](crate::gateway::RequestContext::answered) tells of it then. `None`, and
    /// the frame is as it was: nobody answers it.
    pub number: fn(&mut [u8], u8) -> Option<u8>,
}

/// The numbers of one connection: which are in use, and what waits for one.
///
/// ```text
///  push ──▶ held ──a number is free──▶ ready to write ──▶ peer ──answered──▶ the number is free
/// ```
pub(super) struct SendWindow {
    rule: Numbering,
    /// What waits for a number.
    held: VecDeque<Chunk>,
    /// The numbers in use, in the order in which they were given.
    open: VecDeque<Open>,
    next: u8,
    /// The peer does not want events at present.
    pub(super) suspended: bool,
}

/// A number in use.
struct Open {
    number: u8,
    /// What it is for; nothing once whoever it was for is not there any more.
    what: Option<u8>,
    /// Else it is of no room, and meant for whoever is there.
    is_event: bool,
}

impl SendWindow {
    pub(super) fn new(rule: Numbering) -> Self {
        Self {
            rule,
            held: VecDeque::new(),
            open: VecDeque::new(),
            next: 1,
            suspended: false,
        }
    }

    /// What has to wait for its number; what the server asks by itself goes before events.
    pub(super) fn hold(&mut self, chunk: Chunk) {
        if chunk.source == Source::Asked {
            self.held.push_front(chunk);
        } else {
            self.held.push_back(chunk);
        }
    }

    /// Takes back the events that wait: how much that was.
    pub(super) fn drop_events(&mut self) -> Waiting {
        let mut dropped = Waiting::default();
        self.held.retain(|chunk| chunk.outlasts(&mut dropped));
        dropped
    }

    /// Numbers as much of what waits as may be unanswered.
    pub(super) fn take_numbered(&mut self) -> Option<Chunk> {
        let room = self.rule.unanswered.saturating_sub(self.open.len());
        if room == 0 {
            return None;
        }
        let mut chunk = self.held.pop_front()?;
        let length = self.length_of(&chunk.bytes, room);
        if length == chunk.bytes.len() {
            return Some(self.numbered(chunk));
        }
        let first = chunk.bytes.split_to(length);
        let events = room.min(chunk.events);
        chunk.events -= events;
        let source = chunk.source;
        self.held.push_front(chunk);
        Some(self.numbered(Chunk {
            bytes: first,
            events,
            source,
        }))
    }

    /// The length of so many frames, or of all there are.
    fn length_of(&self, bytes: &Bytes, frames: usize) -> usize {
        let mut length = 0;
        for _ in 0..frames {
            if length >= bytes.len() {
                break;
            }
            length += (self.rule.length)(&bytes[length..]).max(1);
        }
        length.min(bytes.len())
    }

    fn numbered(&mut self, chunk: Chunk) -> Chunk {
        Chunk {
            bytes: self.number_all(chunk.bytes, chunk.source),
            ..chunk
        }
    }

    /// Numbers these frames, however many are unanswered: they are the last ones.
    pub(super) fn number_all(&mut self, mut bytes: Bytes, source: Source) -> Bytes {
        let mut numbered = BytesMut::with_capacity(bytes.len());
        while bytes.has_remaining() {
            let length = (self.rule.length)(&bytes).clamp(1, bytes.len());
            let begun = numbered.len();
            numbered.extend_from_slice(&bytes[..length]);
            bytes.advance(length);
            let number = self.free_number();
            if let Some(what) = (self.rule.number)(&mut numbered[begun..], number) {
                let what = Some(what);
                let is_event = matches!(source, Source::Room(_));
                self.open.push_back(Open {
                    number,
                    what,
                    is_event,
                });
                self.next = number.wrapping_add(1);
            }
        }
        numbered.freeze()
    }

    /// The next number that is not in use; once all are, the next one all the same.
    fn free_number(&self) -> u8 {
        let is_free = |number: &u8| !self.open.iter().any(|open| open.number == *number);
        (0..=u8::MAX)
            .map(|step| self.next.wrapping_add(step))
            .find(is_free)
            .unwrap_or(self.next)
    }

    /// A number is answered: what it was for, if it was in use.
    pub(super) fn answered(&mut self, number: u8) -> Option<u8> {
        let place = self.open.iter().position(|open| open.number == number)?;
        self.open.remove(place)?.what
    }

    /// The events that are unanswered were for somebody else: their answers mean nothing any more.
    pub(super) fn forget_events(&mut self) {
        for open in self.open.iter_mut().filter(|open| open.is_event) {
            open.what = None;
        }
    }

    /// Forgets what waits: the connection is over.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Delivery;
    use crate::model::RoomId;

    /// Frames are a letter and a place for the number.
    const RULE: Numbering = Numbering {
        unanswered: 2,
        length: |_| 2,
        number: |frame, number| {
            frame[1] = b'0'.wrapping_add(number);
            Some(frame[0])
        },
    };

    fn events(text: &'static str) -> Chunk {
        let bytes = Bytes::from_static(text.as_bytes());
        Chunk::event(RoomId(1), Delivery::frames(bytes, text.len() / 2))
    }

    fn numbered(window: &mut SendWindow) -> Vec<Bytes> {
        std::iter::from_fn(|| window.take_numbered().map(|chunk| chunk.bytes)).collect()
    }

    #[test]
    fn a_chunk_is_cut_where_the_window_ends_and_asked_frames_go_first() {
        let mut window = SendWindow::new(RULE);
        window.hold(events("a_b_c_"));
        assert_eq!(numbered(&mut window), ["a1b2"]);
        window.hold(Chunk::asked("d_".into()));
        assert_eq!(window.answered(2), Some(b'b'));
        assert_eq!(window.answered(2), None);
        assert_eq!(numbered(&mut window), ["d3"]);
        let (events, bytes) = (1, 2);
        assert_eq!(window.drop_events(), Waiting { events, bytes });
    }

    #[test]
    fn what_was_forgotten_frees_its_number_and_means_nothing() {
        let mut window = SendWindow::new(RULE);
        window.hold(Chunk::asked("a_".into()));
        window.hold(events("b_"));
        assert_eq!(numbered(&mut window), ["a1", "b2"]);
        window.forget_events();
        assert_eq!((window.answered(2), window.answered(1)), (None, Some(b'a')));
    }
}
