//! The bytes of each frame that comes in, kept beside the decoder's while somebody watches, until nothing comes any more.

use std::sync::Arc;

use bytes::{Buf, BytesMut};

use crate::hub::tap::{TapConnection, TapEvent};

/// Most bytes that are kept of what a decoder takes without giving a frame.
const MAX_TAKEN: usize = 4 * 1024 * 1024;

/// What a decoder has before it, a second time. Holds no memory while nobody watches. Dropped, it tells that the connection is over.
pub(super) struct FrameCapture {
    line: Arc<TapConnection>,
    captured: Option<Box<Captured>>,
}

#[derive(Default)]
struct Captured {
    /// What was taken and not told, then what the decoder's buffer begins with.
    bytes: BytesMut,
    taken: usize,
    /// How much the decoder's buffer held before.
    before: usize,
}

impl FrameCapture {
    pub(super) fn new(line: Arc<TapConnection>) -> Self {
        let captured = None;
        Self { line, captured }
    }

    /// By what those who watch know the connection.
    pub(super) fn line(&self) -> &TapConnection {
        &self.line
    }

    /// The decoder is about to look at this.
    pub(super) fn before(&mut self, buffer: &[u8]) {
        if !self.line.is_watched() {
            self.captured = None;
            return;
        }
        let captured = self.captured.get_or_insert_default();
        let have = captured.bytes.len() - captured.taken;
        captured
            .bytes
            .extend_from_slice(buffer.get(have..).unwrap_or_default());
        captured.before = buffer.len();
    }

    /// The decoder has left this.
    pub(super) fn after(&mut self, buffer: &[u8]) {
        let Some(captured) = &mut self.captured else {
            return;
        };
        captured.taken += captured.before.saturating_sub(buffer.len());
        captured.taken = captured.taken.min(captured.bytes.len());
        if captured.taken > MAX_TAKEN {
            captured.bytes.advance(captured.taken);
            captured.taken = 0;
        }
    }

    /// What the decoder took came to something: to a frame with this place for its answer, or to the end.
    pub(super) fn tell(&mut self, request: Option<u64>) {
        let Some(captured) = self.captured.as_mut().filter(|one| one.taken > 0) else {
            return;
        };
        let bytes = captured.bytes.split_to(captured.taken).freeze();
        captured.taken = 0;
        self.line.tell(TapEvent::In { bytes, request });
    }

    /// Tells that nothing more comes from the client.
    pub(super) fn tell_end(&self) {
        self.line.tell(TapEvent::Ended);
    }
}

impl Drop for FrameCapture {
    fn drop(&mut self) {
        self.line.tell(TapEvent::Closed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::tap::{Lengths, Taken, Tap, TapDialect};

    fn dialect() -> Arc<TapDialect> {
        Arc::new(TapDialect {
            label: "x".to_owned(),
            show: Box::new(|| Box::new(Lengths)),
        })
    }

    fn told(viewer: &mut crate::hub::tap::Viewer) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(taken) = viewer.take() {
            if let Taken::Record(record) = taken
                && let TapEvent::In { bytes, .. } = record.what
            {
                all.push(bytes.to_vec());
            }
        }
        all
    }

    #[test]
    fn frames_are_told_as_they_came_however_they_are_cut() {
        let tap = Tap::new(Arc::new(crate::hub::SystemClock));
        let line = tap.line(dialect(), None, None);
        let mut capture = FrameCapture::new(line);
        // Nobody watches yet.
        capture.before(b"one");
        capture.after(b"");
        capture.tell(Some(0));
        let mut viewer = tap.watch();
        capture.before(b"tw");
        capture.after(b"tw");
        capture.before(b"two!thr");
        capture.after(b"thr");
        capture.tell(Some(1));
        // A decoder may take what is no frame yet.
        capture.before(b"thr");
        capture.after(b"");
        capture.before(b"ee!");
        capture.after(b"");
        capture.tell(Some(2));
        assert_eq!(told(&mut viewer), [b"two!".to_vec(), b"three!".to_vec()]);
        drop(viewer);
        assert!(!tap.is_watched());
    }

    #[test]
    fn a_slow_viewer_loses_what_has_no_room_and_is_told_how_much() {
        let tap = Tap::new(Arc::new(crate::hub::SystemClock));
        let line = tap.line(dialect(), None, None);
        let mut viewer = tap.watch();
        for _ in 0..crate::hub::tap::MAX_RECORDS + 7 {
            line.tell(TapEvent::Closed);
        }
        let mut records = 0;
        while let Some(Taken::Record(_)) = viewer.take() {
            records += 1;
            if records == crate::hub::tap::MAX_RECORDS {
                break;
            }
        }
        assert!(matches!(viewer.take(), Some(Taken::Lost(7))));
        line.tell(TapEvent::Closed);
        assert!(matches!(viewer.take(), Some(Taken::Record(_))));
    }
}
