//! What the operator's steps mean; the [module](super) lists them.

use serde_json::Value;

use super::server::Server;
use crate::commands::{self, AnyCommand};
use crate::model::{MessageId, Role, RoomKind, RoomSelector, Secret, SessionId, UserSelector};

/// Does it; all that it causes has been queued when this returns.
pub(super) async fn operate(server: &mut Server, text: &str) -> Result<(), String> {
    let words: Vec<_> = text.split_whitespace().collect();
    if let ["close", "sessions", login] = words[..] {
        return close(server, login).await;
    }
    if let ["reply", login, room, message, text @ ..] = &words[..] {
        let message = message.parse().map_err(|_| "which message?")?;
        return server
            .reply(login, room, MessageId(message), &text.join(" "))
            .await;
    }
    let command = command(&words).ok_or("the operator has no such step")?;
    server.ask(command).await.map(drop)
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
        [what @ ("quiet" | "loud"), "room", name] => commands::ChangeRoom {
            quiet: Some(*what == "quiet"),
            ..commands::ChangeRoom::of(room(name))
        }
        .into(),
        ["slow", "room", name, pause] => commands::ChangeRoom {
            slow: Some(humantime::parse_duration(pause).ok()?),
            ..commands::ChangeRoom::of(room(name))
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

async fn close(server: &mut Server, login: &str) -> Result<(), String> {
    let sessions = server.ask(commands::Sessions).await?;
    for session in sessions["sessions"].as_array().into_iter().flatten() {
        let is_meant = session.pointer("/user/login").and_then(Value::as_str) == Some(login);
        if let Some(id) = session["id"].as_u64().filter(|_| is_meant) {
            let close = commands::CloseSession { id: SessionId(id) };
            server.ask(close).await?;
        }
    }
    Ok(())
}
