//! `tolmach user export`: all that is kept of an account, in one JSON document.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::commands::{ExportUser, FindRoom, SaidBy};
use crate::model::{FileInfo, Message, MessageId, RoomId, RoomSelector, UserSelector};

use crate::new_file;
use crate::refusal::{of_file, words};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::{Contents, Operator};
use super::time::Time;
use super::user::accounts_once;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The account's login, without regard to case, also of one that was removed; or # and its number
    name: String,
    /// Where to write it, a file that is not there yet; without it, or as -, standard output
    file: Option<PathBuf>,
    /// A directory for copies of the files that it sent, made if absent; each is named by its message's number, and none that is there is replaced
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
}

impl ExportArgs {
    pub(super) async fn run(self, to: &mut Operator) -> Outcome<()> {
        let about = About::user(&self.name);
        let user = self.which(to).await?;
        let known = to.ask(about, ExportUser { user }).await?;
        let user = known.account.id;
        let mut labels = HashMap::new();
        let mut rooms = Vec::new();
        for (room, membership) in &known.rooms {
            labels.insert(membership.room, room.clone());
            rooms.push(json!({
                "room": room,
                "role": membership.role,
                "joined": Time(membership.joined),
                "seen": Time(membership.seen),
            }));
        }
        let mut hidden = Vec::new();
        for (room, message) in &known.hidden {
            let room = label(to, *room, &mut labels).await?;
            hidden.push(json!({"room": room, "message": message.0}));
        }
        let tokens = known.tokens.iter().map(|token| {
            json!({
                "id": token.id.0,
                "kind": token.kind,
                "created": Time(token.created),
                "used": token.used.map(Time),
                "address": token.address,
            })
        });
        let sessions = known.sessions.iter().map(|session| {
            let mut shown = json!(session);
            shown["since"] = json!(Time(session.since));
            shown
        });
        let account = &known.account;
        let head = [
            ("format", json!("tolmach user 1")),
            (
                "account",
                json!({
                    "id": account.id.0,
                    "login": account.login,
                    "name": account.name,
                    "description": account.description,
                    "disabled": account.disabled,
                    "operator": account.operator,
                    "created": Time(account.created),
                    "last_login": known.last_login.map(Time),
                }),
            ),
            ("tokens", tokens.collect()),
            ("rooms", json!(rooms)),
            ("hidden", json!(hidden)),
            ("contacts", json!(known.contacts)),
            ("bans", json!(known.bans)),
            ("sessions", sessions.collect()),
        ];
        let mut document = Document::begin(self.file.as_deref())?;
        for (name, value) in head {
            document.write(format_args!("{}:{value},\n", json!(name)))?;
        }
        document.write(format_args!("\"messages\":["))?;
        let contents = to.contents()?;
        let (mut after, mut separator) = (Some(MessageId(0)), "\n");
        while let Some(from) = after {
            let user = UserSelector::Id(user);
            let page = to.ask(about, SaidBy { user, after: from }).await?;
            for message in &page.messages {
                let room = label(to, message.room, &mut labels).await?;
                let copy = self.copy(&contents, message).await?;
                let object = object(message, &room, copy.as_deref());
                document.write(format_args!("{separator}{object}"))?;
                separator = ",\n";
            }
            after = page.next;
        }
        document.end()
    }

    /// The account that has the login, or `#NUMBER`; where nobody has it, the one that was removed and had it.
    async fn which(&self, to: &mut Operator) -> Outcome<UserSelector> {
        match accounts_once(to, &self.name).await?[..] {
            [id] => Ok(UserSelector::Id(id)),
            ref several => {
                let numbers: Vec<String> = several.iter().map(|id| format!("#{id}")).collect();
                Err(Failure::because(format!(
                    "accounts of the login {} were removed: {}; name one by its number",
                    self.name,
                    numbers.join(", ")
                )))
            }
        }
    }

    /// Copies a message's file; its name among the copies.
    async fn copy(&self, from: &Contents, message: &Message) -> Outcome<Option<String>> {
        let (Some(directory), Some(file)) = (&self.files, &message.file) else {
            return Ok(None);
        };
        let name = copy_name(message.id, file);
        let into = directory.join(&name);
        let failed = |error: io::Error| Failure::because(of_file(&into, &error));
        fs::create_dir_all(directory).map_err(failed)?;
        match from.copy(message.room, file, &into).await {
            Ok(()) => Ok(Some(name)),
            // What was said is there; what became of the content is another matter.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

/// By the message's number, with the ending of the name that the area holds it under, which is a plain one.
fn copy_name(id: MessageId, file: &FileInfo) -> String {
    match file.stored.split_once('.') {
        Some((_, ending)) => format!("{id}.{ending}"),
        None => id.to_string(),
    }
}

fn object(message: &Message, room: &str, copy: Option<&str>) -> serde_json::Value {
    let mut object = BTreeMap::from([
        ("id", json!(message.id.0)),
        ("room", json!(room)),
        ("time", json!(Time(message.created))),
        ("kind", json!(message.kind)),
        ("text", json!(message.text)),
        ("reply_to", json!(message.reply_to)),
        ("updated", json!(message.updated.map(Time))),
        ("deleted", json!(message.deleted)),
        ("extra", json!(message.extra)),
    ]);
    if let Some(file) = &message.file {
        let file = json!({"name": file.name, "size": file.size, "copy": copy});
        object.insert("file", file);
    }
    json!(object)
}

/// What a room is called.
async fn label(
    to: &mut Operator,
    id: RoomId,
    labels: &mut HashMap<RoomId, String>,
) -> Outcome<String> {
    if let Some(label) = labels.get(&id) {
        return Ok(label.clone());
    }
    let room = RoomSelector::Id(id);
    let label = match to.request(FindRoom { room }).await? {
        Ok(room) => room.name.clone(),
        // It was removed meanwhile.
        Err(_) => format!("#{id}"),
    };
    labels.insert(id, label.clone());
    Ok(label)
}

/// A document that is written piece by piece; its file is removed if it never comes to its end.
struct Document {
    writer: BufWriter<Box<dyn Write>>,
    place: String,
    file: Option<PathBuf>,
}

impl Drop for Document {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // What stays is no JSON.
            let _ = fs::remove_file(file);
        }
    }
}

impl Document {
    fn begin(file: Option<&Path>) -> Outcome<Self> {
        let file = file.filter(|file| *file != Path::new("-"));
        let place = file.map_or("standard output".into(), |file| file.display().to_string());
        let writer: Box<dyn Write> = match file {
            None => Box::new(io::stdout()),
            Some(path) => {
                let made = new_file::create(path);
                Box::new(made.map_err(|error| Failure::because(of_file(path, &error)))?)
            }
        };
        let writer = BufWriter::new(writer);
        let file = file.map(Path::to_owned);
        let mut document = Self {
            writer,
            place,
            file,
        };
        document.write(format_args!("{{"))?;
        Ok(document)
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Outcome<()> {
        let written = self.writer.write_fmt(text);
        written.map_err(|error| self.failed(error))
    }

    fn end(mut self) -> Outcome<()> {
        self.write(format_args!("\n]}}\n"))?;
        let flushed = self.writer.flush();
        flushed.map_err(|error| self.failed(error))?;
        self.file = None;
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::because(format!("{}: {}", self.place, words(&error))),
        }
    }
}
