//! Those who write while something bad happens: four of each dialect, each waiting for an answer before it goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Outcome;
use crate::client::{Answer, Deed, Dialect, Room};
use crate::files;
use crate::ledger::{Entry, Ledger, Then, Told};
use crate::member::Member;
use crate::server::{Account, Server};

/// Those of each dialect.
pub const EACH: usize = 4;

/// What a text ends with until it is edited.
const SAID: &str = " said";

/// Writers at work, each with what it was told.
pub struct Writers {
    tasks: Vec<JoinHandle<Ledger>>,
    is_over: Arc<AtomicBool>,
}

impl Writers {
    /// Sets one to work for each account, the dialects in turn.
    ///
    /// # Errors
    /// The gateway has no listener of a dialect.
    pub fn start(server: &Server, room: &Room, accounts: &[Account]) -> Outcome<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for (account, dialect) in accounts.iter().zip(Dialect::ALL.into_iter().cycle()) {
            let writer = Writer {
                dialect,
                address: server.address(dialect.listener())?,
                account: account.clone(),
                room: room.clone(),
                is_over: is_over.clone(),
                ledger: Ledger::default(),
            };
            tasks.push(tokio::spawn(writer.work()));
        }
        Ok(Self { tasks, is_over })
    }

    /// Has them finish what they are at.
    ///
    /// # Errors
    /// One of them broke.
    pub async fn stop(self) -> Outcome<Vec<Ledger>> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut ledgers = Vec::new();
        for task in self.tasks {
            ledgers.push(task.await?);
        }
        Ok(ledgers)
    }
}

struct Writer {
    dialect: Dialect,
    address: std::net::SocketAddr,
    account: Account,
    room: Room,
    is_over: Arc<AtomicBool>,
    ledger: Ledger,
}

impl Writer {
    /// Writes, and comes again where it is cut off, until all is over.
    async fn work(mut self) -> Ledger {
        while !self.is_over.load(Ordering::Relaxed) {
            let entered = Member::enter(self.dialect, self.address, &self.account, &self.room);
            let mut heard = Vec::new();
            match entered.await {
                Ok(mut member) => {
                    let ended = self.write(&mut member, &mut heard).await;
                    if let Err(error) = ended {
                        self.told(error.to_string());
                    }
                }
                Err(error) => {
                    self.told(error.to_string());
                    sleep(Duration::from_millis(20)).await;
                }
            }
            // Edits are told in each dialect's own way.
            heard.retain(|text| text.ends_with(SAID));
            self.ledger.heard.push(heard);
        }
        self.ledger
    }

    fn told(&mut self, reason: String) {
        *self.ledger.reasons.entry(reason).or_default() += 1;
    }

    async fn write(&mut self, member: &mut Member, heard: &mut Vec<String>) -> Outcome<()> {
        while !self.is_over.load(Ordering::Relaxed) {
            let number = self.ledger.said.len();
            let mut entry = Entry {
                key: format!("{}.{number}", self.account.login),
                id: None,
                said: Told::Nothing,
                then: Then::Stays,
            };
            let written = match (self.dialect, number % 8) {
                (Dialect::Uchat, 3) => self.send_file(&mut entry, member, heard).await,
                _ => self.say(&mut entry, number, member, heard).await,
            };
            self.ledger.said.push(entry);
            written?;
        }
        Ok(())
    }

    /// Says something, and edits or deletes it where it is its turn.
    async fn say(
        &mut self,
        entry: &mut Entry,
        number: usize,
        member: &mut Member,
        heard: &mut Vec<String>,
    ) -> Outcome<()> {
        let text = format!("{}{SAID}", entry.key);
        let said = member.act(Deed::Say(&text), heard).await?;
        entry.said = self.judged(&said);
        entry.id = said.ok().flatten();
        if entry.said == Told::Refused {
            return Ok(());
        }
        match (self.dialect, number % 4) {
            (Dialect::Talker | Dialect::Uchat, 1) => {
                let id = entry.id.ok_or("no number was told")?;
                let text = format!("{} edited", entry.key);
                entry.then = Then::Edited(Told::Nothing);
                let edited = member.act(Deed::Edit(id, &text), heard).await?;
                entry.then = Then::Edited(self.judged(&edited));
            }
            (Dialect::Purpose | Dialect::Uchat, 2) => {
                if entry.id.is_none() {
                    entry.id = member.act(Deed::Find(&text), heard).await??;
                }
                let id = entry.id.ok_or("accepted, and not in the chat")?;
                entry.then = Then::Deleted(Told::Nothing);
                let deleted = member.act(Deed::Delete(id), heard).await?;
                entry.then = Then::Deleted(self.judged(&deleted));
            }
            _ => {}
        }
        Ok(())
    }

    async fn send_file(
        &mut self,
        entry: &mut Entry,
        member: &mut Member,
        heard: &mut Vec<String>,
    ) -> Outcome<()> {
        entry.then = Then::File { is_whole: false };
        let (to, name) = (self.address, entry.key.clone());
        let (room, account) = (self.room.clone(), self.account.clone());
        let upload = move || files::upload(to, &name, &room, &account);
        match tokio::task::spawn_blocking(upload).await?? {
            None => {
                member.hear(&entry.key, heard).await?;
                entry.said = Told::Accepted;
            }
            Some(reason) => {
                self.told(reason);
                entry.said = Told::Refused;
            }
        }
        Ok(())
    }

    /// What an answer tells, its reason noted.
    fn judged(&mut self, answer: &Answer) -> Told {
        match answer {
            Ok(_) => Told::Accepted,
            Err(reason) => {
                self.told(reason.clone());
                Told::Refused
            }
        }
    }
}
