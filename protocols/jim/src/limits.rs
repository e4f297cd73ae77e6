//! The limits of the wire.
//!
//! How characters are counted: PROTOCOL.md 2.1.

/// Characters of a whole object; PROTOCOL.md 2.2.
pub const OBJECT_CHARS: usize = 640;

/// Characters of an `action`.
pub const ACTION_CHARS: usize = 15;

/// Characters of an account's name, and of a room's name without its `#`.
pub const NAME_CHARS: usize = 25;

/// Characters of a `message`.
pub const MESSAGE_CHARS: usize = 500;

/// Bytes of an object, or of a run that is none, within which its end must come: PROTOCOL.md 1.7.
pub const UNENDED_BYTES: usize = 64 * 1024;

/// Characters of the unknown members of a `msg` that are passed on, keys included: PROTOCOL.md 5.4.
pub const EXTRA_CHARS: usize = 128;

/// Bytes of an object that is written in the flavor `compat`, its newline included: PROTOCOL.md 7.6.
pub const COMPAT_OBJECT_BYTES: usize = 640;

/// Bytes that must remain for a text in the flavor `compat`: else the doubles of the names are left out.
pub const COMPAT_TEXT_BYTES: usize = 300;

/// Bytes of a name that is written in the flavor `compat`; what goes beyond is cut off, as some place must remain for a text. Only a
/// name of 19 characters or more that all lie beyond U+FFFF is longer.
pub const COMPAT_NAME_BYTES: usize = 216;

/// Runs outside objects, in a row, after which the connection is closed.
pub const BAD_RUNS: u8 = 3;
