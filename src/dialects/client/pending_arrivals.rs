//! What arrived and waits, in its order, until it is known who said it and where: for dialects that tell users and
//! rooms by number.

use super::clean;
use super::{Arrival, EMOTE, Place, Said};
use std::collections::{BTreeMap, VecDeque};

/// What stands before the text of a message that was edited.
const EDITED: &str = "✎ ";

/// Something that was said by a user, in a room, of which only the numbers are told.
pub struct PendingMessage {
    /// The number of the message, by which it is edited.
    pub id: i32,
    /// The number of the user who said it.
    pub user: i32,
    /// The number of the room in which it was said.
    pub room: i32,
    /// The text, an emote's with [`EMOTE`].
    pub text: String,
    /// When, in seconds since 1970, UTC.
    pub time: i64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is new, as it was said.
    New,
    /// It has another text.
    Edited,
    /// It has none any more.
    Deleted,
}

/// A room, as far as it is known.
#[derive(Clone)]
pub enum Chat {
    /// One of this name.
    Room(String),
    /// The one of two people, with the one of this name.
    Direct(String),
}

/// What arrived and is not shown yet, and what is known of users and rooms.
#[derive(Default)]
pub struct PendingArrivals {
    waiting: VecDeque<Waiting>,
    /// One's own id; 0 while it is not known.
    pub me: i32,
    /// `None` while it is asked for.
    users: BTreeMap<i32, Option<String>>,
    /// `None` while it is asked for.
    chats: BTreeMap<i32, Option<Chat>>,
}

enum Waiting {
    Ready(Arrival),
    Said(PendingMessage),
    /// Messages to look at, with a title.
    List(String, Vec<PendingMessage>),
}

impl PendingArrivals {
    /// Whether nothing waits to be shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Something that needs no name, behind all that waits.
    pub fn push(&mut self, arrival: Arrival) {
        self.waiting.push_back(Waiting::Ready(arrival));
    }

    /// A message whose speaker and room may not be known yet.
    pub fn push_message(&mut self, heard: PendingMessage) {
        self.waiting.push_back(Waiting::Said(heard));
    }

    /// Messages that were asked for: a notice, each with its number.
    pub fn push_list(&mut self, title: String, list: Vec<PendingMessage>) {
        self.waiting.push_back(Waiting::List(title, list));
    }

    /// The next one that waits for nothing.
    pub fn pop(&mut self) -> Option<Arrival> {
        let arrival = match self.waiting.front()? {
            Waiting::Ready(_) => None,
            Waiting::Said(heard) => Some(self.arrival(heard)?),
            Waiting::List(title, list) => Some(self.list(title, list)?),
        };
        match (self.waiting.pop_front()?, arrival) {
            (Waiting::Ready(arrival), _) => Some(arrival),
            (Waiting::Said(_) | Waiting::List(..), arrival) => arrival,
        }
    }

    /// Whether nothing is known of the user, not even that it is asked for. From now on it is.
    pub fn is_new_user(&mut self, user: i32) -> bool {
        let is_new = !self.users.contains_key(&user);
        self.users.entry(user).or_default();
        is_new
    }

    /// The same of a chat.
    pub fn is_new_chat(&mut self, chat: i32) -> bool {
        let is_new = !self.chats.contains_key(&chat);
        self.chats.entry(chat).or_default();
        is_new
    }

    /// The user has this name; without one the number must do.
    pub fn name(&mut self, user: i32, name: Option<String>) {
        let name = name.unwrap_or_else(|| format!("user {user}"));
        self.users.insert(user, Some(name));
    }

    /// The chat is this one; without a name it is a room of which only the number is known.
    pub fn chat(&mut self, chat: i32, known: Option<Chat>) {
        let known = known.unwrap_or_else(|| Chat::Room(chat.to_string()));
        self.chats.insert(chat, Some(known));
    }

    /// The users and chats that were asked for and are not known: nobody will answer over a connection that is gone.
    pub fn asked_for(&self) -> (Vec<i32>, Vec<i32>) {
        (
            unknown(&self.users).collect(),
            unknown(&self.chats).collect(),
        )
    }

