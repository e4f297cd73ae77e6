//! The limits of the wire.
//!
//! Characters are Unicode scalar values, "counted after decoding: an escape sequence counts as the one
//! character it stands for, white space outside strings does not count".

/// Characters of a whole object; above it "400, object ignored, connection stays".
pub const OBJECT_CHARS: usize = 640;

/// Characters of an `action`.
pub const ACTION_CHARS: usize = 15;

/// Characters of an account's name, and of a room's name without its `#`.
pub const NAME_CHARS: usize = 25;

/// Characters of a `message`.
pub const MESSAGE_CHARS: usize = 500;

/// Bytes of an object, or of a run that is none, within which its end must come: "an object beyond 64 KiB
/// without an end closes the connection after a 400".
pub const UNENDED_BYTES: usize = 64 * 1024;

/// Characters of the unknown members of a `msg` that are passed on, "of their JSON text, keys included".
pub const EXTRA_CHARS: usize = 128;

/// Bytes of an object that is written in the flavor `compat`, its newline included: "at most 1,000 bytes each", as such clients do one
/// `recv(1024)`.
pub const COMPAT_OBJECT_BYTES: usize = 1000;

/// Bytes that must remain for a text in the flavor `compat`: else the doubles of the names are left out.
pub const COMPAT_TEXT_BYTES: usize = 300;

/// Runs outside objects, in a row, after which the connection is closed.
pub const BAD_RUNS: u8 = 3;
