//! Whose turn it is where more wait for something than can have it at once: to have a password hashed, to shake hands.
//!
//! Networks take turns, one of each, so that whoever floods the gateway from one makes nobody of another wait for more
//! than one of its own at a time. Of one network, who failed least often lately comes first; of these, who has come in
//! from there before; of these, who has fewer others of its own account ahead; then who came first. The last one by this order
//! is refused where too many of one network wait.

use std::collections::VecDeque;
#[cfg(any(test, feature = "tls", feature = "http"))]
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::dial::Dial;
use crate::model::{Error, Network, Result};

/// When whoever was refused may come again: some that were ahead have had their turns by then.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Who wants a turn.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// Where it is; none inside the process, which waits in any number.
    pub(crate) network: Option<Network>,
    /// Whose password it is said to be; nobody's where that is not what it is about.
    pub(crate) account: String,
    /// How often that failed from there in the last minute.
    pub(crate) failures: u32,
    /// Nobody has lately come in to that account from there.
    pub(crate) is_stranger: bool,
}

impl Asker {
    #[cfg(any(test, feature = "tls", feature = "http"))]
    /// Anybody at an address.
    pub(crate) fn anybody(address: Option<IpAddr>) -> Self {
        Self {
            network: address.map(Network::of_place),
            account: String::new(),
            failures: 0,
            is_stranger: true,
        }
    }
}

/// Who waits for a turn, and how many may have one at once.
pub(crate) struct Turns {
    queue: Arc<Mutex<Queue>>,
    limit: Dial,
}

/// The right to go on, which passes to the next one when it is dropped.
pub(crate) struct Turn(Arc<Mutex<Queue>>);

/// Nobody waits while a turn is free.
struct Queue {
    free: usize,
    /// Those of which somebody waits, in the order of their turns.
    networks: VecDeque<Waiting>,
}

/// Those of one network, in the order in which they came.
struct Waiting {
    network: Option<Network>,
    askers: Vec<(Rank, String, oneshot::Sender<Turn>)>,
}

/// The least one comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    failures: u32,
    is_stranger: bool,
    /// How many of the same account waited when it came.
    behind: usize,
}

impl Turns {
    /// So many turns at once, and at most `limit` of one network that wait; 0: no limit.
    pub(crate) fn new(at_once: usize, limit: u32) -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue {
                free: at_once,
                networks: VecDeque::new(),
            })),
            limit: u64::from(limit).into(),
        }
    }

    /// Another limit from now on, for whoever comes.
    pub(crate) fn set_limit(&self, limit: u32) {
        self.limit.set(limit.into());
    }

    /// Whether whoever comes now has to wait.
    #[cfg(feature = "tls")]
    pub(crate) fn are_taken(&self) -> bool {
        locked(&self.queue).free == 0
    }

    /// Whether somebody waits for a turn now.
    #[cfg(feature = "tls")]
    pub(crate) fn are_awaited(&self) -> bool {
        let queue = locked(&self.queue);
        let mut askers = queue.networks.iter().flat_map(|waiting| &waiting.askers);
        askers.any(|(_, _, turn)| !turn.is_closed())
    }

    /// Waits for a turn; who does not wait any longer loses its place.
    ///
    /// # Errors
    /// [`Error::RateLimited`] where too many of its network wait that come before it.
    pub(crate) async fn next(&self, asker: Asker) -> Result<Turn> {
        let turn = {
            let mut queue = locked(&self.queue);
            if queue.free > 0 {
                queue.free -= 1;
                return Ok(Turn(self.queue.clone()));
            }
            queue.enter(asker, self.limit.get())
        };
        turn.await.map_err(|_| Error::RateLimited {
            retry_after: RETRY_AFTER,
        })
    }
}

impl Queue {
    fn enter(&mut self, asker: Asker, limit: u64) -> oneshot::Receiver<Turn> {
        let same = |waiting: &Waiting| waiting.network == asker.network;
        let place = self.networks.iter().position(same).unwrap_or_else(|| {
            self.networks.push_back(Waiting {
                network: asker.network,
                askers: Vec::new(),
            });
            self.networks.len() - 1
        });
        let (give, given) = oneshot::channel();
        if let Some(waiting) = self.networks.get_mut(place) {
            let askers = &mut waiting.askers;
            askers.retain(|(_, _, turn)| !turn.is_closed());
            let own = askers.iter().filter(|(_, of, _)| *of == asker.account);
            let rank = Rank {
                failures: asker.failures,
                is_stranger: asker.is_stranger,
                behind: own.count(),
            };
            askers.push((rank, asker.account, give));
            if limit > 0 && waiting.network.is_some() && askers.len() as u64 > limit {
                let ranked = askers.iter().enumerate();
                let last = ranked.max_by_key(|(_, (rank, ..))| *rank);
                if let Some(last) = last.map(|(last, _)| last) {
                    askers.remove(last);
                }
            }
        }
        given
    }

