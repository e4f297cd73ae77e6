//! Those who write while something bad happens: four of each dialect, each waiting for an answer before it goes on.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::Outcome;
use crate::client::{Answer, Deed, Dialect, Happened, Room};
use crate::files;
use crate::ledger::{Entry, Ledger, Then, Told};
use crate::member::Member;
use crate::server::{Account, Server};

/// Those of each dialect.
pub const EACH: usize = 4;

/// Within which time a connection ends after Talker's last words.
const FAREWELL: Duration = Duration::from_millis(300);

/// What a text ends with until it is edited.
pub const SAID: &str = " said";

/// Writers at work, each with what it was told.
pub struct Writers {
    tasks: Vec<JoinHandle<Ledger>>,
    is_over: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
}

/// Where gateways are that are one: whoever is cut off at one comes again at the next. A handle: clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Mutex<Vec<HashMap<Dialect, SocketAddr>>>>);

impl Places {
    /// The places of these.
    ///
    /// # Errors
    /// A gateway has no listener of a dialect.
    pub fn of<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Outcome<Self> {
        let places = Self::default();
        for (number, server) in servers.into_iter().enumerate() {
            places.set(number, server)?;
        }
        Ok(places)
    }

    /// The gateway of this number, from 0, is here from now on.
    ///
    /// # Errors
    /// It has no listener of a dialect.
    pub fn set(&self, number: usize, server: &Server) -> Outcome<()> {
        let place = |dialect: Dialect| Ok((dialect, server.address(dialect.listener())?));
        let place = Dialect::ALL
            .into_iter()
            .map(place)
            .collect::<Outcome<_>>()?;
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get_mut(number) {
            Some(known) => *known = place,
            None => places.push(place),
        }
        Ok(())
    }

    /// Where one speaks a dialect, of the gateway of this number; behind the last comes the first.
    ///
    /// # Errors
    /// There is none.
    pub fn address(&self, number: usize, dialect: Dialect) -> Outcome<SocketAddr> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = places.len().max(1);
        let address = places.get(number % count).and_then(|all| all.get(&dialect));
        Ok(*address.ok_or("there is no gateway")?)
    }
}

impl Writers {
    /// Sets one to work for each account, the dialects and the places in turn; each rests for so long between two messages.
    #[must_use]
    pub fn start(places: &Places, room: &Room, accounts: &[Account], rest: Duration) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let accepted = Arc::<AtomicU64>::default();
        let dialects = Dialect::ALL.into_iter().cycle();
        let writers = accounts.iter().zip(dialects).enumerate();
        let tasks = writers.map(|(place, (account, dialect))| {
            let writer = Writer {
                dialect,
                places: places.clone(),
                place,
                account: account.clone(),
                room: room.clone(),
                rest,
                is_over: is_over.clone(),
                accepted: accepted.clone(),
                ledger: Ledger::default(),
            };
            tokio::spawn(writer.work())
        });
        Self {
            tasks: tasks.collect(),
            is_over,
            accepted,
        }
    }

    /// How many messages they know to be accepted so far.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
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
    places: Places,
    /// At which gateway it is, or comes next.
    place: usize,
    account: Account,
    room: Room,
    rest: Duration,
    is_over: Arc<AtomicBool>,
    /// How many messages all of them know to be accepted.
    accepted: Arc<AtomicU64>,
    ledger: Ledger,
}

impl Writer {
    /// Writes, and comes again where it is cut off, until all is over.
    async fn work(mut self) -> Ledger {
        while !self.is_over.load(Ordering::Relaxed) {
            let mut heard = Vec::new();
            match self.enter().await {
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
            self.place += 1;
            // Edits are told in each dialect's own way.
            heard.retain(|text| text.ends_with(SAID));
            self.ledger.heard.push(heard);
        }
        self.ledger
    }

    async fn enter(&self) -> Outcome<Member> {
        let address = self.places.address(self.place, self.dialect)?;
        Member::enter(self.dialect, address, &self.account, &self.room).await
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
            if entry.said == Told::Accepted {
                self.accepted.fetch_add(1, Ordering::Relaxed);
            }
            self.ledger.said.push(entry);
            written?;
            sleep(self.rest).await;
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
        let said = self.act(Deed::Say(&text), member, heard).await?;
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
                let edited = self.act(Deed::Edit(id, &text), member, heard).await?;
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

    /// Asks, and waits for the answer. Talker's last words look like a refusal: one behind which the connection ends is no answer.
    async fn act(
        &self,
        deed: Deed<'_>,
        member: &mut Member,
        heard: &mut Vec<String>,
    ) -> Outcome<Answer> {
        let answer = member.act(deed, heard).await?;
        if let (Dialect::Talker, Err(words)) = (self.dialect, &answer) {
            let ended = async {
                loop {
                    match member.next().await {
                        Ok(Happened::Heard(text)) => heard.push(text),
                        Ok(Happened::Answered(_) | Happened::Entered | Happened::Told(_)) => {}
                        Err(_) => return,
                    }
                }
            };
            if timeout(FAREWELL, ended).await.is_ok() {
                return Err(words.as_str().into());
            }
        }
        Ok(answer)
    }

    async fn send_file(
        &mut self,
        entry: &mut Entry,
        member: &mut Member,
        heard: &mut Vec<String>,
    ) -> Outcome<()> {
        entry.then = Then::File { is_whole: false };
        let to = self.places.address(self.place, self.dialect)?;
        let name = entry.key.clone();
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
