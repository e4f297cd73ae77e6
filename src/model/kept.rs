//! What becomes of the texts of users, rooms and messages before they are kept: made clean, or refused. Whoever keeps a text asks
//! here, and whoever looks through what was kept finds nothing else.

use std::borrow::Cow;

use super::{Error, MessageKind, Result, clean_line, clean_text, has_visible};

/// Most characters of the name that a user is shown by.
const DISPLAY_NAME_CHARS: usize = 100;
/// Most characters of a room's title.
const TITLE_CHARS: usize = 100;
/// Most characters of a file's name.
const FILE_NAME_CHARS: usize = 255;

/// A room's title as it is kept.
///
/// # Errors
/// [`Error::Invalid`] with `field` and what would be right.
pub fn kept_title(field: &str, title: &str) -> Result<String> {
    let title = clean_line(title).into_owned();
    if title.chars().count() > TITLE_CHARS || !has_visible(&title) {
        return Err(Error::invalid(field, "a title has 1 to 100 characters"));
    }
    Ok(title)
}

/// The name that a user is shown by, as it is kept; an empty one is none.
///
/// # Errors
/// [`Error::Invalid`] with `field` and what would be right.
pub fn kept_display_name(field: &str, name: &str) -> Result<String> {
    let name = clean_line(name).into_owned();
    if name.chars().count() > DISPLAY_NAME_CHARS {
        let reason = format!("it has at most {DISPLAY_NAME_CHARS} characters");
        return Err(Error::invalid(field, reason));
    }
    if !name.is_empty() && !has_visible(&name) {
        return Err(Error::invalid(field, "there is nothing to see in it"));
    }
    Ok(name)
}

/// The name of a file as it is kept: the last component of what the sender gave, on one line.
///
/// # Errors
/// [`Error::Invalid`] with `field` and what would be right.
pub fn kept_file_name(field: &str, name: &str) -> Result<String> {
    let name = clean_line(last_component(name)).into_owned();
    if name.chars().count() > FILE_NAME_CHARS {
        let reason = format!("a file's name has at most {FILE_NAME_CHARS} characters");
        return Err(Error::invalid(field, reason));
    }
    if !has_visible(&name) {
        return Err(Error::invalid(field, "there is nothing to see in it"));
    }
    Ok(name)
}

/// The text of a message as it is kept. A file is seen without a caption, anything else needs something to see.
///
/// # Errors
/// [`Error::Invalid`]: there is nothing to see.
pub fn kept_text(kind: MessageKind, text: &str) -> Result<Cow<'_, str>> {
    let text = clean_text(text);
    match has_visible(&text) || (kind == MessageKind::File && text.is_empty()) {
        true => Ok(text),
        false => Err(Error::invalid("text", "there is nothing to see in it")),
    }
}

/// The last component of a name that a client gave: nothing of it leads anywhere.
#[must_use]
pub fn last_component(name: &str) -> &str {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    match last {
        "" | "." | ".." => "file",
        last => last,
    }
}