    /// The next one that still waits.
    fn leave(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(mut waiting) = self.networks.pop_front() {
            let askers = &mut waiting.askers;
            askers.retain(|(_, _, turn)| !turn.is_closed());
            let ranked = askers.iter().enumerate();
            let Some((first, _)) = ranked.min_by_key(|(_, (rank, ..))| *rank) else {
                continue;
            };
            let (_, _, turn) = askers.remove(first);
            if !askers.is_empty() {
                self.networks.push_back(waiting);
            }
            return Some(turn);
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = locked(&self.0);
            let next = queue.leave();
            queue.free += usize::from(next.is_none());
            next
        };
        // Who has gone in this moment drops it, and so passes it on.
        next.map(|next| next.send(Self(self.0.clone())));
    }
}

fn locked(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(address: &str, account: &str) -> Asker {
        Asker {
            account: account.to_owned(),
            ..Asker::anybody(Some(address.parse().unwrap()))
        }
    }

    /// Has them come in this order while the only turn is taken. Who had a turn, in that order, and who was refused.
    async fn serve(limit: u32, askers: Vec<Asker>) -> (Vec<usize>, Vec<usize>) {
        let turns = Arc::new(Turns::new(1, limit));
        let taken = turns.next(asker("192.0.2.9", "first")).await.unwrap();
        let ends = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let mut tasks = Vec::new();
        for (number, asker) in askers.into_iter().enumerate() {
            let (turns, ends) = (turns.clone(), ends.clone());
            tasks.push(tokio::spawn(async move {
                let turn = turns.next(asker).await;
                let mut ends = ends.lock().unwrap();
                match &turn {
                    Ok(_) => ends.0.push(number),
                    Err(_) => ends.1.push(number),
                }
            }));
            tokio::task::yield_now().await;
        }
        drop(taken);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(locked(&turns.queue).free, 1);
        Arc::into_inner(ends).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn networks_take_turns_and_a_household_is_one() {
        let flood = (1..=9).map(|host| asker(&format!("2001:db8::{host}"), &format!("a{host}")));
        let honest = [
            asker("192.0.2.1", "anna"),
            asker("2001:db8:0:1::1", "boris"),
        ];
        let all = flood.chain(honest).chain([asker("192.0.2.1", "clara")]);
        let (served, refused) = serve(0, all.collect()).await;
        assert_eq!(served, [0, 9, 10, 1, 11, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(refused, [0; 0]);
    }

    #[tokio::test]
    async fn of_one_network_who_failed_comes_last_and_who_is_known_there_first() {
        let one = |account, failures, is_stranger| Asker {
            failures,
            is_stranger,
            ..asker("192.0.2.1", account)
        };
        let all = vec![
            one("anna", 2, true),
            one("boris", 1, false),
            one("clara", 0, true),
            one("clara", 0, true),
            one("clara", 0, true),
            one("dora", 0, true),
            one("emil", 0, false),
            one("dora", 0, true),
        ];
        let (served, _) = serve(0, all).await;
        assert_eq!(served, [6, 2, 5, 3, 7, 4, 1, 0]);
    }

    #[tokio::test]
    async fn where_too_many_of_a_network_wait_who_would_come_last_is_refused() {
        let flood = |number: u32| Asker {
            failures: number % 2,
            ..asker("192.0.2.1", &format!("a{number}"))
        };
        let mut all: Vec<_> = (0..6).map(flood).collect();
        all.push(asker("192.0.2.2", "anna"));
        // From inside the process, and of the operator.
        all.extend((0..6).map(|_| Asker {
            network: None,
            ..asker("192.0.2.1", "")
        }));
        let (served, refused) = serve(3, all).await;
        assert_eq!(served, [0, 6, 7, 2, 8, 4, 9, 10, 11, 12]);
        assert_eq!(refused, [3, 1, 5]);
    }

    #[tokio::test]
    async fn who_does_not_wait_any_longer_has_no_place_and_loses_no_turn() {
        let turns = Turns::new(1, 1);
        let taken = turns.next(asker("192.0.2.1", "anna")).await.unwrap();
        {
            let gone = turns.next(asker("192.0.2.1", "boris"));
            let late = tokio::time::timeout(Duration::ZERO, gone);
            assert!(late.await.is_err());
        }
        let (next, ()) = tokio::join!(turns.next(asker("192.0.2.1", "clara")), async {
            tokio::task::yield_now().await;
            drop(taken);
        });
        let (granted, gone) = (next.unwrap(), turns.next(asker("192.0.2.1", "dora")));
        {
            // It has its turn, and goes without having looked.
            let mut gone = std::pin::pin!(gone);
            let late = tokio::time::timeout(Duration::ZERO, &mut gone);
            assert!(late.await.is_err());
            drop(granted);
        }
        turns.next(asker("192.0.2.1", "emil")).await.unwrap();
    }
}
