//! `tolmach user`: accounts.

use crate::model::{Command, Reply, Secret, User, UserSelector};
use clap::Subcommand;
use serde::Serialize;

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::secret;
use super::table::Row;
use super::time::Time;

#[derive(Debug, Subcommand)]
pub(crate) enum UserAction {
    /// Make an account; its password is a line of standard input, or asked for on a terminal
    Add {
        /// The login: at most 25 characters, no spaces
        name: String,
    },
    /// List all accounts: id, user, name, state, created
    List {
        /// One object a line: id, user, name, description, disabled, created
        #[arg(long)]
        json: bool,
    },
    /// Give an account another password (from standard input or a prompt); sessions that came in by the old one end
    Password {
        /// The login
        name: String,
    },
    /// Switch an account off: its sessions end, and nothing opens it
    Disable {
        /// The login
        name: String,
    },
    /// Switch an account on again
    Enable {
        /// The login
        name: String,
    },
    /// End an account, its sessions, tokens and memberships; what it said stays
    Remove {
        /// The login
        name: String,
    },
}

impl UserAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let (name, command) = match self {
            Self::List { json } => return list(to, out, json).await,
            Self::Add { name } => {
                let secret = Secret::Password(secret::password(&name)?);
                let (login, description) = (name.clone(), String::new());
                (
                    name,
                    Command::Register {
                        login,
                        secret,
                        name: String::new(),
                        description,
                    },
                )
            }
            Self::Password { name } => {
                let secret = Secret::Password(secret::password(&name)?);
                let user = account(&name);
                (name, Command::SetPassword { user, secret })
            }
            Self::Disable { name } => (
                name.clone(),
                Command::SetDisabled {
                    user: account(&name),
                    disabled: true,
                },
            ),
            Self::Enable { name } => (
                name.clone(),
                Command::SetDisabled {
                    user: account(&name),
                    disabled: false,
                },
            ),
            Self::Remove { name } => (
                name.clone(),
                Command::RemoveUser {
                    user: account(&name),
                },
            ),
        };
        to.ask(About::user(&name), command).await.map(drop)
    }
}

/// Names an account by its login.
pub(super) fn account(login: &str) -> UserSelector {
    UserSelector::Login(login.to_owned())
}

async fn list(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let Reply::Users(users) = to.ask(About::NOTHING, Command::Users).await? else {
        return Err(Failure::unexpected());
    };
    out.list(
        &users
            .iter()
            .map(|user| Account::new(user))
            .collect::<Vec<_>>(),
        json,
    )
}

#[derive(Serialize)]
struct Account<'a> {
    id: i32,
    user: &'a str,
    name: &'a str,
    description: &'a str,
    disabled: bool,
    created: Time,
}

impl<'a> Account<'a> {
    fn new(user: &'a User) -> Self {
        Self {
            id: user.id.0,
            user: &user.login,
            name: &user.name,
            description: &user.description,
            disabled: user.disabled,
            created: Time(user.created),
        }
    }
}

impl Row for Account<'_> {
    const COLUMNS: &'static [&'static str] = &["id", "user", "name", "state", "created"];

    fn cells(&self) -> Vec<String> {
        let state = if self.disabled { "disabled" } else { "enabled" };
        vec![
            self.id.to_string(),
            self.user.to_owned(),
            self.name.to_owned(),
            state.to_owned(),
            self.created.to_string(),
        ]
    }
}
