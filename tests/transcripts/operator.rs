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

use tolmach::hub::Scope;
use tolmach::model::{
    Command, Draft, MessageId, Reply, Role, RoomKind, RoomSelector, Secret, Target, UserSelector,
};

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

fn command(words: &[&str]) -> Option<Command> {
    let room = |name: &str| RoomSelector::Name(name.to_owned());
    let user = |login: &str| UserSelector::Login(login.to_owned());
    Some(match words {
        ["create", "room", name, more @ ..] => create(name, more)?,
        ["delete", "room", name] => Command::DeleteRoom { room: room(name) },
        ["rename", "room", name, new] => Command::RenameRoom {
            room: room(name),
            name: (*new).to_owned(),
        },
        ["title", "room", name, title @ ..] => Command::SetTitle {
            room: room(name),
            title: title.join(" "),
        },
        ["describe", "room", name, description @ ..] => Command::SetDescription {
            room: room(name),
            description: description.join(" "),
        },
        [what @ ("add" | "remove" | "ban" | "unban"), login, name] if *login != "user" => {
            let (room, user) = (room(name), user(login));
            match *what {
                "add" => Command::AddMember { room, user },
                "remove" => Command::RemoveMember { room, user },
                "ban" => Command::Ban { room, user },
                _ => Command::Unban { room, user },
            }
        }
        ["role", login, name, role] => Command::SetRole {
            room: room(name),
            user: user(login),
            role: match *role {
                "owner" => Role::Owner,
                "admin" => Role::Admin,
                "moderator" => Role::Moderator,
                "member" => Role::Member,
                _ => return None,
            },
        },
        [what @ ("disable" | "enable"), "user", login] => Command::SetDisabled {
            user: user(login),
            disabled: *what == "disable",
        },
        ["remove", "user", login] => Command::RemoveUser { user: user(login) },
        ["password", login, new] => Command::SetPassword {
            user: user(login),
            secret: Secret::Password((*new).to_owned()),
        },
        ["revoke", "tokens", login] => Command::RevokeToken {
            user: user(login),
            id: None,
        },
        _ => return None,
    })
}

fn create(name: &str, more: &[&str]) -> Option<Command> {
    let (kind, more) = match more {
        ["private", more @ ..] => (RoomKind::Private, more),
        more => (RoomKind::Public, more),
    };
    let password = match more {
        [] => None,
        ["password", password] => Some((*password).to_owned()),
        _ => return None,
    };
    Some(Command::CreateRoom {
        name: name.to_owned(),
        title: String::new(),
        description: String::new(),
        kind,
        password,
    })
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
    let mut draft = Draft::text(room, text);
    draft.reply_to = Some(MessageId(message.parse().map_err(|_| "which message?")?));
    let (mut session, _events) = daemon.hub().attach("bot", Scope::AllRooms);
    let log_in = Command::LogInToken {
        token: format!("token-{login}"),
        id: None,
    };
    for command in [log_in, Command::Send(draft)] {
        let done = session.call(command).await;
        done.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn close(daemon: &Daemon, login: &str) -> Result<(), String> {
    let Reply::Sessions(sessions) = daemon.operate(Command::Sessions).await? else {
        return Err("no sessions".to_owned());
    };
    for session in sessions {
        if session.user.login == login {
            daemon
                .operate(Command::CloseSession { id: session.id })
                .await?;
        }
    }
    Ok(())
}
