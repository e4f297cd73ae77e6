//! What is accepted is kept, once and in order: writers of all dialects write, something bad is done to the gateway, and after
//! a kill -9 and a restart the history must have what they were told.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use tempfile::NamedTempFile;
use tokio::time::sleep;

use crate::Outcome;
use crate::client::{Deed, Dialect, Room};
use crate::files;
use crate::harm::{FailingSync, Log, Place, visit};
use crate::ledger::{FAULTS, Found, Ledger, Sums, Then};
use crate::member::Member;
use crate::server::{Account, Server};
use crate::writers::{EACH, Places, Writers};

/// How often a harm is done, and for how long.
#[derive(Debug, Args)]
pub struct Rounds {
    /// How many rounds
    #[arg(long, default_value_t = 20)]
    pub rounds: u64,
    /// Milliseconds for which the disk is full, fsync fails or the log is broken, with as much before and after
    #[arg(long, default_value_t = 500)]
    pub milliseconds: u64,
}

/// What is done to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// kill -9 after some time.
    Kill,
    /// No space on the disk for a while.
    Disk,
    /// fsync fails for a while.
    Sync,
    /// The log cannot be written from the beginning on.
    Log,
}

/// Somebody comes and says something, and that is accepted: where nothing is wrong any more, and after a restart.
const SERVED: &str = "served afterwards";
const SERVED_AGAIN: &str = "served after a restart";

/// It ended as asked, with 0.
const STOPPED: &str = "stopped with 0";

impl Harm {
    /// What must be in each round.
    fn always(self) -> &'static [&'static str] {
        match self {
            // A disk whose sync failed is not trusted again: the gateway takes no more writes until it is restarted.
            // So may a full disk's be, where nothing keeps some of it free.
            Self::Kill | Self::Sync | Self::Disk => &[SERVED_AGAIN],
            Self::Log => &[SERVED, SERVED_AGAIN, STOPPED],
        }
    }
}

/// Those who take part in each round, and what they do it with.
struct Trial<'a> {
    program: &'a Path,
    harm: Harm,
    place: Place,
    /// What the gateways log.
    log: NamedTempFile,
    sync: Option<FailingSync>,
    writers: Vec<Account>,
    /// Who looks whether the gateway serves.
    witness: Account,
    sums: Sums,
    reasons: HashMap<String, usize>,
}

