//! The words that every part of tolmach shares: ids, users, rooms, messages, events, errors.
//!
//! Plain data with no behaviour beyond its own rules; nothing here imports another part of the crate,
//! and nothing here knows a dialect. Everything that crosses the bus or rests in a fixture can be
//! written and read with serde.

mod ban;
mod error;
mod event;
mod history;
mod id;
mod kept;
mod message;
mod name;
mod network;
mod news;
mod precis;
mod room;
mod secret;
mod selector;
mod text;
mod user;

pub use ban::{BanSubject, GatewayBan, GuestBan};
pub use error::{Error, Result};
pub use event::{
    EndReason, Event, Origin, Presence, PresenceChange, PresenceEvent, RoomChange, RoomEvent,
};
pub use history::{HistoryOrder, HistoryQuery, SearchQuery};
pub use id::{MessageId, NodeId, RoomId, Seq, SessionId, Timestamp, TokenId, UserId};
pub use kept::{kept_display_name, kept_file_name, kept_text, kept_title, last_component};
pub use message::{FileInfo, Message, MessageKind, Quote};
#[cfg(feature = "sqlite")]
pub(crate) use name::numbered_room_names;
pub use name::{
    fold_login, fold_room_name, fold_text, is_direct_name, is_number, room_names_from,
    validate_login, validate_room_name,
};
pub use network::Network;
pub use news::News;
pub use room::{Membership, Role, Room, RoomKind, RoomRef, SeenMarks};
pub use secret::{Secret, TokenInfo, TokenKind, TokenText};
pub use selector::{RoomSelector, Target, UserSelector};
pub use text::{
    clean_json, clean_line, clean_text, has_visible, is_visible, turns_direction, without_mark,
};
pub use user::{Present, SessionInfo, User, UserKind, UserRef};
