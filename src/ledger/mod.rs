//! What each durable change does to what is stored, and who may ask for it.
//!
//! A [`Write`] is plain data. [`apply()`] carries one out inside a store's transaction, through [`Rows`], and
//! says what came of it: an [`Outcome`] and the [`RoomEvent`](crate::model::RoomEvent)s to tell, or an error; then no row was
//! touched. The rules live here once, whatever the store, and are decided inside the transaction, so that
//! two changes that arrive together cannot both win.
//!
//! Who may do what is [`rules::TABLE`].

mod apply;
mod contacts;
mod members;
mod messages;
mod rooms;
mod rows;
pub mod rules;
mod users;
mod write;

pub use apply::{Applied, Policy, apply};
pub use rows::{ApplyError, RoomRow, RowsError, TokenRow, Transaction, UserRow};
pub use write::{Actor, Change, NewToken, Outcome, Place, Write};
