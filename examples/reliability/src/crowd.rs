//! Very many connections: some that come within one second, some thousands that say nothing, and more than the gateway takes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, sleep};

use crate::Outcome;
use crate::client::{Dialect, Room};
use crate::harm::Place;
use crate::latency::at;
use crate::member::Member;
use crate::server::{Account, Server};

/// Accounts that connections of Talker and of purpose are of; each JIM guest is somebody of its own.
const ACCOUNTS: usize = 20;

/// How many come in a second where they do not come all at once.
const PER_SECOND: u32 = 500;

/// How many come, and how many of them at once.
#[derive(Debug, Args)]
pub struct Crowd {
    /// Connections that say nothing, of JIM, Talker and purpose; also what the gateway takes at most
    #[arg(long, default_value_t = 10_000)]
    pub connections: usize,
    /// Connections of JIM guests that come within one second
    #[arg(long, default_value_t = 2_000)]
    pub burst: u32,
    /// Seconds that all of them stay, and that it is waited after they went: longer than `presence.grace`
    #[arg(long, default_value_t = 40)]
    pub seconds: u64,
}

impl Crowd {
    /// Lets them come and prints what became of them, and what memory the gateway had.
    ///
    /// # Errors
    /// It cannot be tried here, or somebody was neither served nor told why not.
    pub async fn run(&self, program: &Path) -> Outcome<()> {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        let place = Place::new()?;
        let most = self.connections.to_string();
        let settings = [
            ("LIMITS__CONNECTIONS", most.as_str()),
            ("TALKER__IDLE_AFTER", "0s"),
            ("TALKER__CLOSE_AFTER", "0s"),
        ];
        let server = Server::spawn(Server::command(program, place.path(), &settings))?;
        let mut doors = Vec::new();
        for dialect in [Dialect::Jim, Dialect::Talker, Dialect::Purpose] {
            let name = dialect.listener().to_owned();
            let id = server.room(&name)?;
            doors.push((dialect, Room { name, id }));
        }
        let mut guests = Guests::new(&server)?;
        guests.memory("before")?;
        guests
            .come("at once", &doors[..1], self.burst, self.burst)
            .await?;
        guests.memory("with these")?;
        let left = u32::try_from(self.connections)?.saturating_sub(self.burst);
        guests
            .come("one after another", &doors, left, PER_SECOND)
            .await?;
        sleep(Duration::from_secs(self.seconds)).await;
        guests.memory("with all")?;
        guests
            .come("too many, at once", &doors[..1], self.burst, self.burst)
            .await?;
        guests.memory("with all, then")?;
        guests.go();
        sleep(Duration::from_secs(self.seconds)).await;
        guests.memory("after")?;
        guests.come("afterwards", &doors, 3, PER_SECOND).await?;
        match guests.lost {
            0 => Ok(()),
            lost => Err(format!("{lost} were neither served nor told why not").into()),
        }
    }
}

/// Those who are connected.
struct Guests<'a> {
    server: &'a Server,
    accounts: Vec<Account>,
    present: Vec<JoinHandle<()>>,
    count: usize,
    /// Who was neither served nor told why not.
    lost: usize,
}

impl<'a> Guests<'a> {
    fn new(server: &'a Server) -> Outcome<Self> {
        println!(
            "{:<22}{:>8}{:>8}{:>10}{:>10}{:>10}",
            "", "served", "refused", "p50 ms", "p99 ms", "max ms"
        );
        Ok(Self {
            server,
            accounts: server.accounts("c", ACCOUNTS)?,
            present: Vec::new(),
            count: 0,
            lost: 0,
        })
    }

    /// Has so many come by these doors in turn, and prints what became of them.
    async fn come(
        &mut self,
        when: &str,
        doors: &[(Dialect, Room)],
        count: u32,
        per_second: u32,
    ) -> Outcome<()> {
        let mut pace = interval(Duration::from_secs(1) / per_second);
        let mut coming = JoinSet::new();
        for (dialect, room) in doors.iter().cycle().take(usize::try_from(count)?) {
            pace.tick().await;
            let mut account = self.accounts[self.count % ACCOUNTS].clone();
            self.count += 1;
            if *dialect == Dialect::Jim {
                account.login = format!("c{}", self.count);
            }
            let (dialect, room) = (*dialect, room.clone());
            let address = self.server.address(dialect.listener())?;
            coming.spawn(async move {
                let begun = Instant::now();
                let entered = Member::enter(dialect, address, &account, &room).await;
                (begun.elapsed(), entered.map_err(|error| error.to_string()))
            });
        }
        let (mut times, mut served) = (Vec::new(), 0);
        let mut reasons = BTreeMap::<String, usize>::new();
        while let Some(came) = coming.join_next().await {
            let (time, entered) = came?;
            times.push(time);
            match entered {
                Ok(member) => {
                    served += 1;
                    self.present.push(tokio::spawn(stay(member)));
                }
                Err(reason) => *reasons.entry(reason).or_default() += 1,
            }
        }
        times.sort();
        let ms = |part| at(&times, part).as_secs_f64() * 1000.0;
        let refused = reasons
            .iter()
            .filter(|(reason, _)| reason.starts_with("refused"));
        let refused: usize = refused.map(|(_, count)| count).sum();
        self.lost += usize::try_from(count)? - served - refused;
        println!(
            "{when:<22}{served:>8}{refused:>8}{:>10.1}{:>10.1}{:>10.1}",
            ms(0.5),
            ms(0.99),
            ms(1.0)
        );
        for (reason, count) in reasons {
            println!("{count:>8}  {reason}");
        }
        Ok(())
    }

    fn memory(&self, when: &str) -> Outcome<()> {
        let megabytes = self.server.resident()? as f64 / f64::from(1 << 20);
        println!("{when:<22}{megabytes:>8.1} MiB");
        Ok(())
    }

    /// All of them go, without a farewell.
    fn go(&mut self) {
        self.present.drain(..).for_each(|present| present.abort());
    }
}

/// Answers what is asked, and says nothing.
async fn stay(mut member: Member) {
    while member.next().await.is_ok() {}
}
