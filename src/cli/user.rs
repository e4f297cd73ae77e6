//! `tolmach user`: accounts.

use crate::commands::{
    Account, EndedAccounts, FindUser, Register, RemoveUser, RenameUser, SetDisabled, SetOperator,
    SetPassword, Users,
};
use crate::control::ControlError;
use crate::model::{Error, UserId, UserSelector, validate_login};
use clap::Subcommand;

use super::about::About;
use super::confirm::Yes;
use super::failure::Outcome;
use super::operator::Operator;
use super::output::Output;
use super::secret;
use super::table::{Column, Value};
use super::time::Time;
use super::user_erase;
use super::user_export::ExportArgs;
use super::yes_no::YesNo;

const COLUMNS: &[Column<Account>] = &[
    Column::both("id", |account| Value::of(account.user.id.0)),
    Column::both("user", |account| Value::of(&account.user.login)),
    Column::both("name", |account| Value::of(&account.user.name)),
    Column::json("description", |account| {
        Value::of(&account.user.description)
    }),
    Column::shown("state", |account| {
        Value::of(if account.user.disabled {
            "disabled"
        } else {
            "enabled"
        })
    }),
    Column::json("disabled", |account| Value::of(account.user.disabled)),
    Column::both("created", |account| Time(account.user.created).into()),
    Column::both("last_login", |account| account.last_login.map(Time).into()),
    Column::both("operator", |account| Value::of(account.user.operator)),
];

#[derive(Debug, Subcommand)]
pub(crate) enum UserAction {
    /// Make an account; its password is a line of standard input, or asked for on a terminal
    Add {
        /// The login: at most 25 characters, no spaces
        name: String,
    },
    /// List all accounts: id, user, name, state, created, last_login (to the minute), operator
    List {
        /// One object a line: id, user, name, description, disabled, created, last_login, operator
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
    /// Make an account an operator's, or take that away: over HTTP an operator may do what this command line may
    Operator {
        /// The account's login, without regard to case
        name: String,
        /// Whether it is one from now on
        #[arg(value_name = "yes|no", hide_possible_values = true)]
        operator: YesNo,
    },
    /// Give an account another login; its sessions, tokens and messages stay its own
    Rename {
        /// The account's login, without regard to case
        name: String,
        /// Another one: at most 25 characters, no spaces
        new_name: String,
    },
    /// End an account, its sessions, tokens and memberships; what it said stays. Asks first
    Remove {
        /// The account's login, without regard to case
        name: String,
        #[command(flatten)]
        yes: Yes,
    },
    /// Remove an account with all that it said, its files, names and addresses. Asks first; broken off, it goes on with the next
    Erase {
        /// The account's login, without regard to case; where nobody has it, those who had it and were removed; or # and its number
        name: String,
        #[command(flatten)]
        yes: Yes,
    },
    /// Write all that is kept of an account as one JSON document
    Export(ExportArgs),
}

impl UserAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        match self {
            Self::List { json } => list(to, out, json).await,
            Self::Add { name } => add(to, out, name).await,
            Self::Password { name } => password(to, out, &name).await,
            Self::Disable { name } => set_disabled(to, out, &name, true).await,
            Self::Enable { name } => set_disabled(to, out, &name, false).await,
            Self::Operator { name, operator } => {
                set_operator(to, out, &name, operator == YesNo::Yes).await
            }
            Self::Erase { name, yes } => user_erase::erase(to, out, &name, yes).await,
            Self::Export(arguments) => arguments.run(to).await,
            Self::Rename { name, new_name } => rename(to, out, &name, &new_name).await,
            Self::Remove { name, yes } => remove(to, out, &name, yes).await,
        }
    }
}

/// Nobody is asked for a password of a login that cannot be had.
async fn add(to: &mut Operator, out: &mut Output, login: String) -> Outcome<()> {
    let about = About::user(&login);
    let valid = validate_login("login", &login, &to.config().name);
    valid.map_err(|error| about.explain(error.into(), &[]))?;
    let user = account(&login);
    match to.request(FindUser { user }).await? {
        Ok(_) => return Err(about.explain(Error::NameTaken.into(), &[])),
        Err(ControlError::Refused(Error::NoSuchUser)) => {}
        Err(error) => return Err(to.explain(about, error).await),
    }
    let register = Register {
        login: login.clone(),
        secret: secret::password(&login, to.config().accounts.password_min)?,
        name: String::new(),
        description: String::new(),
    };
    let made = to.ask(about, register).await?;
    out.line(&format!("made the account {}", made.login))
}

async fn password(to: &mut Operator, out: &mut Output, name: &str) -> Outcome<()> {
    let login = login(to, name).await?;
    let secret = secret::password(&login, to.config().accounts.password_min)?;
    let user = account(name);
    let change = SetPassword { user, secret };
    to.ask(About::user(name), change).await?;
    out.line(&format!(
        "changed the password of {login}; sessions that came in by the old one have ended"
    ))
}

async fn remove(to: &mut Operator, out: &mut Output, name: &str, yes: Yes) -> Outcome<()> {
    let login = login(to, name).await?;
    yes.confirm(&format!(
        "remove the account {login}, its tokens and memberships"
    ))?;
    let user = account(name);
    to.ask(About::user(name), RemoveUser { user }).await?;
    out.line(&format!("removed the account {login}"))
}

async fn set_disabled(
    to: &mut Operator,
    out: &mut Output,
    name: &str,
    disabled: bool,
) -> Outcome<()> {
    let (login, user) = (login(to, name).await?, account(name));
    let change = SetDisabled { user, disabled };
    to.ask(About::user(name), change).await?;
    out.line(&match disabled {
        true => format!("disabled {login}; its sessions have ended"),
        false => format!("enabled {login}"),
    })
}

async fn set_operator(
    to: &mut Operator,
    out: &mut Output,
    name: &str,
    operator: bool,
) -> Outcome<()> {
    let (login, user) = (login(to, name).await?, account(name));
    let change = SetOperator { user, operator };
    to.ask(About::user(name), change).await?;
    out.line(&match operator {
        true => format!("made {login} an operator"),
        false => format!("{login} is no operator any more"),
    })
}

/// The login as it is written, of somebody who is there.
async fn login(to: &mut Operator, name: &str) -> Outcome<String> {
    let user = account(name);
    let found = to.ask(About::user(name), FindUser { user }).await?;
    Ok(found.login.clone())
}

/// The accounts that are meant by a login or `#NUMBER`: the one that has it, or those that were removed and had it.
pub(super) async fn accounts_once(to: &mut Operator, name: &str) -> Outcome<Vec<UserId>> {
    let about = About::user(name);
    let user = match name.strip_prefix('#').map(str::parse) {
        Some(Ok(number)) => UserSelector::Id(UserId(number)),
        Some(Err(_)) | None => account(name),
    };
    let error = match to.request(FindUser { user }).await? {
        Ok(found) => return Ok(vec![found.id]),
        Err(error) => error,
    };
    let login = name.to_owned();
    let ended = match error {
        ControlError::Refused(Error::NoSuchUser) => to.ask(about, EndedAccounts { login }).await?,
        _ => Vec::new(),
    };
    match ended.is_empty() {
        true => Err(to.explain(about, error).await),
        false => Ok(ended),
    }
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
    if let Err(error) = renamed {
        return Err(to.explain(About::user(about), error).await);
    }
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
