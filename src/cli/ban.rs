//! `tolmach ban`: who is kept out of the whole gateway.

use std::time::Duration;

use crate::commands::{AddBan, Bans, RemoveBan};
use crate::control::ControlError;
use crate::model::{BanSubject, Error, GatewayBan};
use clap::Subcommand;

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::table::{Column, Value};
use super::time::Time;

const COLUMNS: &[Column<GatewayBan>] = &[
    Column::both("subject", |ban| Value::of(ban.subject.to_string())),
    Column::both("kind", |ban| {
        Value::of(match ban.subject {
            BanSubject::Network(_) => "address",
            BanSubject::Login(_) => "login",
        })
    }),
    Column::both("since", |ban| Time(ban.created).into()),
    Column::both("until", |ban| ban.until.map(Time).into()),
    Column::both("reason", |ban| Value::of(&ban.reason)),
];

#[derive(Debug, Subcommand)]
pub(crate) enum BanAction {
    /// Keep somebody out, and end the sessions that it is about
    Add {
        /// An address (192.0.2.7), a network (192.0.2.0/24, 2001:db8::/48) or a login. A login that no account has is the
        /// name of guests
        #[arg(value_name = "ADDRESS|NET|LOGIN", value_parser = subject)]
        subject: BanSubject,
        /// For how long (1h, 30d); without it, until the ban is lifted
        #[arg(long = "for", value_name = "TIME", value_parser = term)]
        term: Option<Duration>,
        /// Why; whoever is kept out is told
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// List the bans that hold: subject, kind, since, until, reason
    List {
        /// One object a line: subject, kind, since, until, reason
        #[arg(long)]
        json: bool,
    },
    /// Lift a ban
    Remove {
        /// The address, the network or the login, as the list shows it
        #[arg(value_name = "ADDRESS|NET|LOGIN", value_parser = subject)]
        subject: BanSubject,
    },
}

/// For how long somebody is kept out.
fn term(text: &str) -> Result<Duration, Box<dyn std::error::Error + Send + Sync>> {
    match humantime::parse_duration(text)? {
        Duration::ZERO => Err(
            "a ban of no time keeps nobody out: write 1h or 30d, or leave --for out for one until it is lifted".into(),
        ),
        term => Ok(term),
    }
}

/// What is no address is a login, unless an address was meant. One may stand in brackets, as in front of a port.
fn subject(text: &str) -> Result<BanSubject, String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bare.unwrap_or(text).parse() {
        Ok(network) => Ok(BanSubject::Network(network)),
        Err(wrong) if text.contains('/') || is_like_an_address(text) => {
            Err(format!("{text:?}: {wrong}"))
        }
        Err(_) => Ok(BanSubject::Login(text.to_owned())),
    }
}

/// Numbers with points, a range of them, anything in brackets or with two colons: misspelt, or of a kind that is not taken, it must
/// not keep out somebody else instead.
fn is_like_an_address(text: &str) -> bool {
    let is_of_numbers = text
        .chars()
        .all(|c| c.is_ascii_digit() || ".:-".contains(c));
    (text.contains('.') && is_of_numbers)
        || text.starts_with('[')
        || text.contains("::")
        || text.matches(':').count() > 1
            && text
                .chars()
                .all(|c| c.is_ascii_hexdigit() || ".:".contains(c))
}

impl BanAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        match self {
            Self::Add {
                subject,
                term,
                reason,
            } => {
                add(
                    to,
                    out,
                    AddBan {
                        subject,
                        term,
                        reason,
                    },
                )
                .await
            }
            Self::List { json } => {
                let bans = to.ask(About::NOTHING, Bans).await?;
                out.list(COLUMNS, &bans, json)
            }
            Self::Remove { subject } => remove(to, out, subject).await,
        }
    }
}

async fn add(to: &mut Operator, out: &mut Output, command: AddBan) -> Outcome<()> {
    let login = command.subject.to_string();
    let added = to.ask(About::user(&login), command).await?;
    let GatewayBan {
        subject,
        user,
        until,
        ..
    } = &added.ban;
    let whom = match (subject, user) {
        (BanSubject::Login(login), None) => {
            format!(
                "{login} (no account has this login now: guests of this name, and who is given it)"
            )
        }
        (subject, _) => subject.to_string(),
    };
    let until = match until {
        Some(until) => format!("until {}", Time(*until)),
        None => format!("until `tolmach ban remove {subject}`"),
    };
    let ended = match added.ended {
        0 => String::new(),
        1 => "; 1 session ended".to_owned(),
        more => format!("; {more} sessions ended"),
    };
    out.line(&format!("banned {whom} {until}{ended}"))?;
    if matches!(subject, BanSubject::Network(network) if network.is_loopback()) {
        out.line("note: this machine's own clients are kept out too; these commands are not")?;
    }
    Ok(())
}

async fn remove(to: &mut Operator, out: &mut Output, subject: BanSubject) -> Outcome<()> {
    let name = subject.to_string();
    match to.request(RemoveBan { subject }).await? {
        Ok(()) => out.line(&format!("lifted the ban of {name}")),
        Err(ControlError::Refused(Error::NoSuchUser)) => Err(Failure::because(format!(
            "{name} is not banned; `tolmach ban list` shows who is"
        ))),
        Err(error) => Err(to.explain(About::user(&name), error).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_for_an_address_is_none_of_the_logins() {
        for (text, shown) in [
            ("[::1]", "::1"),
            ("[192.0.2.7]", "192.0.2.7"),
            ("2001:db8::/48", "2001:db8::/48"),
        ] {
            let found = subject(text).unwrap();
            assert!(matches!(found, BanSubject::Network(_)), "{text}");
            assert_eq!(found.to_string(), shown);
        }
        for text in [
            "::1%lo",
            "192.0.2",
            "192.0.2.0-192.0.2.9",
            "2001:db8::zz",
            "[anna]",
            "[::1",
            "192.0.2.300",
            "1:2:3",
        ] {
            let refused = subject(text).unwrap_err();
            assert!(
                refused.contains("not an address or a network such as"),
                "{refused}"
            );
        }
        for text in ["anna", "a:b", "anna.b", "a-1", "c3.po"] {
            assert_eq!(subject(text), Ok(BanSubject::Login(text.to_owned())));
        }
    }

    #[test]
    fn a_ban_lasts_for_some_time() {
        assert_eq!(term("1h").unwrap(), Duration::from_secs(3600));
        assert!(
            term("0s")
                .unwrap_err()
                .to_string()
                .contains("keeps nobody out")
        );
        assert!(term("soon").is_err());
    }
}
