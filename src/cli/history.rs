//! `tolmach history`: what was said in a room.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::commands::{self, Messages};
use crate::control::tap::TapQuery;
use crate::control::{ControlClient, ControlError, TapStream, socket_path};
use crate::model::{
    Error, HistoryOrder, HistoryQuery, Message, MessageId, MessageKind, Room, RoomSelector,
    Timestamp,
};
use crate::shown;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::no_runtime;
use super::operator::Operator;
use super::output::Output;
use super::room_name::RoomName;
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
    /// Only so many messages, the newest ones
    #[arg(long, value_name = "N", value_parser = limit, allow_hyphen_values = true)]
    limit: Option<usize>,
    /// Only what was said since then: a time in UTC (2026-08-01, 2026-08-01T11:12:40Z) or so long ago (1h, 2d)
    #[arg(long, value_name = "TIME|DURATION", value_parser = since, allow_hyphen_values = true)]
    since: Option<Timestamp>,
    /// Go on with what is said from now on, until Ctrl-C or the gateway's end; a gateway must run
    #[arg(short, long)]
    follow: bool,
    /// One object a line: id, room, from, time, kind, text, updated, deleted, file {name, size} and reply_to where there is one
    #[arg(long)]
    json: bool,
}

/// How many messages.
fn limit(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "write how many messages, as 20".to_owned())
}

/// A point in time, or how long ago it was.
fn since(text: &str) -> Result<Timestamp, String> {
    let whole_day = || humantime::parse_rfc3339_weak(&format!("{text} 00:00:00"));
    let time = humantime::parse_rfc3339_weak(text).or_else(|_| whole_day());
    let time = match (time, humantime::parse_duration(text)) {
        (Ok(time), _) => Some(time),
        (Err(_), Ok(ago)) => SystemTime::now().checked_sub(ago),
        (Err(_), Err(_)) => None,
    };
    let wrong =
        "write a time as 2026-08-01 or 2026-08-01T11:12:40Z, or how long ago as 30m, 1h or 2d";
    let since = time.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default());
    let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
    millis.map(Timestamp).ok_or_else(|| wrong.to_owned())
}

impl HistoryArgs {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        // What is said while the history is read is not missed.
        let mut live = match self.follow {
            true => Some(self.watch(to).await?),
            false => None,
        };
        let mut reading = Reading {
            name: self.direct_room_name(to).await?,
            query: HistoryQuery {
                from: self.since,
                ..HistoryQuery::page(self.room.selector(), None, PAGE)
            },
            arguments: &self,
        };
        match self.limit {
            Some(limit) => reading.newest(limit, to, out).await?,
            None => reading.rest(to, out).await?,
        }
        match &mut live {
            Some(stream) => reading.follow(stream, to, out).await,
            None => Ok(()),
        }
    }

    /// What happens in the room from now on.
    async fn watch(&self, to: &mut Operator) -> Outcome<TapStream> {
        to.attach().await?;
        let query = TapQuery {
            room: Some(self.room.selector()),
            events: true,
            ..TapQuery::default()
        };
        let path = socket_path(&to.config().data_dir);
        let watched = match ControlClient::connect(&path).await {
            Ok(client) => client.tap(&query).await,
            Err(error) => Err(error),
        };
        match watched {
            Ok(stream) => Ok(stream),
            Err(error) => Err(to.explain(About::room(&self.room), error).await),
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
}

/// A room's history, and how far it was read.
struct Reading<'a> {
    arguments: &'a HistoryArgs,
    /// What is asked for next.
    query: HistoryQuery,
    /// The name of a direct room.
    name: Option<String>,
}

