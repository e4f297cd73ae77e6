#![forbid(unsafe_code)]
//! A line dialect for people with `telnet` or `nc`, written outside of `tolmach` against its public interface.
//!
//! # The wire
//!
//! Text in UTF-8, one line at a time. CR, LF and CRLF each end a line, blank lines mean nothing, telnet's own commands
//! (IAC and what follows it) are skipped.
//!
//! A client's first line is its name, which makes it a guest; `/login NAME PASSWORD` in its place opens an account. Then
//! `/join ROOM [PASSWORD]`, `/leave [ROOM]`, `/msg NAME TEXT`, `/me TEXT`, `/who [ROOM]`, `/ping`, `/help` and `/quit` are
//! requests; any other line is said in the room that was joined last. A line that begins with `//` is said with one `/`.
//!
//! The server's lines say what they are by how they begin:
//!
//! | line | what it is |
//! |---|---|
//! | `#tea <anna> hello` | said in a room, to whoever said it, too: then it is accepted |
//! | `#tea * anna waves` | an emote |
//! | `*anna* hello` | said to this user alone |
//! | `-> *boris* hello` | what this connection said to one user is accepted |
//! | `-- text` | the answer to any other request |
//! | `!! text` | a request is refused; or the last words before the server closes |
//! | `** text` | something happened |
//!
//! A text of several lines is as many lines on the wire, each begun alike. No control character but the tab is ever sent.
//! Each request has one of these answers, in the order of the requests; `/help`, and what is said to the gateway itself,
//! may be followed by more lines.
//!
//! # To read it
//!
//! `lines`, [`ClientLine`], [`ServerLine`], the codecs: the wire, without I/O. `settings`, `translations`, `encoder`,
//! `adapter`, `shown`, and [`Telnet`], which ties them together: the server side. `chat` and `recording`: the client side.

mod adapter;
mod chat;
mod client_line;
mod codec;
mod dialect;
mod encoder;
mod lines;
mod recording;
mod server_line;
mod settings;
mod shown;
mod translations;

pub use adapter::TelnetAdapter;
pub use client_line::{BadLine, ClientLine};
pub use codec::{ClientCodec, ServerCodec};
pub use dialect::Telnet;
pub use server_line::ServerLine;
pub use settings::TelnetSettings;
