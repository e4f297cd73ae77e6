//! The limits of the wire, in bytes.

/// A header: the body's length, the purpose, the task id.
pub const HEADER_BYTES: usize = 6;

/// The longest body when nothing else is configured: 2 MiB, the default of `limits.frame_bytes`.
pub const FRAME_BYTES: usize = 2 * 1024 * 1024;

/// The longest body that is skipped when it is not taken; beyond it the stream ends: PROTOCOL.md 2.6.
pub const SKIPPED_BYTES: usize = 16 * 1024 * 1024;

/// The longest answer to REQUEST_CHAT_MSG, which ends with a whole second before: PROTOCOL.md 4.8. Who
/// builds the answer keeps to it, see [`FrameWriter::body_len`](crate::FrameWriter::body_len).
pub const HISTORY_BYTES: usize = 4 * 1024 * 1024;