impl Reading<'_> {
    /// Prints all from where the last one was.
    async fn rest(&mut self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        loop {
            let page = self.page(to).await?;
            page.messages
                .iter()
                .try_for_each(|message| self.print(out, &page.room, message))?;
            self.query.after = last_id(&page.messages).or(self.query.after);
            if page.omitted == 0 || page.messages.is_empty() {
                return Ok(());
            }
        }
    }

    /// Prints the last `limit` messages, oldest first.
    async fn newest(&mut self, limit: usize, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let mut found = Vec::new();
        self.query.order = HistoryOrder::Newest;
        let room = loop {
            // The last one is wanted in any case: from there it goes on.
            self.query.limit = (limit.max(1) - found.len()).min(PAGE);
            let page = self.page(to).await?;
            self.query.before = last_id(&page.messages).or(self.query.before);
            let is_end = page.omitted == 0 || page.messages.is_empty();
            found.extend(page.messages);
            if is_end || found.len() >= limit.max(1) {
                break page.room;
            }
        };
        self.query = HistoryQuery {
            order: HistoryOrder::Oldest,
            before: None,
            after: found.first().map(|message| message.id),
            limit: PAGE,
            ..self.query.clone()
        };
        let mut wanted = found.iter().take(limit).rev();
        wanted.try_for_each(|message| self.print(out, &room, message))
    }

    /// Prints what is said, until Ctrl-C or the gateway's end.
    async fn follow(
        &mut self,
        stream: &mut TapStream,
        to: &mut Operator,
        out: &mut Output,
    ) -> Outcome<()> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_runtime)?;
        loop {
            out.flush()?;
            let happened = tokio::select! {
                biased;
                _ = interrupt.recv() => return Err(Failure::Interrupted),
                happened = stream.next() => happened,
            };
            match happened.map_err(|error| Failure::because(error.to_string()))? {
                // What it says is read as all the rest is.
                Some(_) => self.rest(to, out).await?,
                None => {
                    // Nobody may be there to read it.
                    let _ = writeln!(io::stderr(), "tolmach: the gateway has stopped");
                    return Ok(());
                }
            }
        }
    }

    async fn page(&mut self, to: &mut Operator) -> Outcome<Messages> {
        loop {
            match to.request(commands::History(self.query.clone())).await? {
                Ok(page) => {
                    // It may get another name while this goes on.
                    self.query.room = RoomSelector::Id(page.room.id);
                    return Ok(page);
                }
                // The answer as a whole was too long to send.
                Err(ControlError::Refused(Error::TooLarge { .. })) if self.query.limit > 1 => {
                    self.query.limit /= 2;
                }
                Err(error) => {
                    return Err(to.explain(About::room(&self.arguments.room), error).await);
                }
            }
        }
    }

    fn print(&self, out: &mut Output, room: &Room, message: &Arc<Message>) -> Outcome<()> {
        if self.arguments.json {
            let name = self.name.as_ref().unwrap_or(&room.name);
            out.json(&shown::Message::of(message, name))
        } else {
            out.line(&line(message))
        }
    }
}

fn last_id(messages: &[Arc<Message>]) -> Option<MessageId> {
    messages.last().map(|message| message.id)
}

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
            sha256: None,
        };
        Message {
            file: Some(file),
            ..message(MessageKind::File, text)
        }
    }

    #[test]
    fn a_time_or_how_long_ago_it_was() {
        for (text, at) in [
            ("1970-01-02", 86_400_000),
            ("1970-01-01T00:00:02Z", 2_000),
            ("1970-01-01 00:00:03", 3_000),
            ("60000d", 0),
        ] {
            assert_eq!(since(text).map(|since| since.0), Ok(at), "{text}");
        }
        let hour = Timestamp::now().0 - since("1h").unwrap().0;
        assert!((3_600_000..3_660_000).contains(&hour), "{hour}");
        for wrong in ["", "yesterday", "5", "2026-13-01"] {
            assert!(since(wrong).unwrap_err().contains("as 30m"), "{wrong}");
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
            serde_json::to_string(&shown::Message::of(message, "@a,b")).unwrap()
        };
        let plain = r#"{"id":7,"room":"@a,b","from":"Anna","time":"1970-01-01T00:00:01.500Z","kind":"emote","text":"waves","updated":null,"deleted":false}"#;
        assert_eq!(json(&message(MessageKind::Emote, "waves")), plain);
        assert!(
            json(&file("")).ends_with(r#""deleted":false,"file":{"name":"cat.png","size":1234}}"#)
        );
    }
}
