//! A place to go on from in what happens: where somebody is in each room.
//!
//! Only nodes on this store can write one: by what it says a user is told what happened in a room of which it is no member
//! any more.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::{Error, Result, RoomId, Seq, UserId};
use crate::store::SecretBytes;

/// Most characters of one.
pub(super) const MAX_CURSOR: usize = 8 * 1024;
/// What the first byte says: of all rooms, or of chosen ones.
const OF_ALL: u8 = 2;
const OF_CHOSEN: u8 = 3;
/// Bytes by which one of ours is known: half of an HMAC-SHA-256.
const MARK: usize = 16;

/// The last change that was told of each room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) user: UserId,
    /// Of rooms that were named; else of all: in others the user was no member.
    pub(super) is_of_chosen: bool,
    pub(super) places: BTreeMap<RoomId, Seq>,
}

impl Cursor {
    /// As clients keep it.
    ///
    /// # Errors
    /// [`Error::TooLarge`]: there are more rooms than it can hold.
    pub(super) fn write(&self, key: &SecretBytes) -> Result<String> {
        let mut bytes = vec![match self.is_of_chosen {
            true => OF_CHOSEN,
            false => OF_ALL,
        }];
        write(&mut bytes, u64::from(self.user.0.unsigned_abs()));
        let mut last = 0;
        for (room, seq) in &self.places {
            let room = room.0.unsigned_abs();
            write(&mut bytes, u64::from(room - last));
            write(&mut bytes, seq.0.unsigned_abs());
            last = room;
        }
        let mark = signed(key, &bytes)?.finalize().into_bytes();
        bytes.extend_from_slice(&mark[..MARK]);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        match text.len() > MAX_CURSOR {
            true => Err(Error::TooLarge {
                limit: MAX_CURSOR as u64,
            }),
            false => Ok(text),
        }
    }

    /// What [`Cursor::write`] wrote for this user; `None`: something else.
    pub(super) fn read(text: &str, user: UserId, key: &SecretBytes) -> Option<Self> {
        if text.len() > MAX_CURSOR {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (bytes, mark) = bytes.split_at_checked(bytes.len().checked_sub(MARK)?)?;
        signed(key, bytes).ok()?.verify_truncated_left(mark).ok()?;
        let (kind, mut bytes) = bytes.split_first()?;
        let is_of_chosen = match *kind {
            OF_ALL => false,
            OF_CHOSEN => true,
            _ => return None,
        };
        let of = UserId(i32::try_from(read(&mut bytes)?).ok()?);
        let mut places = BTreeMap::new();
        let mut last = 0;
        while !bytes.is_empty() {
            last = read(&mut bytes)?.checked_add(last)?;
            let room = RoomId(i32::try_from(last).ok()?);
            places.insert(room, Seq(i64::try_from(read(&mut bytes)?).ok()?));
        }
        (of == user).then_some(Self {
            user,
            is_of_chosen,
            places,
        })
    }
}

fn signed(key: &SecretBytes, bytes: &[u8]) -> Result<Hmac<Sha256>> {
    // A key of any length will do.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Error::Internal)?;
    mac.update(bytes);
    Ok(mac)
}

/// Seven bits a byte, the low ones first.
fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: SecretBytes = [7; 32];

    fn cursor(rooms: i32) -> Cursor {
        Cursor {
            user: UserId(7),
            is_of_chosen: rooms % 2 == 0,
            places: (1..=rooms)
                .map(|room| (RoomId(room * 3), Seq(i64::from(room) * 20_000)))
                .collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_by_whose_it_is() {
        for rooms in [0, 1, 5, 1000] {
            let cursor = cursor(rooms);
            let text = cursor.write(&KEY).unwrap();
            assert!(text.len() <= MAX_CURSOR, "{rooms}: {}", text.len());
            assert_eq!(Cursor::read(&text, UserId(7), &KEY), Some(cursor));
            assert_eq!(Cursor::read(&text, UserId(8), &KEY), None);
            assert_eq!(Cursor::read(&text, UserId(7), &[8; 32]), None);
        }
        assert!(cursor(5000).write(&KEY).is_err());
    }

    #[test]
    fn what_was_not_written_here_is_none() {
        let text = cursor(3).write(&KEY).unwrap();
        for wrong in [
            "",
            "7",
            "AAAA",
            "not base 64!",
            &text[1..],
            &text[..text.len() - 1],
        ] {
            assert_eq!(Cursor::read(wrong, UserId(7), &KEY), None, "{wrong}");
        }
        for place in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            // The last character has bits that say nothing.
            if URL_SAFE_NO_PAD.decode(&other) == URL_SAFE_NO_PAD.decode(&text) {
                continue;
            }
            assert_eq!(Cursor::read(&other, UserId(7), &KEY), None, "{place}");
        }
    }
}