impl Rounds {
    /// Runs them and prints what came of it.
    ///
    /// # Errors
    /// It cannot be tried here, or something accepted was lost.
    pub async fn run(&self, program: &Path, harm: Harm) -> Outcome<()> {
        let mut trial = Trial::new(program, harm)?;
        for round in 0..self.rounds {
            let begun = Instant::now();
            trial.round(self, round).await?;
            eprintln!(
                "round {} of {}: {:.1?}",
                round + 1,
                self.rounds,
                begun.elapsed()
            );
        }
        trial.report(self.rounds)
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

impl<'a> Trial<'a> {
    fn new(program: &'a Path, harm: Harm) -> Outcome<Self> {
        let place = match harm {
            Harm::Disk => Place::disk()?,
            Harm::Kill | Harm::Sync | Harm::Log => Place::new()?,
        };
        let server = Server::spawn(Server::command(program, place.path(), &[]))?;
        let writers = server.accounts("writer", EACH * Dialect::ALL.len())?;
        let witness = server.account("witness")?;
        server.kill()?;
        Ok(Self {
            program,
            harm,
            place,
            log: NamedTempFile::new()?,
            sync: (harm == Harm::Sync).then(FailingSync::new).transpose()?,
            writers,
            witness,
            sums: Sums::default(),
            reasons: HashMap::new(),
        })
    }

    fn command(&self) -> Outcome<Command> {
        // What one may say in a second is not what is tried.
        let settings = [
            ("LIMITS__MESSAGES_PER_SECOND", "0"),
            ("LIMITS__MESSAGES_PER_SECOND", "0"),
        ];
        let mut command = Server::command(self.program, self.place.path(), &settings);
        command.stderr(File::options().append(true).open(self.log.path())?);
        Ok(command)
    }

    async fn round(&mut self, plan: &Rounds, round: u64) -> Outcome<()> {
        let harm = self.harm;
        let mut command = self.command()?;
        if let Some(sync) = &self.sync {
            sync.preload(&mut command);
        }
        if harm == Harm::Disk && round.is_multiple_of(2) {
            // Writes fail; in the other rounds they are refused before.
            command.env("TOLMACH_LIMITS__DISK_FREE", "0");
        }
        let log = Log::ALL.into_iter().cycle().nth(usize::try_from(round)?);
        let log = log.filter(|_| harm == Harm::Log);
        log.map_or(Ok(()), |log| log.set(&mut command))?;
        let mut server = Server::spawn(command)?;
        if let Some(log) = log {
            log.begin(&mut server);
        }
        let name = format!("round{round}");
        let id = server.room(&name)?;
        let room = Room { name, id };
        let places = Places::of([&server])?;
        let writers = Writers::start(&places, &room, &self.writers, Duration::ZERO);
        let pause = plan.pause();
        match harm {
            // Another moment in each round.
            Harm::Kill => sleep(pause / 5 + pause * u32::try_from(round * 37 % 100)? / 50).await,
            Harm::Disk => {
                sleep(pause).await;
                self.place.fill()?;
                sleep(pause).await;
                self.place.free()?;
            }
            Harm::Sync => {
                sleep(pause).await;
                let sync = self.sync.as_ref().ok_or("no sync to fail")?;
                sync.fail()?;
                sleep(pause).await;
                sync.work()?;
            }
            Harm::Log => {
                let visitor = visit(&server)?;
                sleep(pause * 2).await;
                visitor.abort();
            }
        }
        if harm != Harm::Kill {
            sleep(pause).await;
            self.serves(&server, &room, SERVED).await;
        }
        let ledgers = match harm {
            Harm::Log => {
                let ledgers = writers.stop().await?;
                let status = server.terminate();
                let is_good = status.as_ref().is_ok_and(std::process::ExitStatus::success);
                self.sums.count(STOPPED, u64::from(is_good));
                if !is_good {
                    self.told(format!("stopped: {status:?}"));
                }
                ledgers
            }
            Harm::Kill | Harm::Disk | Harm::Sync => {
                server.kill()?;
                writers.stop().await?
            }
        };
        self.judge(&room, ledgers).await
    }

    /// Whether somebody can come and say something, now that nothing is wrong any more.
    async fn serves(&mut self, server: &Server, room: &Room, when: &'static str) {
        let trying = async {
            let address = server.address(Dialect::Talker.listener())?;
            let mut member = Member::enter(Dialect::Talker, address, &self.witness, room).await?;
            let (deed, mut heard) = (Deed::Say("is anybody there?"), Vec::new());
            member.act(deed, &mut heard).await?.map_err(Into::into)
        };
        let served: Outcome<_> = trying.await;
        self.sums.count(when, u64::from(served.is_ok()));
        if let Err(error) = served {
            self.told(format!("not {when}: {error}"));
        }
    }

    /// Starts it again, and looks at what it has.
    async fn judge(&mut self, room: &Room, mut ledgers: Vec<Ledger>) -> Outcome<()> {
        let begun = Instant::now();
        let server = Server::spawn(self.command()?)?;
        let ready = u64::try_from(begun.elapsed().as_millis())?;
        let slowest = self.sums.of("ready again after, ms at most");
        self.sums.count(
            "ready again after, ms at most",
            ready.saturating_sub(slowest),
        );
        let rows = server.list(&["history", &room.name])?;
        let address = server.address(Dialect::Uchat.listener())?;
        // The last one speaks uchat.
        let member = self.writers.last().ok_or("no writers")?;
        for row in &rows {
            let (Some(name), Some(id)) = (row["file"]["name"].as_str(), row["id"].as_i64()) else {
                continue;
            };
            let mut said = ledgers.iter_mut().flat_map(|ledger| &mut ledger.said);
            if let Some(entry) = said.find(|entry| entry.key == name) {
                let is_whole = files::is_whole(address, name, id, room, member)?;
                entry.then = Then::File { is_whole };
            }
        }
        self.serves(&server, room, SERVED_AGAIN).await;
        self.sums += Found::new(&rows).judge(&ledgers);
        for (reason, count) in ledgers.into_iter().flat_map(|ledger| ledger.reasons) {
            *self.reasons.entry(reason).or_default() += count;
        }
        server.kill()
    }

    fn told(&mut self, reason: String) {
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// Prints the sums, and what the writers were told.
    fn report(mut self, rounds: u64) -> Outcome<()> {
        let logged = fs::read_to_string(self.log.path())?.lines().count();
        self.sums.count("lines logged", u64::try_from(logged)?);
        println!("{:<32}{rounds:>10}", "rounds");
        for (what, number) in &self.sums.0 {
            println!("{what:<32}{number:>10}");
        }
        println!("\nwhat writers were told:");
        let mut reasons: Vec<_> = self.reasons.drain().collect();
        reasons.sort_by_key(|(_, count)| usize::MAX - count);
        for (reason, count) in reasons {
            println!("{count:>8}  {reason}");
        }
        let broken = FAULTS.iter().filter(|fault| self.sums.of(fault) > 0);
        let all = self
            .harm
            .always()
            .iter()
            .filter(|all| self.sums.of(all) < rounds);
        let broken: Vec<&str> = broken.chain(all).copied().collect();
        match broken.is_empty() {
            true => Ok(()),
            false => Err(format!("a promise is broken: {}", broken.join(", ")).into()),
        }
    }
}
