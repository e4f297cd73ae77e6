//! What is asked for reads but for histories.

use super::values::{MEMBER, ROOM};

/// The newest message's number, also of one that is gone with its room.
pub(super) const LAST_MESSAGE: &str =
    "SELECT greatest(value, (SELECT max(id) FROM messages)) FROM counters WHERE name = 'messages'";
pub(super) const MEMBER_COUNT: &str =
    "SELECT count(*) FROM members WHERE room = $1 AND role <> 'banned'";
pub(super) const FILES: &str = "SELECT m.file::json ->> 'stored' FROM messages m JOIN rooms r ON r.id = m.room \
    WHERE m.room = $1 AND m.file IS NOT NULL AND NOT m.deleted AND m.seq > greatest(r.cleared, r.pruned)";
pub(super) const IS_HIDDEN: &str = "SELECT EXISTS (SELECT 1 FROM messages m JOIN hidden h \
    ON h.\"user\" = $1 AND h.room = m.room AND h.message = m.id JOIN rooms r ON r.id = m.room WHERE m.id = $2)";
pub(super) const HIDDEN_FROM: &str = "SELECT message, \"user\" FROM hidden WHERE room = $1 AND message = ANY($2) \
    ORDER BY message, \"user\"";
pub(super) const HIDDEN_BY: &str = "SELECT h.room, message FROM hidden h JOIN rooms r ON r.id = h.room WHERE \"user\" = $1 ORDER BY h.room, message";

/// The rooms whose folded name or title begins with something: `$1`, up to `$2` if that is there.
pub(super) fn public_rooms() -> String {
    format!(
        "SELECT {ROOM} FROM rooms r WHERE kind = 'public' AND id IN ( \
            SELECT id FROM rooms WHERE folded >= $1 AND ($2::text IS NULL OR folded < $2) UNION \
            SELECT id FROM rooms WHERE folded_title >= $1 AND ($2::text IS NULL OR folded_title < $2)) ORDER BY id"
    )
}

/// The least text that is greater than every text with this prefix; `None`: there is none.
pub(super) fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut stem: Vec<char> = prefix.chars().collect();
    while let Some(last) = stem.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            stem.push(next);
            return Some(stem.into_iter().collect());
        }
    }
    None
}

pub(super) fn seen_marks() -> String {
    format!(
        "SELECT {MEMBER} FROM members m WHERE m.room = $1 AND m.role <> 'banned' AND m.seen > 0 \
            ORDER BY m.seen DESC, m.joined, m.\"user\" LIMIT 2"
    )
}

pub(super) fn members() -> String {
    format!(
        "SELECT {MEMBER}, u.login, u.name FROM members m JOIN users u ON u.id = m.\"user\" WHERE m.room = $1 \
            ORDER BY m.joined, m.\"user\""
    )
}
