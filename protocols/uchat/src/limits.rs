//! The bounds of the wire, and the texts that keep to them.

use std::ops::RangeInclusive;

/// The longest line in bytes, without its `\n`, when nothing else is configured: 64 KiB.
///
/// A message of 800 bytes fits, even with each one written as `\uXXXX`.
pub const FRAME_BYTES: usize = 64 * 1024;

/// How many objects and arrays may stand open at once in a frame, the frame itself counted, when nothing else is
/// set by `with_nesting`. The protocol's own frames have three levels.
pub const NESTING: usize = 64;

/// The most raw bytes that are given in one piece.
pub const RAW_BYTES: usize = 64 * 1024;

/// Bytes of a message's text, its ends trimmed: PROTOCOL.md 6.1.
pub const MESSAGE_BYTES: RangeInclusive<usize> = 1..=800;

/// Characters of a room's name: PROTOCOL.md 5.2.
pub const ROOM_NAME_CHARS: RangeInclusive<usize> = 1..=100;

/// Characters of a login: PROTOCOL.md 4.3.
pub const LOGIN_CHARS: RangeInclusive<usize> = 3..=22;

/// Messages of a page; it may be longer where they share a millisecond: PROTOCOL.md 7.1.
pub const COUNT: u32 = 500;

/// Whether `login` has the form that clients understand: PROTOCOL.md 4.3.
///
/// ```
/// assert!(tolmach_uchat::valid_login("ann_7"));
/// assert!(!tolmach_uchat::valid_login("Ann"));
/// ```
pub fn valid_login(login: &str) -> bool {
    LOGIN_CHARS.contains(&login.len())
        && login
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

/// Whether a room can have this name: PROTOCOL.md 5.2.
pub fn valid_room_name(name: &str) -> bool {
    // No more characters are counted than decide.
    let counted = name.chars().take(ROOM_NAME_CHARS.end() + 1).count();
    ROOM_NAME_CHARS.contains(&counted)
}

/// The text that an RQ_MSG or RQ_EDIT_MSG sends, its ends trimmed; `None` where nothing or too much is left:
/// PROTOCOL.md 6.1.
///
/// ```
/// assert_eq!(tolmach_uchat::sendable_text(" hello\n"), Some("hello"));
/// assert_eq!(tolmach_uchat::sendable_text(" "), None);
/// ```
pub fn sendable_text(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| MESSAGE_BYTES.contains(&text.len()))
}
