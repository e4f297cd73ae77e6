//! The gateway's own user, which answers private messages in dialects that have no frames to list or leave rooms, to read a history
//! or to register; nothing said to it is stored. What it says is the same in all of them.

use std::sync::Arc;

use crate::commands;
use crate::hub::Session;
use crate::model::{
    Error, HistoryOrder, HistoryQuery, Message, MessageKind, Presence, Result, RoomSelector,
    SearchQuery, Secret, Timestamp, User, UserId, UserKind, UserSelector, fold_login,
};

use super::text::{Naming, plain_with_link};

/// Most lines of an answer, but for a history of a given length.
const LINES: usize = 50;
/// How many messages `history` tells where no number is given.
const HISTORY: usize = 20;
/// Most messages that `history` tells.
const MOST_HISTORY: usize = 100;
/// Most messages that `search` tells.
const FOUND: usize = 20;

/// What it understands, for `help` and for whoever says something else.
const HELP: &[(&str, &str)] = &[
    ("help", "this list"),
    ("rooms", "the rooms that anybody may enter, and yours"),
    ("who #room", "who is in a room"),
    (
        "history #room 20",
        "the last messages of a room, 100 at most",
    ),
    (
        "history @login 20",
        "the last private messages with somebody, 100 at most",
    ),
    (
        "search #room text",
        "the newest messages that contain a text",
    ),
    (
        "search @login text",
        "the same of the private messages with somebody",
    ),
    ("leave #room", "ends your membership of a room"),
    (
        "register PASSWORD",
        "makes an account of you; you keep your name",
    ),
    (
        "token",
        "a token for your account, for Talker, uchat and purpose",
    ),
];

/// Whether a login names the gateway itself.
#[must_use]
pub fn is_gateway(login: &str, session: &Session) -> bool {
    match (fold_login(login), fold_login(&session.options().name)) {
        (Ok(login), Ok(gateway)) => login == gateway,
        _ => false,
    }
}

/// What the gateway answers to this, line by line. `public_url`: what links to files begin with; empty: there are none.
pub async fn answer(said: &str, public_url: &str, session: &mut Session) -> Vec<String> {
    let Some(user) = session.user() else {
        return vec![Error::Unauthenticated.to_string()];
    };
    match Request::read(said) {
        Ok(request) => match request.carry_out(&user, public_url, session).await {
            Ok(lines) => lines,
            Err(error) => vec![error.to_string()],
        },
        Err(usage) => vec![usage],
    }
}

