//! The rows whose texts or names no hub would have kept.

use crate::model::{
    Error, Message, Result, RoomKind, clean_json, clean_text, fold_login, fold_room_name,
    kept_display_name, kept_file_name, kept_text, kept_title, validate_room_name,
};
use crate::store::{RoomRow, UserRow};

/// What is wrong with the texts of a user.
pub(super) fn of_user(row: &UserRow) -> Option<String> {
    let user = &row.user;
    let by = match fold_login(&user.login) {
        Ok(by) => by,
        Err(why) => return Some(format!("its login cannot be one: {why}")),
    };
    // The login of one that is being erased is gone before its name is free.
    let found = row.folded.as_ref().filter(|_| !row.erasing);
    found
        .and_then(|found| found_as(found, &by))
        .or_else(|| {
            differs(
                "its name",
                &user.name,
                kept_display_name("name", &user.name),
            )
        })
        .or_else(|| {
            unclean(
                "its description",
                &user.description,
                clean_text(&user.description),
            )
        })
}

/// What is wrong with the texts of a room.
pub(super) fn of_room(row: &RoomRow) -> Option<String> {
    let room = &row.room;
    let description = unclean(
        "its description",
        &room.description,
        clean_text(&room.description),
    );
    if room.kind == RoomKind::Direct {
        return description;
    }
    if let Err(error) = validate_room_name("name", &room.name) {
        return Some(because("its name cannot be one", &error));
    }
    differs("its title", &room.title, kept_title("title", &room.title)).or(description)
}

/// Whether a room of this name is found by this.
pub(super) fn found_as_room(name: &str, found: &str) -> Option<String> {
    found_as(found, &fold_room_name(name))
}

/// What is wrong with the texts of a message.
pub(super) fn of_message(message: &Message) -> Option<String> {
    if message.deleted {
        return None;
    }
    let text = &message.text;
    let name = |name: &str| differs("the name of its file", name, kept_file_name("file", name));
    let kept = kept_text(message.kind, text);
    differs("its text", text, kept)
        .or_else(|| message.file.as_ref().and_then(|file| name(&file.name)))
        .or_else(|| {
            unclean(
                "what it has beside",
                &message.extra,
                clean_json(&message.extra),
            )
        })
}

fn found_as(found: &str, by: &str) -> Option<String> {
    (found != by).then(|| format!("it is found as {found:?}, and should be as {by:?}"))
}

fn differs(what: &str, is: &str, kept: Result<impl AsRef<str>>) -> Option<String> {
    match kept {
        Ok(kept) => unclean(what, is, kept),
        Err(error) => Some(because(&format!("{what} cannot be one"), &error)),
    }
}

fn unclean(what: &str, is: &str, kept: impl AsRef<str>) -> Option<String> {
    let reason = "is not clean: it has control characters or directories";
    (is != kept.as_ref()).then(|| format!("{what} {reason}"))
}

fn because(what: &str, error: &Error) -> String {
    match error {
        Error::Invalid { reason, .. } => format!("{what}: {reason}"),
        other => format!("{what}: {other}"),
    }
}
