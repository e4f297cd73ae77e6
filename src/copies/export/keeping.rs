//! What becomes of the texts in the rows of an export: a hub that had been told them would have kept no others.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::{
    Error, FileInfo, MessageKind, clean_json, clean_text, fold_login, fold_room_name, fold_text,
    kept_display_name, kept_file_name, kept_text, kept_title, validate_login, validate_room_name,
};
use crate::store::DatabaseBuilder;

/// Where a name was met: the line, and how it is written there.
type Met = (u64, String);

/// The names that were met, by what they are compared by.
#[derive(Debug)]
pub(super) struct Keeping<'a> {
    gateway: &'a str,
    logins: HashMap<String, Met>,
    rooms: HashMap<String, Met>,
    /// Rooms' names are not judged: the steps that bring the database forward give new ones.
    renames_rooms: bool,
}

impl<'a> Keeping<'a> {
    /// Of the rows of a database of this version, where the gateway is called so.
    pub(super) fn new(database: usize, gateway: &'a str) -> Self {
        Self {
            gateway,
            logins: HashMap::new(),
            rooms: HashMap::new(),
            renames_rooms: DatabaseBuilder::renames_rooms(database),
        }
    }

    /// Makes the texts of a row those that are kept, and computes what follows from them.
    ///
    /// # Errors
    /// What cannot be kept, why, and what to do.
    pub(super) fn keep(
        &mut self,
        table: &str,
        row: &mut Map<String, Value>,
        line: u64,
    ) -> Result<(), String> {
        match table {
            "users" => self.user(row, line),
            "rooms" => self.room(row, line),
            "messages" => message(row),
            "guest_bans" => {
                let Some(login) = text(row, "login") else {
                    return Ok(());
                };
                // The name of an account that was erased is a number.
                if text(row, "folded").is_some_and(|folded| !folded.starts_with('#')) {
                    set(row, "folded", folded(login)?);
                }
                Ok(())
            }
            "changes" => {
                in_json(row, "change");
                Ok(())
            }
            "bans" => {
                in_json(row, "subject");
                in_json(row, "ban");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn user(&mut self, row: &mut Map<String, Value>, line: u64) -> Result<(), String> {
        let Some(login) = text(row, "login") else {
            return Ok(());
        };
        let login = login.to_owned();
        let by = validate_login("login", &login, self.gateway).map_err(why("of user", &login))?;
        if let Some(name) = text(row, "name") {
            let name = kept_display_name("name", name).map_err(why("of user", &login))?;
            let shown = if name.is_empty() { login.clone() } else { name };
            set(row, "name", shown);
        }
        clean(row, "description");
        let is_there = row.get("folded").is_some_and(Value::is_string);
        let is_being_erased = row.get("erasing").and_then(Value::as_i64) == Some(1);
        if is_there && !is_being_erased {
            alone(&mut self.logins, &by, &login, line)?;
            set(row, "folded", by);
        }
        Ok(())
    }

    fn room(&mut self, row: &mut Map<String, Value>, line: u64) -> Result<(), String> {
        let is_direct = text(row, "kind") == Some("direct");
        let name = text(row, "name").unwrap_or_default().to_owned();
        clean(row, "description");
        if is_direct {
            return Ok(());
        }
        if !self.renames_rooms {
            validate_room_name("name", &name).map_err(why("of room", &name))?;
            let by = fold_room_name(&name);
            alone(&mut self.rooms, &by, &name, line)?;
            set(row, "folded", by);
        }
        if let Some(title) = text(row, "title") {
            let title = kept_title("title", title).map_err(why("of room", &name))?;
            let by = fold_text(&title);
            set(row, "title", title);
            if row.contains_key("folded_title") {
                set(row, "folded_title", by);
            }
        }
        Ok(())
    }
}

fn message(row: &mut Map<String, Value>) -> Result<(), String> {
    in_json(row, "extra");
    if row.get("deleted").and_then(Value::as_i64) == Some(1) {
        return Ok(());
    }
    let id = row.get("id").map(Value::to_string).unwrap_or_default();
    let kind = text(row, "kind").unwrap_or_default();
    let kind: Result<MessageKind, _> = serde_json::from_value(kind.into());
    // Another kind is none: the database is found to be wrong.
    if let (Ok(kind), Some(said)) = (kind, text(row, "text")) {
        let kept = kept_text(kind, said).map_err(why("of message", &id))?;
        let kept = kept.into_owned();
        set(row, "text", kept);
    }
    let file = text(row, "file").map(clean_json);
    // What is no file at all is found later, as another kind is.
    let file = file.and_then(|file| serde_json::from_str::<FileInfo>(&file).ok());
    if let Some(file) = file {
        let name = kept_file_name("file", &file.name).map_err(why("of message", &id))?;
        let file = serde_json::to_string(&FileInfo { name, ..file });
        set(row, "file", file.map_err(|error| error.to_string())?);
    }
    Ok(())
}

/// By which two logins are the same.
fn folded(login: &str) -> Result<String, String> {
    fold_login(login).map_err(|why| refused("login", &format!("{login:?}"), why))
}

/// Notes a name that nothing before has.
fn alone(names: &mut HashMap<String, Met>, by: &str, name: &str, line: u64) -> Result<(), String> {
    match names.insert(by.to_owned(), (line, name.to_owned())) {
        None => Ok(()),
        Some((before, other)) => Err(format!(
            "the name {name:?} is the same as {other:?} of line {before}: only one can have it; give one of them another name"
        )),
    }
}

fn why(whose: &str, which: &str) -> impl Fn(Error) -> String {
    let whose = format!("{whose} {which:?}");
    move |error| match error {
        Error::Invalid { field, reason } => refused(&field, &whose, &reason),
        other => other.to_string(),
    }
}

fn refused(field: &str, whose: &str, reason: &str) -> String {
    format!("{field} {whose}: {reason}; mend the line, or export anew")
}

fn text<'a>(row: &'a Map<String, Value>, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str)
}

fn set(row: &mut Map<String, Value>, column: &str, value: String) {
    row.insert(column.to_owned(), value.into());
}

fn clean(row: &mut Map<String, Value>, column: &str) {
    if let Some(text) = text(row, column) {
        let cleaned = clean_text(text).into_owned();
        set(row, column, cleaned);
    }
}

/// Makes the strings clean in a text that is JSON itself.
fn in_json(row: &mut Map<String, Value>, column: &str) {
    if let Some(json) = text(row, column) {
        let cleaned = clean_json(json);
        set(row, column, cleaned);
    }
}