/// What it is asked. It has no `Debug`: a password may be in it.
enum Request<'a> {
    Help,
    Rooms,
    Who(RoomSelector),
    History(RoomSelector, usize),
    Private(UserSelector, usize),
    Search(Place, &'a str),
    Leave(&'a str),
    Register(&'a str),
    Token,
}

/// Where something was said.
enum Place {
    Room(RoomSelector),
    /// The direct room with somebody.
    With(UserSelector),
}

impl<'a> Request<'a> {
    fn read(said: &'a str) -> Result<Self, String> {
        let (verb, rest) = split(said);
        match (verb.to_lowercase().as_str(), rest) {
            ("help", _) => Ok(Self::Help),
            ("rooms", "") => Ok(Self::Rooms),
            ("token", "") => Ok(Self::Token),
            ("who", room) if !room.is_empty() => Ok(Self::Who(room_of(room))),
            ("history", rest) if !rest.is_empty() => {
                let (room, count) = split(rest);
                let count = match count {
                    "" => Some(HISTORY),
                    count => count
                        .parse()
                        .ok()
                        .filter(|count| (1..=MOST_HISTORY).contains(count)),
                };
                let count = count.ok_or_else(|| usage("history"))?;
                Ok(match place_of(room) {
                    Place::With(user) => Self::Private(user, count),
                    Place::Room(room) => Self::History(room, count),
                })
            }
            ("search", rest) => match split(rest) {
                (room, text) if !text.is_empty() => Ok(Self::Search(place_of(room), text)),
                _ => Err(usage("search")),
            },
            ("leave", room) if !room.is_empty() => Ok(Self::Leave(room)),
            ("register", password) if !password.is_empty() => Ok(Self::Register(password)),
            (verb @ ("rooms" | "token" | "who" | "history" | "leave" | "register"), _) => {
                Err(usage(verb))
            }
            _ => Err("I do not understand that; say: help".to_owned()),
        }
    }

    async fn carry_out(
        self,
        user: &User,
        public_url: &str,
        session: &mut Session,
    ) -> Result<Vec<String>> {
        let tell = |messages: &[Arc<Message>], none| tell(messages, none, public_url);
        match self {
            Self::Help => Ok(HELP
                .iter()
                .map(|(verb, what)| format!("{verb} — {what}"))
                .collect()),
            Self::Rooms => rooms(session).await,
            Self::Who(room) => who(room, session).await,
            Self::History(room, count) => {
                let said = history(room, count, session).await?;
                Ok(tell(&said, "nothing was said there"))
            }
            Self::Private(user, count) => {
                let said = private(user, count, session).await?;
                Ok(tell(&said, "nothing was said there"))
            }
            Self::Search(place, text) => {
                let found = search(place, text, session).await?;
                Ok(tell(&found, "nothing was found"))
            }
            Self::Leave(room) => leave(room, session).await,
            Self::Register(password) => register(password, user, session).await,
            Self::Token => token(user, session).await,
        }
    }
}

/// The first word, and what comes behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn room_of(name: &str) -> RoomSelector {
    let name = name.trim();
    RoomSelector::Name(name.strip_prefix('#').unwrap_or(name).to_owned())
}

/// A room, or with `@` in front who the other of a direct room is: by login, or by number as in `@#7`.
fn place_of(name: &str) -> Place {
    let Some(other) = name.strip_prefix('@') else {
        return Place::Room(room_of(name));
    };
    let number = other.strip_prefix('#').and_then(|id| id.parse().ok());
    Place::With(match number {
        Some(id) => UserSelector::Id(UserId(id)),
        None => UserSelector::Login(other.to_owned()),
    })
}

fn usage(verb: &str) -> String {
    let found = HELP.iter().find(|(line, _)| split(line).0 == verb);
    let (line, what) = found.copied().unwrap_or(HELP[0]);
    format!("say it so: {line} — {what}")
}

async fn rooms(session: &mut Session) -> Result<Vec<String>> {
    let prefix = String::new();
    let public = session.call(commands::SearchRooms { prefix }).await?;
    let mine = session.call(commands::MyRooms).await?;
    let mut rooms = mine.clone();
    rooms.retain(|room| !room.name.is_empty());
    rooms.extend(
        public
            .into_iter()
            .filter(|room| mine.iter().all(|own| own.id != room.id)),
    );
    rooms.sort_by_key(|room| room.id);
    let line = |room: &crate::model::Room| {
        let mut line = format!("#{}", room.name);
        if room.title != room.name {
            line += &format!(" “{}”", room.title);
        }
        if room.protected {
            line += " (asks for a password)";
        }
        if mine.iter().any(|own| own.id == room.id) {
            line += " (you are in it)";
        }
        line
    };
    let all = rooms.len();
    let mut lines: Vec<String> = rooms.iter().take(LINES).map(|room| line(room)).collect();
    match all {
        0 => lines.push("there are no rooms yet; join one to make it".to_owned()),
        all if all > LINES => lines.push(format!("… and {} more", all - LINES)),
        _ => {}
    }
    Ok(lines)
}

async fn who(room: RoomSelector, session: &mut Session) -> Result<Vec<String>> {
    let present = session.call(commands::Who { room }).await?;
    let names: Vec<String> = present
        .iter()
        .map(|present| match present.presence {
            Presence::Online => present.user.login.clone(),
            Presence::Idle => format!("{} (idle)", present.user.login),
        })
        .collect();
    Ok(vec![if names.is_empty() {
        "nobody is there".to_owned()
    } else {
        names.join(", ")
    }])
}

/// The last messages of a room, the newest first.
async fn history(
    room: RoomSelector,
    count: usize,
    session: &mut Session,
) -> Result<Vec<Arc<Message>>> {
    let mut query = HistoryQuery::page(room, None, count);
    query.order = HistoryOrder::Newest;
    Ok(session.call(commands::History(query)).await?.messages)
}

/// The last private messages with somebody, which are seen then.
async fn private(
    user: UserSelector,
    count: usize,
    session: &mut Session,
) -> Result<Vec<Arc<Message>>> {
    let Some(room) = direct(user, session).await? else {
        return Ok(Vec::new());
    };
    let said = history(room.clone(), count, session).await?;
    if let Some(at) = said.first().map(|message| message.created) {
        session.call(commands::MarkSeen { room, at }).await?;
    }
    Ok(said)
}

/// The direct room with somebody, if there is one.
async fn direct(user: UserSelector, session: &mut Session) -> Result<Option<RoomSelector>> {
    let create = false;
    match session.call(commands::Direct { user, create }).await {
        Ok(room) => Ok(Some(RoomSelector::Id(room.id))),
        Err(Error::NoSuchRoom) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is said to who comes in over a dialect that shows no private messages from before: that some wait, and from whom.
pub async fn waiting(session: &mut Session) -> Option<String> {
    let waiting = match session.call(commands::Waiting).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::debug!(%error, "it is not known what waits for somebody");
            return None;
        }
    };
    let first = &waiting.first()?.from;
    let total: u64 = waiting.iter().map(|one| one.messages).sum();
    let who: Vec<String> = waiting
        .iter()
        .map(|one| match one.is_gone {
            false => format!("{} ({})", one.from.login, one.messages),
            true => format!(
                "#{} {}, who is gone ({})",
                one.from.id, one.from.login, one.messages
            ),
        })
        .collect();
    let what = match total {
        1 => "1 private message is waiting".to_owned(),
        total => format!("{total} private messages are waiting"),
    };
    let (who, first) = (
        who.join(", "),
        match waiting[0].is_gone {
            false => first.login.clone(),
            true => format!("#{}", first.id),
        },
    );
    Some(format!("{what}: {who}; say to me: history @{first}"))
}

async fn search(place: Place, text: &str, session: &mut Session) -> Result<Vec<Arc<Message>>> {
    let room = match place {
        Place::Room(room) => room,
        Place::With(user) => match direct(user, session).await? {
            Some(room) => room,
            None => return Ok(Vec::new()),
        },
    };
    let command = commands::Search {
        room,
        query: SearchQuery::containing(text, FOUND),
    };
    Ok(session.call(command).await?.messages)
}

/// A connection that is in that room alone is closed by it, as the dialect has it.
async fn leave(name: &str, session: &mut Session) -> Result<Vec<String>> {
    let room = room_of(name);
    session.call(commands::Leave { room }).await?;
    let bare = name.strip_prefix('#').unwrap_or(name);
    Ok(vec![format!("you are no member of #{bare} any more")])
}

/// Messages as lines, the oldest first.
fn tell(messages: &[Arc<Message>], none: &str, public_url: &str) -> Vec<String> {
    let lines = messages.iter().rev().map(|said| line(said, public_url));
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        lines.push(none.to_owned());
    }
    lines
}

