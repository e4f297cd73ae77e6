//! What becomes of each meaning in JIM.

use crate::hub::translation::{By, Meaning, Translation};

use Meaning as M;
use Translation as T;

/// The dialect's column of the table.
pub(super) const TRANSLATIONS: &[Translation] = &[
    T::native(M::Message, "`msg` to \"#name\""),
    T::native(M::ToSender, "answer 200").by(By::Answer),
    T::native(M::ToSendersOthers, "as to anyone"),
    T::rendered(M::Emote, "text \"/me waves\""),
    T::rendered(M::Reply, "\"> name: first line\" above the text"),
    T::native(M::Private, "`msg` to the login"),
    T::partial(
        M::LongText,
        "several `msg`, in order, cut between graphemes and at white space where there is some; at most 8 pieces of 500 characters, the last one says how much is missing",
    ),
    T::native(M::Characters, "kept"),
    T::rendered(M::Online, "notice 100, off by default"),
    T::dropped(M::MemberJoined),
    T::dropped(M::DirectOpened),
    T::dropped(M::Idle),
    T::rendered(M::Offline, "notice 100, off by default"),
    T::rendered(M::MemberLeft, "notice 100, off by default").by(By::Another(M::Offline)),
    T::rendered(M::Edited, "a new `msg`: \"✎ \" + new text"),
    T::dropped(M::Deleted),
    T::dropped(M::HistoryCleared),
    T::rendered(M::Described, "notice 100, off by default"),
    T::rendered(M::Renamed, "notice 101 with both names"),
    T::rendered(M::Voice, "notice 100, off by default"),
    T::rendered(M::RoomDeleted, "notice 101"),
    T::rendered(M::BannedSelf, "notice 101, 403 from then on"),
    T::dropped(M::BannedOther),
    T::rendered(M::RemovedSelf, "notice 101, but may come back"),
    T::dropped(M::RemovedOther),
    T::dropped(M::Administration),
    T::rendered(M::File, "text \"[file] NAME (SIZE)\" and its link"),
    T::rendered(M::Sticker, "text \":NAME:\""),
    T::rendered(M::FromHistory, "as above, by the gateway's `history`").by(By::Answer),
    T::rendered(M::SessionEnded, "notice 101, close"),
    T::rendered(M::Shutdown, "notice 101, close"),
];
