//! The six bytes before each body.
//!
//! ```text
//! 0        4         5         6              6+N
//! +--------+---------+---------+---------------+
//! | N: u32 | purpose | task id | body, N bytes |
//! |   LE   |   u8    |   u8    |               |
//! +--------+---------+---------+---------------+
//! ```

use crate::limits::HEADER_BYTES;

const PURPOSE_AT: usize = 4;
const TASK_AT: usize = 5;

/// A header that has arrived whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// The body's length in bytes.
    pub(crate) body: u32,
    pub(crate) purpose: u8,
    pub(crate) task: u8,
}

impl Header {
    /// The header at the beginning of `bytes`, once it is there.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d, purpose, task] = bytes.first_chunk::<HEADER_BYTES>()?;
        Some(Self {
            body: u32::from_le_bytes([a, b, c, d]),
            purpose,
            task,
        })
    }

    /// The frame's length in bytes, header and body.
    pub(crate) fn frame_length(self) -> usize {
        HEADER_BYTES.saturating_add(self.body as usize)
    }
}

/// The length in bytes of the whole frame that `bytes` begin with, header and body; `None` while there are less
/// than the header's six bytes. The body need not be there.
pub fn frame_length(bytes: &[u8]) -> Option<usize> {
    Header::read(bytes).map(Header::frame_length)
}

/// The purpose byte of the frame that `frame` begins with; `None` when it is no whole header.
pub fn purpose_of(frame: &[u8]) -> Option<u8> {
    Header::read(frame).map(|header| header.purpose)
}

/// The task id of the frame that `frame` begins with; `None` when it is no whole header.
pub fn task_of(frame: &[u8]) -> Option<u8> {
    Header::read(frame).map(|header| header.task)
}

/// Gives the frame that `frame` begins with another task id. Returns whether it did: less than a whole header
/// is left as it is.
///
/// So a notification can be encoded once and numbered for each client:
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_purpose::{Notification, Revision, ServerBody, ServerFrame, set_task, task_of};
///
/// let body = ServerBody::Notification(Notification::Deauthorized { reason: "banned" });
/// let mut wire = BytesMut::new();
/// assert!(ServerFrame { task: 0, body }.write(Revision::Two, &mut wire));
/// assert!(set_task(&mut wire, 41));
/// assert_eq!(task_of(&wire), Some(41));
/// ```
pub fn set_task(frame: &mut [u8], task: u8) -> bool {
    let is_whole = frame.len() >= HEADER_BYTES;
    if let (true, Some(at)) = (is_whole, frame.get_mut(TASK_AT)) {
        *at = task;
    }
    is_whole
}

/// The header's bytes for a frame without a body.
pub(crate) fn empty(purpose: u8, task: u8) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[PURPOSE_AT] = purpose;
    header[TASK_AT] = task;
    header
}
