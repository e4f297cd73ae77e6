//! What the operator's steps mean.
//!
//! ```text
//! create room NAME [private] [password P]     delete room NAME       rename room NAME NEW
//! title|describe room NAME TEXT…              add|remove|ban|unban LOGIN NAME
//! role LOGIN NAME owner|admin|moderator|member
//! disable|enable|remove user LOGIN            password LOGIN NEW     revoke tokens LOGIN
//! close sessions LOGIN                        shutdown
//! reply LOGIN ROOM MESSAGE TEXT…              what only a program that embeds the hub can say: LOGIN answers a message
//! ```

use tolmach::commands::{self, AnyCommand};
use tolmach::hub::Scope;
use tolmach::model::{MessageId, Role, RoomKind, RoomSelector, Secret, Target, UserSelector};

use crate::gateway::Daemon;

/// Does it; all that it causes has been queued when this returns.
pub(crate) async fn operate(daemon: &Daemon, text: &str) -> Result<(), String> {
    let words: Vec<_> = text.split_whitespace().collect();
    if let ["close", "sessions", login] = words[..] {
        return close(daemon, login).await;
    }
    if let ["reply", login, room, message, text @ ..] = &words[..] {
        return reply(daemon, login, room, message, &text.join(" ")).await;
    }
    let command = command(&words).ok_or("no such command, see operator.rs")?;
    daemon.operate(command).await.map(|_| ())
}

fn command(words: &[&str]) -> Option<AnyCommand> {
    let room = |name: &str| RoomSelector::Name(name.to_owned());
    let user = |login: &str| UserSelector::Login(login.to_owned());
    Some(match words {
        ["create", "room", name, more @ ..] => create(name, more)?,
        ["delete", "room", name] => commands::DeleteRoom { room: room(name) }.into(),
        ["rename", "room", name, new] => commands::RenameRoom {
            room: room(name),
            name: (*new).to_owned(),
        }
        .into(),
        ["title", "room", name, title @ ..] => commands::SetTitle {
            room: room(name),
            title: title.join(" "),
        }
        .into(),
        ["describe", "room", name, description @ ..] => commands::SetDescription {
            room: room(name),
            description: description.join(" "),
        }
        .into(),
        [what @ ("add" | "remove" | "ban" | "unban"), login, name] if *login != "user" => {
            let (room, user) = (room(name), user(login));
            match *what {
                "add" => commands::AddMember { room, user }.into(),
                "remove" => commands::RemoveMember { room, user }.into(),
                "ban" => commands::Ban { room, user }.into(),
                _ => commands::Unban { room, user }.into(),
            }
        }
        ["role", login, name, role] => commands::SetRole {
            room: room(name),
            user: user(login),
            role: match *role {
                "owner" => Role::Owner,
                "admin" => Role::Admin,
                "moderator" => Role::Moderator,
                "member" => Role::Member,
                _ => return None,
            },
        }
        .into(),
        [what @ ("disable" | "enable"), "user", login] => commands::SetDisabled {
            user: user(login),
            disabled: *what == "disable",
        }
        .into(),
        ["remove", "user", login] => commands::RemoveUser { user: user(login) }.into(),
        ["password", login, new] => commands::SetPassword {
            user: user(login),
            secret: Secret::Password((*new).to_owned()),
        }
        .into(),
        ["revoke", "tokens", login] => commands::RevokeToken {
            user: user(login),
            id: None,
        }
        .into(),
        _ => return None,
    })
}

fn create(name: &str, more: &[&str]) -> Option<AnyCommand> {
    let (kind, more) = match more {
        ["private", more @ ..] => (RoomKind::Private, more),
        more => (RoomKind::Public, more),
    };
    let password = match more {
        [] => None,
        ["password", password] => Some(Secret::password(*password)),
        _ => return None,
    };
    let create = commands::CreateRoom {
        kind,
        password,
        ..commands::CreateRoom::public(name)
    };
    Some(create.into())
}

/// Over a connection of her own, beside the ones that she has.
async fn reply(
    daemon: &Daemon,
    login: &str,
    room: &str,
    message: &str,
    text: &str,
) -> Result<(), String> {
    let room = Target::Room(RoomSelector::Name(room.to_owned()));
    let mut draft = commands::Send::text(room, text);
    draft.reply_to = Some(MessageId(message.parse().map_err(|_| "which message?")?));
    let (mut session, _events) = daemon.hub().attach("bot", Scope::AllRooms);
    let log_in = commands::LogInToken {
        token: format!("token-{login}").into(),
        id: None,
    };
    let logged_in = session.call(log_in).await;
    logged_in.map_err(|error| error.to_string())?;
    let said = session.call(draft).await;
    said.map(drop).map_err(|error| error.to_string())
}

async fn close(daemon: &Daemon, login: &str) -> Result<(), String> {
    let sessions = daemon.operate(commands::Sessions).await?;
    for session in sessions {
        if session.user.login == login {
            daemon
                .operate(commands::CloseSession { id: session.id })
                .await?;
        }
    }
    Ok(())
}
