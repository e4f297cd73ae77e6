//! What bodies are made of, by the names of the page, as far as they are shown.

use std::borrow::Cow;

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I32,
    /// UNIX seconds.
    Time,
    Ipv4,
    Text,
}

type Fields = [(&'static str, Kind)];

/// Fields that are shown on one line.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) fields: Cow<'static, Fields>,
    /// The body may end before it.
    pub(super) is_optional: bool,
    /// It comes as often as there are bytes.
    pub(super) is_repeated: bool,
}

pub(super) const CHAT: &Fields = &[
    ("id", Kind::I32),
    ("title", Kind::Text),
    ("is_direct", Kind::U8),
    ("updated", Kind::Time),
    ("nickname", Kind::Text),
    ("has_password", Kind::U8),
];
pub(super) const MESSAGE: &Fields = &[
    ("id", Kind::I32),
    ("sender_id", Kind::I32),
    ("chat_id", Kind::I32),
    ("created", Kind::Time),
    ("updated", Kind::Time),
    ("status", Kind::U8),
    ("text", Kind::Text),
];
pub(super) const USER: &Fields = &[
    ("id", Kind::I32),
    ("name", Kind::Text),
    ("nickname", Kind::Text),
];
pub(super) const SESSION: &Fields = &[
    ("id", Kind::I32),
    ("ipv4", Kind::Ipv4),
    ("last_activity", Kind::Time),
    ("user_id", Kind::I32),
];

/// One field.
pub(super) fn field(name: &'static str, kind: Kind) -> Row {
    Row {
        fields: Cow::Owned(vec![(name, kind)]),
        is_optional: false,
        is_repeated: false,
    }
}

/// One field, which may be missing.
pub(super) fn optional(name: &'static str, kind: Kind) -> Row {
    Row {
        is_optional: true,
        ..field(name, kind)
    }
}

/// A structure.
pub(super) fn one(fields: &'static Fields) -> Row {
    Row {
        fields: Cow::Borrowed(fields),
        is_optional: false,
        is_repeated: false,
    }
}

/// Structures to the end.
pub(super) fn many(fields: &'static Fields) -> Row {
    Row {
        is_repeated: true,
        ..one(fields)
    }
}
