//! Names that only one may have, wanted at all nodes at once: a guest's of JIM, and an account's one connection of uchat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::bench::{NODES, Nodes};
use crate::Outcome;
use crate::client::{Deed, Dialect, Room};
use crate::member::Member;
use crate::server::Account;
use crate::writers::Places;

/// The dialects in which there can be one of a name.
const EXCLUSIVE: [Dialect; 2] = [Dialect::Jim, Dialect::Uchat];
/// How often whoever has a name says something, and whoever has not tries again.
const STEP: Duration = Duration::from_millis(50);
/// After how many things said one lets go.
const TURN: usize = 12;

/// Who had a name, by this process's clock.
struct Turn {
    dialect: Dialect,
    /// The node had let it in by then.
    entered: Instant,
    /// When it asked last what was accepted then.
    acted: Option<Instant>,
}

/// All who want it, until it ends.
pub(super) struct Contest {
    tasks: Vec<JoinHandle<Vec<Turn>>>,
    is_over: Arc<AtomicBool>,
}

impl Contest {
    pub(super) fn begin(nodes: &Nodes, room: &Room) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let all = (0..NODES).flat_map(|node| EXCLUSIVE.map(|dialect| (node, dialect)));
        let tasks = all.map(|(node, dialect)| {
            let contender = Contender {
                dialect,
                node,
                places: nodes.places.clone(),
                account: nodes.wanted.clone(),
                room: room.clone(),
                is_over: is_over.clone(),
            };
            tokio::spawn(contender.contend())
        });
        Self {
            tasks: tasks.collect(),
            is_over,
        }
    }

    /// How often somebody had a name and spoke by it, and how often somebody else had it then.
    pub(super) async fn end(self) -> Outcome<(u64, u64)> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut turns = Vec::new();
        for task in self.tasks {
            turns.extend(task.await?);
        }
        let taken = turns.iter().filter(|turn| turn.acted.is_some()).count();
        let is_twice = |earlier: &Turn, later: &Turn| {
            earlier.dialect == later.dialect
                && earlier.entered < later.entered
                && earlier.acted > Some(later.entered)
        };
        let twice = turns
            .iter()
            .filter(|earlier| turns.iter().any(|later| is_twice(earlier, later)));
        Ok((u64::try_from(taken)?, u64::try_from(twice.count())?))
    }
}

struct Contender {
    dialect: Dialect,
    node: usize,
    places: Places,
    account: Account,
    room: Room,
    is_over: Arc<AtomicBool>,
}

impl Contender {
    async fn contend(self) -> Vec<Turn> {
        let mut turns = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            // Who is refused, or cut off, tries again.
            let _ = self.turn(&mut turns).await;
            sleep(STEP).await;
        }
        turns
    }

    async fn turn(&self, turns: &mut Vec<Turn>) -> Outcome<()> {
        let address = self.places.address(self.node, self.dialect)?;
        let entered = Member::enter(self.dialect, address, &self.account, &self.room);
        let mut member = entered.await?;
        let place = turns.len();
        turns.push(Turn {
            dialect: self.dialect,
            entered: Instant::now(),
            acted: None,
        });
        for _ in 0..TURN {
            let asked = Instant::now();
            member
                .act(Deed::Say("it is mine"), &mut Vec::new())
                .await??;
            turns[place].acted = Some(asked);
            sleep(STEP).await;
        }
        Ok(())
    }
}
