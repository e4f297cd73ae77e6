//! Which file of the matrix shows a meaning that comes from a dialect, or why none can.

use tolmach::hub::translation::Meaning;

/// Where a meaning comes from: the listeners, and the operator for what only the command line or the hub does.
pub(super) const SOURCES: [&str; 6] =
    ["jim", "talker", "purpose.1", "purpose.2", "uchat", OPERATOR];
pub(super) const OPERATOR: &str = "operator";

/// What there is of a meaning from a source.
pub(super) enum Covered {
    /// `matrix/SOURCE/NAME.txt` shows it.
    File(&'static str),
    /// The source cannot say it.
    No(&'static str),
}
use Covered::{File, No};

const ONLY_THE_HUB: &str =
    "no dialect can answer a message; a program that embeds the hub can, see the operator";
const SAYS_NOTHING: &str = "the operator is nobody in a room, and says nothing there";
const NO_FRAME: &str = "the dialect has no frame for it";
const BY_THE_SERVER: &str = "it is the server's, see the operator";
const NO_FILES: &str = "only uchat's clients send files and stickers";

pub(super) fn covered(source: &str, meaning: Meaning) -> Covered {
    use Meaning as M;
    let is = |sources: &[&str]| sources.contains(&source);
    let of = |sources: &[&str], name, why| if is(sources) { File(name) } else { No(why) };
    match meaning {
        M::Reply => of(&[OPERATOR], "reply", ONLY_THE_HUB),
        M::ToSendersOthers if source == OPERATOR => File("reply"),
        M::SessionEnded => of(&[OPERATOR], "session-ended", BY_THE_SERVER),
        M::Shutdown => of(&[OPERATOR], "shutdown", BY_THE_SERVER),
        M::Described => of(&["purpose.2", "uchat", OPERATOR], "described", NO_FRAME),
        M::RoomDeleted => of(&["purpose.2", "uchat", OPERATOR], "room-deleted", NO_FRAME),
        M::Renamed if source == "uchat" => No("a room's name in uchat is its title"),
        M::Renamed => of(&["purpose.2", OPERATOR], "renamed", NO_FRAME),
        M::Voice => of(&[OPERATOR], "voice", NO_FRAME),
        M::BannedSelf | M::BannedOther => of(&["uchat", OPERATOR], "banned", NO_FRAME),
        M::RemovedSelf | M::RemovedOther => of(&[OPERATOR], "removed", NO_FRAME),
        M::Administration => of(&["purpose.2", OPERATOR], "administration", NO_FRAME),
        M::MemberJoined => File("member"),
        // Where whoever is added or removed is connected already, or still.
        M::Online if source == OPERATOR => File("member"),
        M::Offline if source == OPERATOR => File("removed"),
        M::HistoryCleared if source == OPERATOR => No("the command line has no such command"),
        _ if source == OPERATOR => No(SAYS_NOTHING),
        M::Online => File("online"),
        M::Message | M::ToSender => File("message"),
        M::ToSendersOthers => File("to-senders-others"),
        M::Emote => File("emote"),
        M::Private => File("private"),
        M::Characters => File("characters"),
        M::Idle => File("idle"),
        M::Offline => File("offline"),
        M::LongText if source == "jim" => No("its own limit is the one that matters"),
        M::LongText => File("long-text"),
        M::DirectOpened => of(
            &["jim", "talker", "purpose.2"],
            "private",
            "it can write in a direct room, and make none",
        ),
        M::MemberLeft if source == "talker" => No("`close` ends presence only"),
        M::MemberLeft => of(&["jim", "purpose.2"], "left", NO_FRAME),
        M::Edited => of(&["talker", "uchat"], "edited", NO_FRAME),
        M::Deleted => of(&["purpose.2", "uchat"], "deleted", NO_FRAME),
        M::HistoryCleared => of(&["uchat"], "history-cleared", NO_FRAME),
        M::File => of(&["uchat"], "file", NO_FILES),
        M::Sticker => of(&["uchat"], "sticker", NO_FILES),
        M::FromHistory => of(&["uchat"], "from-history", NO_FILES),
    }
}

/// Files beside those of the table; they may show more than their source says.
pub(super) const MORE: [(&str, &str); 2] = [("jim", "notices-off"), ("purpose.2", "private-own")];
