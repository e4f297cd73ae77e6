//! What becomes of each meaning in the purpose-byte protocol.

use crate::hub::translation::{By, Meaning, Translation};

use Meaning as M;
use Translation as T;

/// The dialect's column of the table.
pub(super) const TRANSLATIONS: &[Translation] = &[
    T::native(M::Message, "MSG_NOTIFY / NTF_CHAT_MSG"),
    T::native(M::ToSender, "ACCEPTED").by(By::Answer),
    T::native(M::ToSendersOthers, "as to anyone"),
    T::rendered(M::Emote, "text \"/me waves\""),
    T::rendered(M::Reply, "\"> name: first line\" above the text"),
    T::native(
        M::Private,
        "message in the direct chat (made if absent; r2: NTF_JOIN_CHAT first)",
    ),
    T::native(M::LongText, "whole"),
    T::native(M::Characters, "kept"),
    T::dropped(M::Online),
    T::native(
        M::MemberJoined,
        "NTF_JOIN_CHAT to the user's other connections (r2)",
    ),
    T::native(M::DirectOpened, "NTF_JOIN_CHAT (r2)"),
    T::dropped(M::Idle),
    T::dropped(M::Offline),
    T::native(
        M::MemberLeft,
        "NTF_LEAVE_CHAT to the user's other connections (r2)",
    ),
    T::native(M::Edited, "the message again, newer `updated`"),
    T::native(M::Deleted, "the message again, status 2"),
    T::dropped(M::HistoryCleared),
    T::dropped(M::Described),
    T::dropped(M::Renamed),
    T::dropped(M::Voice),
    T::native(M::RoomDeleted, "NTF_LEAVE_CHAT (r2), DECLINED from then on"),
    T::native(M::BannedSelf, "NTF_LEAVE_CHAT (r2), DECLINED from then on"),
    T::dropped(M::BannedOther),
    T::native(
        M::RemovedSelf,
        "NTF_LEAVE_CHAT (r2), DECLINED until it joins again",
    ),
    T::dropped(M::RemovedOther),
    T::dropped(M::Administration),
    T::rendered(M::File, "text \"[file] NAME (SIZE)\" and its link"),
    T::rendered(M::Sticker, "text \":NAME:\""),
    T::rendered(M::FromHistory, "as above").by(By::Answer),
    T::native(M::SessionEnded, "DEAUTH, close"),
    T::native(M::Shutdown, "DISCONNECT, close"),
];
