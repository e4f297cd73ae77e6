//! `tolmach token`: API tokens, and the list of those that logins made.

use std::io::{self, IsTerminal, Write};

use crate::commands;
use crate::control::ControlError;
use crate::model::{Error, TokenId, TokenInfo};
use clap::Subcommand;

use super::about::About;
use super::confirm::Yes;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::secret;
use super::table::{Column, Value};
use super::time::Time;
use super::user::account;

const COLUMNS: &[Column<TokenInfo>] = &[
    Column::both("id", |token| Value::of(token.id.0)),
    Column::both("kind", |token| Value::of(token.kind.as_str())),
    Column::both("created", |token| Time(token.created).into()),
    Column::both("used", |token| token.used.map(Time).into()),
    Column::both("address", |token| Value::of(&token.address)),
];

#[derive(Debug, Subcommand)]
pub(crate) enum TokenAction {
    /// Make an API token and print it, alone; nothing shows it again
    Create {
        /// The account's login, without regard to case
        name: String,
        /// Import a token that clients already have: a line of standard input, or asked for on a terminal
        #[arg(long)]
        value_stdin: bool,
    },
    /// List an account's tokens, those of sessions too: id, kind, created, used, address
    List {
        /// The account's login, without regard to case
        name: String,
        /// One object a line: id, kind, created, used, address
        #[arg(long)]
        json: bool,
    },
    /// End a token, or all of an account, and the sessions that they opened
    Revoke {
        /// The account's login, without regard to case
        name: String,
        /// The token's number in the list; without it all tokens
        id: Option<i32>,
        #[command(flatten)]
        yes: Yes,
    },
}

impl TokenAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        match self {
            Self::Create { name, value_stdin } => create(to, out, &name, value_stdin).await,
            Self::List { name, json } => list(to, out, &name, json).await,
            Self::Revoke { name, id, yes } => revoke(to, out, &name, id, yes).await,
        }
    }
}

async fn create(to: &mut Operator, out: &mut Output, name: &str, import: bool) -> Outcome<()> {
    let value = match import {
        true => Some(secret::token()?.into()),
        false => None,
    };
    let command = commands::CreateToken {
        user: account(name),
        value,
    };
    let token = to.ask(About::user(name), command).await?;
    out.line(&token.value.0)?;
    out.flush()?;
    // The token stands alone on standard output, which may be a file.
    if io::stderr().is_terminal() {
        let id = token.id.0;
        let _ = writeln!(io::stderr(), "tolmach: made token {id} of {name}");
    }
    Ok(())
}

async fn list(to: &mut Operator, out: &mut Output, name: &str, json: bool) -> Outcome<()> {
    let command = commands::Tokens {
        user: account(name),
    };
    let tokens = to.ask(About::user(name), command).await?;
    out.list(COLUMNS, &tokens, json)
}

async fn revoke(
    to: &mut Operator,
    out: &mut Output,
    name: &str,
    id: Option<i32>,
    yes: Yes,
) -> Outcome<()> {
    let which = match id {
        Some(id) => format!("token {id} of {name}"),
        None => {
            let user = account(name);
            to.ask(About::user(name), commands::FindUser { user })
                .await?;
            yes.confirm(&format!(
                "revoke all tokens of {name}, those of sessions too"
            ))?;
            format!("all tokens of {name}")
        }
    };
    let command = commands::RevokeToken {
        user: account(name),
        id: id.map(TokenId),
    };
    match to.request(command).await? {
        Ok(()) => out.line(&format!(
            "revoked {which}; the sessions that it opened have ended"
        )),
        Err(ControlError::Refused(Error::Invalid { .. })) if id.is_some() => {
            Err(Failure::because(format!(
                "{name} has no token {}; `tolmach token list {name}` shows them",
                id.unwrap_or_default()
            )))
        }
        Err(error) => Err(to.explain(About::user(name), error).await),
    }
}
