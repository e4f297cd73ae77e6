#![forbid(unsafe_code)]
//! What chat protocols over JSON share, without I/O: where an object ends in a stream, its members one after the other
//! as text, values taken for strings, and JSON written straight into the output.
//!
//! Nothing here decides what a protocol accepts: which of two equal keys counts, which limits hold and what an error
//! says is each protocol's own.
//!
//! ```
//! use tolmach_json::{Scanner, Sink, for_each_member, string};
//!
//! let stream = br#"{"say":"h\u0069","n":1}{"say":"#;
//! let end = Scanner::new(8).scan(stream)?.unwrap_or_default();
//! let object = str::from_utf8(&stream[..end])?;
//! let mut out = String::new();
//! for_each_member(object, |member| {
//!     if let Some(text) = string(member.value) {
//!         out.text(&text);
//!     }
//! })?;
//! assert_eq!((end, out.as_str()), (23, "\"hi\""));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod members;
mod plain;
mod scan;
mod secret;
mod start;
mod surrogates;
mod unknown;
mod value;
mod write;

pub use members::{Member, Object, for_each_item, for_each_member};
pub use scan::{BraceScanner, Fault, Scanner};
pub use secret::Secret;
pub use serde_json::Error;
pub use start::StreamStart;
pub use surrogates::{mend_surrogates, utf16_unit};
pub use unknown::join_unknown;
pub use value::{compact, is_digits, is_white_space, skip_white_space, string};
pub use write::Sink;
