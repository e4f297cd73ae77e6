//! `tolmach user`: accounts.

use std::sync::Arc;

use crate::commands::{Register, RemoveUser, RenameUser, SetDisabled, SetPassword, Users};
use crate::control::ControlError;
use crate::model::{Error, Secret, User, UserSelector};
use clap::Subcommand;

use super::about::About;
use super::failure::Outcome;
use super::operator::Operator;
use super::output::Output;
use super::secret;
use super::table::{Column, Value};
use super::time::Time;

const COLUMNS: &[Column<Arc<User>>] = &[
    Column::both("id", |user| Value::of(user.id.0)),
    Column::both("user", |user| Value::of(&user.login)),
    Column::both("name", |user| Value::of(&user.name)),
    Column::json("description", |user| Value::of(&user.description)),
    Column::shown("state", |user| {
        Value::of(if user.disabled { "disabled" } else { "enabled" })
    }),
    Column::json("disabled", |user| Value::of(user.disabled)),
    Column::both("created", |user| Time(user.created).into()),
];

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
        /// The account's login, without regard to case
        name: String,
    },
    /// Switch an account off: its sessions end, and nothing opens it
    Disable {
        /// The account's login, without regard to case
        name: String,
    },
    /// Switch an account on again
    Enable {
        /// The account's login, without regard to case
        name: String,
    },
    /// Give an account another login; its sessions, tokens and messages stay its own
    Rename {
        /// The account's login, without regard to case
        name: String,
        /// Another one: at most 25 characters, no spaces
        new_name: String,
    },
    /// End an account, its sessions, tokens and memberships; what it said stays
    Remove {
        /// The account's login, without regard to case
        name: String,
    },
}

impl UserAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        match self {
            Self::List { json } => list(to, out, json).await,
            Self::Add { name } => {
                let register = Register {
                    login: name.clone(),
                    secret: Secret::Password(secret::password(&name)?),
                    name: String::new(),
                    description: String::new(),
                };
                to.ask(About::user(&name), register).await.map(drop)
            }
            Self::Password { name } => {
                let secret = Secret::Password(secret::password(&name)?);
                let user = account(&name);
                let change = SetPassword { user, secret };
                to.ask(About::user(&name), change).await
            }
            Self::Disable { name } => set_disabled(to, &name, true).await,
            Self::Enable { name } => set_disabled(to, &name, false).await,
            Self::Rename { name, new_name } => rename(to, out, &name, &new_name).await,
            Self::Remove { name } => {
                let user = account(&name);
                to.ask(About::user(&name), RemoveUser { user }).await
            }
        }
    }
}

async fn set_disabled(to: &mut Operator, name: &str, disabled: bool) -> Outcome<()> {
    let user = account(name);
    to.ask(About::user(name), SetDisabled { user, disabled })
        .await
}

async fn rename(to: &mut Operator, out: &mut Output, name: &str, new_name: &str) -> Outcome<()> {
    let command = RenameUser {
        user: account(name),
        login: new_name.to_owned(),
    };
    let renamed = to.request(command).await?;
    let about = match &renamed {
        Err(ControlError::Refused(Error::NoSuchUser)) => name,
        _ => new_name,
    };
    renamed.map_err(|error| About::user(about).explain(error))?;
    out.line(&format!("renamed {name} to {new_name}"))
}

/// Names an account by its login.
pub(super) fn account(login: &str) -> UserSelector {
    UserSelector::Login(login.to_owned())
}

async fn list(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let users = to.ask(About::NOTHING, Users).await?;
    out.list(COLUMNS, &users, json)
}
