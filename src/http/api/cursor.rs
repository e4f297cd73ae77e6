//! A place to go on from in what happens: where somebody is in each room.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::model::{Error, Result, RoomId, Seq, UserId};

/// Most characters of one.
pub(super) const MAX_CURSOR: usize = 8 * 1024;
/// What the first byte says.
const VERSION: u8 = 1;
/// Bytes by which one of ours is known.
const CHECK: usize = 4;

/// The last change that was told of each room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) user: UserId,
    pub(super) places: BTreeMap<RoomId, Seq>,
}

impl Cursor {
    /// As clients keep it.
    ///
    /// # Errors
    /// [`Error::TooLarge`]: there are more rooms than it can hold.
    pub(super) fn write(&self) -> Result<String> {
        let mut bytes = vec![VERSION];
        write(&mut bytes, u64::from(self.user.0.unsigned_abs()));
        let mut last = 0;
        for (room, seq) in &self.places {
            let room = room.0.unsigned_abs();
            write(&mut bytes, u64::from(room - last));
            write(&mut bytes, seq.0.unsigned_abs());
            last = room;
        }
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        match text.len() > MAX_CURSOR {
            true => Err(Error::TooLarge {
                limit: MAX_CURSOR as u64,
            }),
            false => Ok(text),
        }
    }

    /// What [`Cursor::write`] wrote for this user; `None`: something else.
    pub(super) fn read(text: &str, user: UserId) -> Option<Self> {
        if text.len() > MAX_CURSOR {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (mut bytes, checked) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
        if check(bytes) != checked || *bytes.first()? != VERSION {
            return None;
        }
        bytes = &bytes[1..];
        let of = UserId(i32::try_from(read(&mut bytes)?).ok()?);
        let mut places = BTreeMap::new();
        let mut last = 0;
        while !bytes.is_empty() {
            last = read(&mut bytes)?.checked_add(last)?;
            let room = RoomId(i32::try_from(last).ok()?);
            places.insert(room, Seq(i64::try_from(read(&mut bytes)?).ok()?));
        }
        (of == user).then_some(Self { user, places })
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let hash = Sha256::new_with_prefix(b"tolmach cursor")
        .chain_update(bytes)
        .finalize();
    let mut check = [0; CHECK];
    check.copy_from_slice(&hash[..CHECK]);
    check
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

    fn cursor(rooms: i32) -> Cursor {
        Cursor {
            user: UserId(7),
            places: (1..=rooms)
                .map(|room| (RoomId(room * 3), Seq(i64::from(room) * 20_000)))
                .collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_by_whose_it_is() {
        for rooms in [0, 1, 5, 1000] {
            let cursor = cursor(rooms);
            let text = cursor.write().unwrap();
            assert!(text.len() <= MAX_CURSOR, "{rooms}: {}", text.len());
            assert_eq!(Cursor::read(&text, UserId(7)), Some(cursor));
            assert_eq!(Cursor::read(&text, UserId(8)), None);
        }
        assert!(cursor(5000).write().is_err());
    }

    #[test]
    fn what_was_not_written_here_is_none() {
        let text = cursor(3).write().unwrap();
        for wrong in [
            "",
            "7",
            "AAAA",
            "not base 64!",
            &text[1..],
            &text[..text.len() - 1],
        ] {
            assert_eq!(Cursor::read(wrong, UserId(7)), None, "{wrong}");
        }
        let mut other = text.into_bytes();
        other[4] ^= 1;
        assert_eq!(
            Cursor::read(std::str::from_utf8(&other).unwrap(), UserId(7)),
            None
        );
    }
}
