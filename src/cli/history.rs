//! `tolmach history`: what was said in a room.

use std::sync::Arc;

use crate::commands;
use crate::control::ControlError;
use crate::model::{Error, HistoryQuery, Message, MessageId, MessageKind, RoomSelector};
use clap::Args;
use serde_json::json;

use super::about::About;
use super::failure::Outcome;
use super::operator::Operator;
use super::output::Output;
use super::room_name::RoomName;
use super::table::{Column, Object, Value};
use super::time::Time;
use super::user::account;

/// Messages that are asked for at once.
const PAGE: usize = 256;
/// What stands for a line break within a line.
const LINE_BREAK: &str = " ⏎ ";

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The room; @a,b is the direct room of two
    room: RoomName,
    /// One object a line: id, room, from, time, kind, text, updated, deleted, file {name, size} where there is one
    #[arg(long)]
    json: bool,
}

impl HistoryArgs {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let mut room = self.room.selector();
        let direct = self.direct_room_name(to).await?;
        let (mut after, mut limit) = (None, PAGE);
        loop {
            let query = HistoryQuery::page(room.clone(), after, limit);
            let page = match to.request(commands::History(query)).await? {
                Ok(page) => page,
                // The answer as a whole was too long to send.
                Err(ControlError::Refused(Error::TooLarge { .. })) if limit > 1 => {
                    limit /= 2;
                    continue;
                }
                Err(error) => return Err(About::room(&self.room).explain(error)),
            };
            let name = direct.as_ref().unwrap_or(&page.room.name);
            page.messages
                .iter()
                .try_for_each(|message| self.print(out, name, message))?;
            // It may get another name while this goes on.
            room = RoomSelector::Id(page.room.id);
            after = last_id(&page.messages).or(after);
            if page.omitted == 0 || page.messages.is_empty() {
                return Ok(());
            }
        }
    }

    /// `@a,b` with the logins as they are written.
    async fn direct_room_name(&self, to: &mut Operator) -> Outcome<Option<String>> {
        let RoomName::Direct(a, b) = &self.room else {
            return Ok(None);
        };
        let mut logins = Vec::new();
        for login in [a, b] {
            let find = commands::FindUser {
                user: account(login),
            };
            let user = to.ask(About::user(login), find).await?;
            logins.push(user.login.clone());
        }
        Ok(Some(format!("@{}", logins.join(","))))
    }

    fn print(&self, out: &mut Output, room: &str, message: &Arc<Message>) -> Outcome<()> {
        if self.json {
            out.json(&Object(ENTRY, &(room.to_owned(), message.clone())))
        } else {
            out.line(&line(message))
        }
    }
}

fn last_id(messages: &[Arc<Message>]) -> Option<MessageId> {
    messages.last().map(|message| message.id)
}

/// A message with `--json`, and its room's name.
const ENTRY: &[Column<(String, Arc<Message>)>] = &[
    Column::json("id", |(_, message)| Value::of(message.id.0)),
    Column::json("room", |(room, _)| Value::of(room)),
    Column::json("from", |(_, message)| Value::of(&message.sender.login)),
    Column::json("time", |(_, message)| Time(message.created).into()),
    Column::json("kind", |(_, message)| Value::of(message.kind)),
    Column::json("text", |(_, message)| Value::of(&message.text)),
    Column::json("updated", |(_, message)| message.updated.map(Time).into()),
    Column::json("deleted", |(_, message)| Value::of(message.deleted)),
    Column::json("file", |(_, message)| match &message.file {
        Some(file) => Value::of(json!({"name": file.name, "size": file.size})),
        None => Value::Absent,
    }),
];

/// A message for a person: `2026-08-01T11:12:40Z <anna> text`.
fn line(message: &Message) -> String {
    let (time, from) = (Time(message.created), &message.sender.login);
    if message.deleted {
        return format!("{time} <{from}> (deleted)");
    }
    let text = in_one_line(&message.text);
    let said = match (message.kind, &message.file) {
        (MessageKind::Emote, _) => format!("* {from} {text}"),
        (MessageKind::Sticker, _) => format!("<{from}> :{text}:"),
        (MessageKind::File, Some(file)) => {
            let caption = if message.text == file.name { "" } else { &text };
            let said = format!(
                "<{from}> [file] {} ({} bytes) {caption}",
                in_one_line(&file.name),
                file.size
            );
            said.trim_end().to_owned()
        }
        (MessageKind::Text | MessageKind::File, _) => format!("<{from}> {text}"),
    };
    let edited = if message.updated.is_some() {
        " (edited)"
    } else {
        ""
    };
    format!("{time} {said}{edited}")
}

fn in_one_line(text: &str) -> String {
    text.replace(['\n', '\u{85}', '\u{2028}', '\u{2029}'], LINE_BREAK)
}

#[cfg(test)]
mod tests {
    use crate::model::{FileInfo, RoomId, Seq, Timestamp, UserId, UserRef};

    use super::*;

    fn message(kind: MessageKind, text: &str) -> Message {
        Message {
            id: MessageId(7),
            room: RoomId(1),
            seq: Seq(1),
            sender: Arc::new(UserRef {
                id: UserId(3),
                login: "Anna".to_owned(),
                name: "A.".to_owned(),
            }),
            kind,
            text: text.to_owned(),
            reply_to: None,
            quote: None,
            created: Timestamp(1_500),
            updated: None,
            deleted: false,
            file: None,
            extra: String::new(),
        }
    }

    fn file(text: &str) -> Message {
        let file = FileInfo {
            name: "cat.png".to_owned(),
            size: 1234,
            stored: "x".to_owned(),
        };
        Message {
            file: Some(file),
            ..message(MessageKind::File, text)
        }
    }

    #[test]
    fn every_kind_is_one_line() {
        let edited = Message {
            updated: Some(Timestamp(2_000)),
            ..message(MessageKind::Text, "b")
        };
        let deleted = Message {
            deleted: true,
            ..edited.clone()
        };
        for (message, expected) in [
            (
                message(MessageKind::Text, "a\nb\u{2028}c"),
                "<Anna> a ⏎ b ⏎ c",
            ),
            (message(MessageKind::Emote, "waves"), "* Anna waves"),
            (message(MessageKind::Sticker, "cat"), "<Anna> :cat:"),
            (file("cat.png"), "<Anna> [file] cat.png (1234 bytes)"),
            (file("my cat"), "<Anna> [file] cat.png (1234 bytes) my cat"),
            (edited, "<Anna> b (edited)"),
            (deleted, "<Anna> (deleted)"),
        ] {
            assert_eq!(line(&message), format!("1970-01-01T00:00:01Z {expected}"));
        }
    }

    #[test]
    fn the_object_has_the_promised_fields() {
        let json = |message: &Message| {
            let row = ("@a,b".to_owned(), Arc::new(message.clone()));
            serde_json::to_string(&Object(ENTRY, &row)).unwrap()
        };
        let plain = r#"{"id":7,"room":"@a,b","from":"Anna","time":"1970-01-01T00:00:01.500Z","kind":"emote","text":"waves","updated":null,"deleted":false}"#;
        assert_eq!(json(&message(MessageKind::Emote, "waves")), plain);
        assert!(
            json(&file("")).ends_with(r#""deleted":false,"file":{"name":"cat.png","size":1234}}"#)
        );
    }
}