    /// Nothing will be learned any more: numbers must do for what is not known.
    pub fn give_up(&mut self) {
        let users: Vec<_> = unknown(&self.users).collect();
        users.into_iter().for_each(|user| self.name(user, None));
        let chats: Vec<_> = unknown(&self.chats).collect();
        chats.into_iter().for_each(|chat| self.chat(chat, None));
    }

    /// The names of users that are known, and those of rooms with a `#`.
    #[must_use]
    pub fn known(&self) -> Vec<String> {
        let users = self.users.values().flatten().cloned();
        let rooms = self.chats.values().filter_map(|chat| match chat {
            Some(Chat::Room(name)) => Some(format!("#{name}")),
            Some(Chat::Direct(_)) | None => None,
        });
        users.chain(rooms).collect()
    }

    /// The room with the one of this name.
    pub fn direct(&self, name: &str) -> Option<i32> {
        let name = name.to_lowercase();
        let is_it = |chat: &Option<Chat>| matches!(chat, Some(Chat::Direct(other)) if other.to_lowercase() == name);
        self.chats
            .iter()
            .find(|(_, chat)| is_it(chat))
            .map(|(id, _)| *id)
    }

    /// Whether the room is known.
    pub fn knows_chat(&self, room: i32) -> bool {
        self.chats.get(&room).is_some_and(Option::is_some)
    }

    /// What a room is called, in words.
    pub fn place(&self, room: i32) -> String {
        match self.chats.get(&room) {
            Some(Some(Chat::Direct(name))) => format!("the private room with {name}"),
            _ => format!("#{}", self.room_name(room)),
        }
    }

    /// A room's name, else its number.
    pub fn room_name(&self, room: i32) -> String {
        match self.chats.get(&room) {
            Some(Some(Chat::Room(name) | Chat::Direct(name))) => name.clone(),
            _ => room.to_string(),
        }
    }

    /// A user's name, else something that stands for it.
    pub fn known_name(&self, user: i32) -> String {
        let name = self.users.get(&user).cloned().flatten();
        name.unwrap_or_else(|| format!("user {user}"))
    }

    fn list(&self, title: &str, list: &[PendingMessage]) -> Option<Arrival> {
        let mut lines = vec![title.to_owned()];
        for heard in list {
            let from = self.users.get(&heard.user)?.as_ref()?;
            let edited = if heard.fate == Fate::Edited {
                EDITED
            } else {
                ""
            };
            let (id, text) = (heard.id, clean::one_line(&heard.text));
            lines.push(format!("{id} <{from}> {edited}{text}"));
        }
        Some(Arrival::Notice(lines.join("\n")))
    }

    fn arrival(&self, heard: &PendingMessage) -> Option<Arrival> {
        let from = self.users.get(&heard.user)?.clone()?;
        let chat = self.chats.get(&heard.room)?.clone()?;
        if heard.fate == Fate::Deleted {
            let place = match chat {
                Chat::Room(room) => format!(" in #{room}"),
                Chat::Direct(_) => String::new(),
            };
            let told = format!("a message of {from}{place} was deleted");
            return Some(Arrival::Notice(told));
        }
        let is_mine = self.me != 0 && self.me == heard.user;
        let place = match chat {
            Chat::Room(room) => Place::Room(room),
            Chat::Direct(other) if is_mine => Place::PrivateTo(other),
            Chat::Direct(_) => Place::Private,
        };
        let (emote, text) = match heard.text.strip_prefix(EMOTE) {
            _ if heard.fate == Fate::Edited => (false, format!("{EDITED}{}", heard.text)),
            Some(rest) => (true, rest.to_owned()),
            None => (false, heard.text.clone()),
        };
        Some(Arrival::Said(Said {
            place,
            from,
            text,
            emote,
            own: false,
            time: heard.time,
        }))
    }
}

fn unknown<T>(known: &BTreeMap<i32, Option<T>>) -> impl Iterator<Item = i32> {
    let unknown = known.iter().filter(|(_, value)| value.is_none());
    unknown.map(|(id, _)| *id)
}
