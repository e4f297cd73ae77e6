//! Those who only listen: one for each dialect at each node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::bench::Nodes;
use crate::Outcome;
use crate::client::{Dialect, Happened, Room};
use crate::ledger::Ledger;
use crate::member::Member;
use crate::server::Account;
use crate::writers::{Places, SAID};

/// How often it is looked whether all is over.
const LOOK: Duration = Duration::from_millis(100);

/// All who listen, until they are stopped.
pub(super) struct Readers {
    tasks: Vec<JoinHandle<Ledger>>,
    is_over: Arc<AtomicBool>,
}

struct Reader {
    dialect: Dialect,
    places: Places,
    place: usize,
    account: Account,
    room: Room,
    is_over: Arc<AtomicBool>,
    ledger: Ledger,
}

impl Readers {
    pub(super) fn start(nodes: &Nodes, room: &Room) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let dialects = Dialect::ALL.into_iter().cycle();
        let readers = nodes.readers.iter().zip(dialects).enumerate();
        let tasks = readers.map(|(place, (account, dialect))| {
            let reader = Reader {
                dialect,
                places: nodes.places.clone(),
                place,
                account: account.clone(),
                room: room.clone(),
                is_over: is_over.clone(),
                ledger: Ledger::default(),
            };
            tokio::spawn(reader.listen())
        });
        Self {
            tasks: tasks.collect(),
            is_over,
        }
    }

    pub(super) async fn stop(self) -> Outcome<Vec<Ledger>> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut ledgers = Vec::new();
        for task in self.tasks {
            ledgers.push(task.await?);
        }
        Ok(ledgers)
    }
}

impl Reader {
    /// Listens, and comes again where it is cut off: at the next node.
    async fn listen(mut self) -> Ledger {
        while !self.is_over.load(Ordering::Relaxed) {
            let mut heard = Vec::new();
            if let Err(error) = self.connection(&mut heard).await {
                *self.ledger.reasons.entry(error.to_string()).or_default() += 1;
                self.place += 1;
                sleep(LOOK).await;
            }
            heard.retain(|text: &String| text.ends_with(SAID));
            self.ledger.heard.push(heard);
        }
        self.ledger
    }

    async fn connection(&mut self, heard: &mut Vec<String>) -> Outcome<()> {
        let address = self.places.address(self.place, self.dialect)?;
        let entered = Member::enter(self.dialect, address, &self.account, &self.room);
        let mut member = entered.await?;
        while !self.is_over.load(Ordering::Relaxed) {
            if let Ok(next) = timeout(LOOK, member.next()).await
                && let Happened::Heard(text) = next?
            {
                heard.push(text);
            }
        }
        self.ledger.stayed = true;
        Ok(())
    }
}