fn line(message: &Message, public_url: &str) -> String {
    let (time, login) = (time(message.created), &message.sender.login);
    match message.kind {
        _ if message.deleted => format!("{time} <{login}> (deleted)"),
        MessageKind::Emote => format!("{time} * {login} {}", message.text),
        _ => {
            let text = plain_with_link(message, Naming::Login, public_url);
            format!("{time} <{login}> {text}")
        }
    }
}

/// To the second, in UTC.
fn time(at: Timestamp) -> String {
    let since = std::time::Duration::from_secs(at.seconds().try_into().unwrap_or(0));
    let text = humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string();
    text.replace('T', " ").trim_end_matches('Z').to_owned()
}

/// "A guest becomes an account and keeps its id."
async fn register(password: &str, user: &User, session: &mut Session) -> Result<Vec<String>> {
    if user.kind == UserKind::Account {
        return Ok(vec![format!("{} is an account already", user.login)]);
    }
    let command = commands::Register {
        login: user.login.clone(),
        secret: Secret::Password(password.to_owned()),
        name: String::new(),
        description: String::new(),
    };
    session.call(command).await?;
    Ok(vec![format!(
        "{} is an account now; its password is the one you gave",
        user.login
    )])
}

async fn token(user: &User, session: &mut Session) -> Result<Vec<String>> {
    if user.kind != UserKind::Account {
        return Ok(vec![
            "only accounts have tokens; say: register PASSWORD".to_owned(),
        ]);
    }
    let command = commands::CreateToken {
        user: UserSelector::Id(user.id),
        value: None,
    };
    Ok(vec![session.call(command).await?.value.0])
}
