//! What becomes of each meaning in uchat.

use crate::hub::translation::{By, Meaning, Translation};

use Meaning as M;
use Translation as T;

/// The dialect's column of the table.
pub(super) const TRANSLATIONS: &[Translation] = &[
    T::native(M::Message, "RQ_MSG"),
    T::native(M::ToSender, "RQ_MSG (echo)"),
    T::native(M::ToSendersOthers, "as to anyone"),
    T::rendered(M::Emote, "text \"/me waves\""),
    T::rendered(M::Reply, "\"> name: first line\" above the text"),
    T::native(
        M::Private,
        "RQ_MSG in a room of type 2 (made if absent; announced by RQ_JOIN_ROOM first)",
    ),
    T::native(M::LongText, "whole"),
    T::native(M::Characters, "kept"),
    T::dropped(M::Online),
    T::native(
        M::MemberJoined,
        "RQ_NEW_MEMBER, to the user's own other connections RQ_JOIN_ROOM instead",
    ),
    T::native(M::DirectOpened, "RQ_JOIN_ROOM"),
    T::dropped(M::Idle),
    T::dropped(M::Offline),
    T::native(
        M::MemberLeft,
        "RQ_DEL_ROOM to the user's own other connections",
    ),
    T::native(M::Edited, "RQ_EDIT_MSG"),
    T::native(M::Deleted, "RQ_DEL_MSG"),
    T::native(M::HistoryCleared, "RQ_DEL_HIST"),
    T::native(M::Described, "RQ_UPD_ROOM_NAME, RQ_UPD_ROOM_DESC"),
    T::dropped(M::Renamed),
    T::dropped(M::Voice),
    T::native(M::RoomDeleted, "RQ_DEL_ROOM"),
    T::native(M::BannedSelf, "RQ_DEL_ROOM"),
    T::native(M::BannedOther, "RQ_BAN_MEMBER"),
    T::native(M::RemovedSelf, "RQ_DEL_ROOM"),
    T::dropped(M::RemovedOther),
    T::dropped(M::Administration),
    T::native(M::File, "RQ_MSG, type 1"),
    T::native(M::Sticker, "RQ_MSG, type 3"),
    T::native(M::FromHistory, "message object").by(By::Answer),
    T::native(M::SessionEnded, "RQ_LOG_OUT, close"),
    T::native(M::Shutdown, "close"),
];
