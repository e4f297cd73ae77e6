//! Commands and selectors in few words, and events as lines.

use sha2::{Digest, Sha256};
use tolmach::commands;
use tolmach::model::{
    Event, PresenceChange, RoomChange, RoomId, RoomKind, RoomRef, RoomSelector, Secret, Target,
    UserRef, UserSelector,
};

pub(crate) fn name(room: &str) -> RoomSelector {
    RoomSelector::Name(room.to_owned())
}

pub(crate) fn by_id(room: RoomId) -> RoomSelector {
    RoomSelector::Id(room)
}

pub(crate) fn login(user: &str) -> UserSelector {
    UserSelector::Login(user.to_owned())
}

/// A password, made of a word as long as new ones have to be.
pub(crate) fn password(word: &str) -> Secret {
    Secret::Password(long(word))
}

fn long(word: &str) -> String {
    format!("{word} horse battery")
}

/// The digits that stand for a password.
pub(crate) fn sha256(word: &str) -> Secret {
    Secret::Sha256(
        Sha256::digest(long(word))
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

pub(crate) fn register(login: &str) -> commands::Register {
    commands::Register {
        login: login.to_owned(),
        secret: password(login),
        name: String::new(),
        description: String::new(),
    }
}

pub(crate) fn log_in(login: &str, secret: Secret) -> commands::LogIn {
    commands::LogIn {
        login: login.to_owned(),
        secret,
        token: false,
    }
}

pub(crate) fn token(text: &str) -> commands::LogInToken {
    commands::LogInToken {
        token: text.into(),
        id: None,
    }
}

pub(crate) fn guest(name: &str) -> commands::LogInGuest {
    commands::LogInGuest {
        name: name.to_owned(),
    }
}

pub(crate) fn create_room(name: &str, kind: RoomKind) -> commands::CreateRoom {
    let (title, description) = (String::new(), String::new());
    commands::CreateRoom {
        name: name.to_owned(),
        title,
        description,
        kind,
        password: None,
    }
}

pub(crate) fn enter(room: RoomSelector) -> commands::Enter {
    commands::Enter {
        room,
        password: None,
        create: commands::Create::No,
    }
}

pub(crate) fn draft(room: RoomSelector, text: &str) -> commands::Send {
    commands::Send::text(Target::Room(room), text)
}

pub(crate) fn say(room: RoomSelector, text: &str) -> commands::Send {
    draft(room, text)
}

pub(crate) fn to_user(user: UserSelector, text: &str) -> commands::Send {
    commands::Send::text(Target::User(user), text)
}

pub(crate) fn lines(events: &[Event]) -> Vec<String> {
    events.iter().map(line).collect()
}

/// `#tea anna: hello`, `#tea joined boris`, `#tea online boris`; `@anna,boris` for their direct room.
fn line(event: &Event) -> String {
    match event {
        Event::Room(event) => {
            let room = room(
                &event.room,
                [Some(&event.actor), event.peer.as_ref()]
                    .into_iter()
                    .flatten()
                    .map(AsRef::as_ref),
            );
            format!("{room} {}", change(&event.change))
        }
        Event::Presence(event) => {
            let change = match event.change {
                PresenceChange::Online => "online",
                PresenceChange::Idle => "idle",
                PresenceChange::Back => "back",
                PresenceChange::Offline => "offline",
            };
            format!("#{} {change} {}", event.room.name, event.who.user.login)
        }
        Event::Ended(reason) => format!("ended {reason:?}"),
    }
}

fn room<'a>(room: &RoomRef, pair: impl Iterator<Item = &'a UserRef>) -> String {
    if room.kind != RoomKind::Direct {
        return format!("#{}", room.name);
    }
    let mut pair: Vec<&str> = pair.map(|user| user.login.as_str()).collect();
    pair.sort_unstable();
    format!("@{}", pair.join(","))
}

fn change(change: &RoomChange) -> String {
    match change {
        RoomChange::Created => "created".to_owned(),
        RoomChange::Posted(message) => format!("{}: {}", message.sender.login, message.text),
        RoomChange::Edited(message) => format!("edited {}: {}", message.sender.login, message.text),
        RoomChange::Deleted(message) => {
            format!("deleted {}:{}", message.sender.login, message.text)
        }
        RoomChange::HistoryCleared => "cleared".to_owned(),
        RoomChange::Titled => "titled".to_owned(),
        RoomChange::Described { description } => format!("described {description}"),
        RoomChange::Renamed { from } => format!("renamed from {from}"),
        RoomChange::AccessChanged => "access changed".to_owned(),
        RoomChange::Quieted { quiet } => format!("quiet {quiet}"),
        RoomChange::Slowed { pause } => format!("slow {pause:?}"),
        RoomChange::MemberJoined { user } => format!("joined {}", user.login),
        RoomChange::MemberLeft { user } => format!("left {}", user.login),
        RoomChange::MemberRemoved { user } => format!("removed {}", user.login),
        RoomChange::MemberBanned { user } => format!("banned {}", user.login),
        RoomChange::MemberUnbanned { user } => format!("unbanned {}", user.login),
        RoomChange::RoleChanged { user, role } => format!("{} is {}", user.login, role.as_str()),
        RoomChange::RoomDeleted => "deleted".to_owned(),
    }
}
