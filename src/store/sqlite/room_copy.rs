//! A room in a database that nobody writes, as another store can take it in.

use std::sync::Arc;

use rusqlite::params;

use super::copy::DatabaseCopy;
use super::values::{self, MEMBER, MESSAGE, SENDER, USER, all};
use super::{OpenError, bans, reads};
use crate::model::{GuestBan, Membership, Message, MessageId, RoomId, Seq, UserId, UserRef};
use crate::store::{RoomRow, UserRow};

/// A room and what ends with it, but for its messages and changes. The numbers are those that its database gave.
#[derive(Debug)]
pub struct RoomCopy {
    /// The row of the room, with its secret.
    pub row: Arc<RoomRow>,
    /// All users of the database.
    pub users: Vec<Arc<UserRow>>,
    /// Members and banned, in the order of `joined`.
    pub members: Vec<Membership>,
    /// Who hid which of its messages.
    pub hidden: Vec<(UserId, MessageId)>,
    /// The bans of guests from it.
    pub guest_bans: Vec<GuestBan>,
}

impl DatabaseCopy {
    /// A room, if it is there.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn one_room(&self, id: RoomId) -> Result<Option<RoomCopy>, OpenError> {
        self.read(|conn| {
            let Some(row) = reads::room(conn, id)? else {
                return Ok(None);
            };
            let users = format!("SELECT {USER} FROM users ORDER BY id");
            let members =
                format!("SELECT {MEMBER} FROM members m WHERE room = ?1 ORDER BY joined, user");
            let hidden = "SELECT user, message FROM hidden WHERE room = ?1";
            Ok(Some(RoomCopy {
                row,
                users: all(conn, &users, [], values::user)?,
                members: all(conn, &members, [id], values::member)?,
                hidden: all(conn, hidden, [id], |row| Ok((row.get(0)?, row.get(1)?)))?,
                guest_bans: bans::guest_bans(conn, Some(id))?,
            }))
        })
    }

    /// The next messages of a room after a place, deleted ones too, at most `limit`. Of a sender only the number is known.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn said(&self, room: RoomId, after: Seq, limit: u32) -> Result<Vec<Message>, OpenError> {
        let sql = format!(
            "SELECT {MESSAGE} FROM messages m WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
        );
        self.read(|conn| {
            all(conn, &sql, params![room, after, limit], |row| {
                let sender = UserRef {
                    id: row.get(SENDER)?,
                    login: String::new(),
                    name: String::new(),
                };
                values::message(row, Arc::new(sender))
            })
        })
    }
}
