//! What becomes of each meaning in telnet.

use tolmach::hub::translation::{By, Meaning as M, Translation, Translation as T};

/// The dialect's column of the table.
pub(crate) const TRANSLATIONS: &[Translation] = &[
    T::native(M::Message, "`#room <name> text`"),
    T::native(M::ToSender, "as to anyone (echo)"),
    T::native(M::ToSendersOthers, "as to anyone"),
    T::native(M::Emote, "`#room * name waves`"),
    T::rendered(M::Reply, "\"> name: first line\" above the text"),
    T::native(
        M::Private,
        "`*name* text`, to the recipient's connections only",
    ),
    T::native(M::LongText, "whole"),
    T::native(M::Characters, "kept, a line for each line of the text"),
    T::rendered(M::Online, "`** name is in #room now`"),
    T::dropped(M::MemberJoined),
    T::dropped(M::DirectOpened),
    T::rendered(M::Idle, "`** name is idle`, `** name is back`"),
    T::rendered(M::Offline, "`** name has left #room`"),
    T::rendered(
        M::MemberLeft,
        "`** you have left #room`, to the user's other connections",
    ),
    T::rendered(M::Edited, "as a message: \"✎ \" + new text"),
    T::dropped(M::Deleted),
    T::dropped(M::HistoryCleared),
    T::rendered(M::Described, "`**` and the new title or description"),
    T::rendered(M::Renamed, "`**` and both names"),
    T::rendered(M::Voice, "`**` and what"),
    T::rendered(M::RoomDeleted, "`** #room was deleted`"),
    T::rendered(M::BannedSelf, "`** you were banned from #room`"),
    T::rendered(M::BannedOther, "`** name has left #room`").by(By::Another(M::Offline)),
    T::rendered(M::RemovedSelf, "`** you were removed from #room`"),
    T::rendered(M::RemovedOther, "`** name has left #room`").by(By::Another(M::Offline)),
    T::dropped(M::Administration),
    T::rendered(M::File, "text \"[file] NAME (SIZE)\""),
    T::rendered(M::Sticker, "text \":NAME:\""),
    T::rendered(M::FromHistory, "as above").by(By::Answer),
    T::native(M::SessionEnded, "`!!` and the reason, close"),
    T::native(M::Shutdown, "`!! Server is shutting down`, close"),
];
