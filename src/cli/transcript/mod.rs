//! Transcripts: what people on real connections say, and every byte that they are told, as text that a person can
//! read and write. [`run()`] runs one against a gateway ([`Server`]); `tolmach tap --save` writes one.
//!
//! # A file
//!
//! ```text
//! # Anna makes a room; Boris, on JIM, comes and says something.
//! config: limits.rooms_per_user = 3
//! anna: purpose.2
//! boris: jim
//!
//! anna > 08000000 32 05  CREATE_CHAT task 5
//!        74656100        chat_name "tea"
//! anna < 16000000 00 05  ACCEPTED task 5
//!        02000000 74656100 00 <time> 74656100 00  id 2, title "tea", is_direct 0, …
//! boris > {"action":"join","time":1,"room":"#tea"}
//! boris < {"response":200,"time":<time>}
//! ```
//!
//! - `#` begins a comment. `config:` is a line of the gateway's configuration, `clock: paused` lets its time pass only
//!   where a `wait:` says so (all connections are then inside the process), `answers: late` lets what a step causes stand
//!   further behind, see below; these stand before everybody.
//! - `NAME: LISTENER` opens a connection: `anna: purpose.2`. She has an account, is logged in, and, with `#room`, has
//!   entered that room; Talker needs a room. `bare` has said nothing, `hello` (purpose) only HELLO, `guest` (JIM) a
//!   presence without an account; `account` is no connection, only an account. What the login says and is told is not
//!   shown; what it tells others is. `anna.2` is another connection of anna. The accounts get their numbers in the order
//!   in which they are named, from 1; each has the password `CorrectHorseBatteryStaple` and the token `token-LOGIN`.
//! - `anna > …` is what she sends, `anna < …` what she is told because of the last step before it; in order for each
//!   connection. `anna > (end)` ends her side of the stream, `anna < (closed)` is its end. Frames of more than one line
//!   go on in indented lines.
//! - `operator: …` does what the command line can, see below. `wait: 61s` lets time pass.
//!
//! JSON dialects show their lines. The purpose dialect shows bytes in hexadecimal, two spaces, and what they are. What
//! is sent may be written without bytes, `anna > CREATE_CHAT task 5 "tea"`; the recording then shows them. What stands
//! beside bytes is held to them.
//!
//! After each step every connection asks for something that has one known answer (each dialect's `barrier`), over and
//! over until nothing else comes before that. The hub tells everybody of a change before it answers who made it, so
//! then all that the step caused is there. These questions and answers are not shown. Where the clock is paused only
//! who has sent something asks, so that the others stay silent: there no time passes before all is done.
//!
//! Where clients did not wait for each other, a recording has what one said before all is told of what another did. With
//! `answers: late` what comes of a step of a connection may therefore stand behind later steps, as long as these are of other
//! connections: up to where the same one speaks again, the operator does something or time passes. Each connection must be told
//! the same in the same order, and nothing before the step that causes it.
//!
//! Times of the run are shown as `<time>`, a message's `updated` after its `created` as `<later>`; random secrets as
//! `<hash-anna>` (who was told it first; then `<hash-anna-2>`…), also where they are sent. Everything else is compared
//! as it is. uchat's times, in milliseconds, are `<time-ms>`, those that people read `<date-time>`; the random names of its stored files `<file>`, `<file-2>`….
//!
//! # The operator's steps
//!
//! ```text
//! create room NAME [private] [password P]     delete room NAME       rename room NAME NEW
//! title|describe room NAME TEXT…              add|remove|ban|unban LOGIN NAME
//! quiet|loud room NAME                        slow room NAME 10s
//! role LOGIN NAME owner|admin|moderator|member
//! disable|enable|remove user LOGIN            password LOGIN NEW     revoke tokens LOGIN
//! close sessions LOGIN                        shutdown
//! reply LOGIN ROOM MESSAGE TEXT…              what only a program that embeds the hub can say: LOGIN answers a message
//! ```
//!
//! # The source
//! `file` reads and writes files, `run` goes through the steps of one, over each `connection`; `server` and `operator`
//! are the other side; `compare` and `diff` show what differs, `ahead` keeps what stands further behind; `left_out` says what cannot be done. How a dialect's frames
//! look is each one's [`Conversation`](crate::dialects::client::Conversation).

mod ahead;
mod compare;
mod connection;
mod diff;
mod file;
mod left_out;
mod operator;
mod run;
mod server;

pub use compare::belonging;
pub use diff::diff;
pub use file::{Block, CLOSED, END, Item, Person, Transcript, What, Wrong, written};
pub use left_out::left_out;
pub use run::run;
pub use server::{FRESH, Server};
