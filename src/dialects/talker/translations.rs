//! What becomes of each meaning in Talker.

use crate::hub::translation::{By, Meaning, Translation};

use Meaning as M;
use Translation as T;

/// The dialect's column of the table.
pub(super) const TRANSLATIONS: &[Translation] = &[
    T::native(M::Message, "`message`"),
    T::native(M::ToSender, "`message` (echo)"),
    T::native(M::ToSendersOthers, "as to anyone"),
    T::native(M::Emote, "`message` \"waves\", `\"action\": true`"),
    T::rendered(M::Reply, "\"> name: first line\" above the text"),
    T::native(
        M::Private,
        "`message`, `private`, to the recipient's connections only",
    ),
    T::native(M::LongText, "whole"),
    T::native(M::Characters, "kept"),
    T::native(M::Online, "`join`"),
    T::dropped(M::MemberJoined),
    T::dropped(M::DirectOpened),
    T::native(M::Idle, "`idle`, `back`"),
    T::native(M::Offline, "`leave`"),
    T::native(M::MemberLeft, "`leave`"),
    T::rendered(
        M::Edited,
        "a `message`: \"✎ \" + new text, with `\"edit\": event id`",
    ),
    T::dropped(M::Deleted),
    T::dropped(M::HistoryCleared),
    T::rendered(M::Described, "a `message` from the gateway (user \"0\")"),
    T::rendered(M::Renamed, "a `message` from the gateway"),
    T::rendered(M::Voice, "a `message` from the gateway"),
    T::native(M::RoomDeleted, "`error`, close"),
    T::native(M::BannedSelf, "`error`, close"),
    T::native(M::BannedOther, "`leave`").by(By::Another(M::Offline)),
    T::native(M::RemovedSelf, "`error`, close"),
    T::native(M::RemovedOther, "`leave`").by(By::Another(M::Offline)),
    T::dropped(M::Administration),
    T::rendered(M::File, "text \"[file] NAME (SIZE)\" and its link"),
    T::rendered(M::Sticker, "text \":NAME:\""),
    T::rendered(M::FromHistory, "as above").by(By::Answer),
    T::native(M::SessionEnded, "`error`, close"),
    T::native(M::Shutdown, "`error` \"Server is shutting down\", close"),
];
