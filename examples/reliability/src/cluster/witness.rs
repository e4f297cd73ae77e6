//! One at each node who says what it sees: who is there.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::bench::Nodes;
use crate::Outcome;
use crate::client::{Deed, Dialect, Happened, Room};
use crate::ledger::{Entry, Ledger, Then, Told};
use crate::member::Member;
use crate::server::Account;
use crate::writers::SAID;

/// How long presence may take to be what it is.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How soon it is asked again.
const AGAIN: Duration = Duration::from_millis(100);

/// They have seen the same.
pub(super) struct Witnesses(Vec<(String, Member)>);

impl Witnesses {
    /// Come, and wait until each of them sees all who listen and the others of them, and nobody else.
    pub(super) async fn agree(nodes: &Nodes, room: &Room) -> Outcome<Self> {
        let until = Instant::now() + PATIENCE;
        let readers = nodes.readers.iter().zip(Dialect::ALL.into_iter().cycle());
        let readers = readers.map(|(account, dialect)| account.shown(dialect));
        let witnesses = nodes.witnesses.iter().map(Account::guest);
        let expected: BTreeSet<String> = readers.chain(witnesses).collect();
        let mut members = Vec::new();
        for (node, account) in nodes.witnesses.iter().enumerate() {
            let address = nodes.places.address(node, Dialect::Jim)?;
            let member = loop {
                match Member::enter(Dialect::Jim, address, account, room).await {
                    Ok(member) => break member,
                    Err(error) if Instant::now() > until => return Err(error),
                    Err(_) => sleep(AGAIN).await,
                }
            };
            members.push((account.login.clone(), member));
        }
        for (login, member) in &mut members {
            let mut seen = who(member).await?;
            while seen != expected {
                if Instant::now() > until {
                    let differ = |of: &BTreeSet<String>, others| {
                        of.difference(others)
                            .cloned()
                            .collect::<Vec<_>>()
                            .join(", ")
                    };
                    let (missing, more) = (differ(&expected, &seen), differ(&seen, &expected));
                    return Err(format!("{login} misses {missing:?}, sees {more:?}").into());
                }
                sleep(AGAIN).await;
                seen = who(member).await?;
            }
        }
        Ok(Self(members))
    }

    /// Each says something, so that there is a last thing that all are to hear.
    pub(super) async fn farewell(self) -> Outcome<Vec<Ledger>> {
        let mut ledgers = Vec::new();
        for (login, mut member) in self.0 {
            let key = format!("{login}.0");
            let text = format!("{key}{SAID}");
            let said = match member.act(Deed::Say(&text), &mut Vec::new()).await? {
                Ok(_) => Told::Accepted,
                Err(_) => Told::Refused,
            };
            let (id, then) = (None, Then::Stays);
            let entry = Entry {
                key,
                id,
                said,
                then,
            };
            ledgers.push(Ledger {
                said: vec![entry],
                ..Ledger::default()
            });
        }
        Ok(ledgers)
    }
}

/// Whom the gateway names.
async fn who(member: &mut Member) -> Outcome<BTreeSet<String>> {
    let mut heard = Vec::new();
    member.act(Deed::Who, &mut heard).await??;
    // It comes as a message, among those of the room.
    loop {
        match timeout(ANSWER, member.next()).await {
            Ok(next) => match next? {
                Happened::Heard(text) if text.contains("-guest") && !text.contains(SAID) => {
                    return Ok(text.split(", ").map(str::to_owned).collect());
                }
                _ => {}
            },
            Err(_) => return Err("the gateway does not say who is there".into()),
        }
    }
}
