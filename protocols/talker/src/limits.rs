//! The bounds of the wire: what is longer or deeper is refused or dropped, never kept.

/// The longest event in bytes, from its `{` to its `}`, when nothing else is configured: 2 MiB.
///
/// PROTOCOL.md 1.4. A content of
/// 102,400 characters fits, even with each one written as two `\uXXXX` escapes (1.2 MiB).
pub const FRAME_BYTES: usize = 2 * 1024 * 1024;

/// The longest [`Extra`](crate::Extra) in bytes of compact JSON text, without the braces around it.
/// PROTOCOL.md 5.1.
pub const EXTRA_BYTES: usize = 4096;

/// How many objects and arrays may stand open at once in an event, the event itself counted, when nothing
/// else is set by `with_nesting`.
pub const NESTING: usize = 64;

/// How many characters of an unknown `type` the error repeats.
pub(crate) const TYPE_CHARS: usize = 64;
