//! How a node keeps its place among the others, what it does when it loses it, and what it does for those that have lost
//! theirs: docs/decisions/0028-leases.md.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Hub;
use super::commands::{Actor, EndGuests};
use super::state::HubState;
use crate::bus::{Payload, Topic};
use crate::cluster::{Identity, Question, Round};
use crate::model::{EndReason, NodeId, Result};

/// What is added to the time at which another's lease is over, so that it is over by then.
const MARGIN: Duration = Duration::from_millis(10);
/// How soon the registry is tried again by who is about to give up.
const AGAIN: Duration = Duration::from_millis(20);

impl Hub {
    /// Enters the registry, if there is one, and does what those that are gone have left to do.
    ///
    /// # Errors
    /// The registry's.
    pub(super) async fn enter_cluster(&self) -> Result<()> {
        let Some(cluster) = &self.inner.cluster else {
            return Ok(());
        };
        let node = self.node();
        let registration = self.node_registration(cluster, node);
        let number = cluster.registry.register(&registration).await?;
        // From the first on, what happens here happens by the registry's clock.
        let _ = self.renew(cluster.lease / 3).await;
        self.with_state(|state| state.become_node(node, Some(number)));
        Ok(())
    }

    /// Renews the lease, as long as the hub runs.
    pub(super) async fn keep_lease(self) {
        let Some(cluster) = &self.inner.cluster else {
            return;
        };
        let (third, sixth) = (cluster.lease / 3, cluster.lease / 6);
        let (mut renewed, mut next) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                () = sleep_until(next) => {}
                () = cluster.identity.was_refused() => {}
            }
            let asked = Instant::now();
            match self.renew(third).await {
                Some(Some(round)) => {
                    renewed = asked;
                    let end = round.next_end.map_or(third, |end| end + MARGIN);
                    next = asked + end.min(third);
                    self.follow(round).await;
                }
                Some(None) if cluster.is_leaving.load(Ordering::SeqCst) => return,
                Some(None) => {
                    renewed = self.begin_afresh().await;
                    next = renewed;
                }
                None => {
                    if renewed.elapsed() >= cluster.lease * 2 / 3 {
                        self.end_if_cut_off().await;
                    }
                    next = asked.max(Instant::now()) + sixth;
                }
            }
        }
    }

    /// What the registry says to a renewal; nothing, where it does not in time.
    async fn renew(&self, within: Duration) -> Option<Option<Round>> {
        let cluster = self.inner.cluster.as_ref()?;
        let sessions = self.with_state(|state| state.sessions.len()) as u64;
        let asked = Instant::now();
        let renewed = cluster.registry.renew(self.node(), sessions);
        let renewed = timeout(within, renewed).await.ok()?.ok()?;
        if let Some(time) = renewed.as_ref().and_then(|round| round.time) {
            self.inner.clock.follow(time, asked.elapsed());
        }
        Some(renewed)
    }

    /// Whether the registry answers within this time, however often it is tried.
    async fn is_back(&self, within: Duration) -> bool {
        let answered = async {
            while self.renew(within).await.is_none() {
                sleep(AGAIN).await;
            }
        };
        timeout(within, answered).await.is_ok()
    }

    /// Whether this node reaches the registry, and is not gone: asked by one who does not reach it.
    pub(super) async fn can_renew(&self) -> bool {
        let lease = self.inner.cluster.as_ref().map(|cluster| cluster.lease);
        // The other waits for a sixth.
        let within = lease.unwrap_or_default() / 12;
        matches!(self.renew(within).await, Some(Some(_)))
    }

    /// Does what is to be done for those that are gone; what comes to nothing is asked for again by the next round.
    async fn follow(&self, round: Round) {
        let Some(cluster) = &self.inner.cluster else {
            return;
        };
        for node in self.inner.watch.silent() {
            if !round.others.contains(&node) {
                // Who was never seen in the registry may have come there since it was asked.
                let is_for_good = cluster.holdings().others.contains(&node);
                self.lose_node(node, is_for_good).await;
            }
        }
        let unreturned = {
            let mut holdings = cluster.holdings();
            holdings.others = round.others;
            std::mem::take(&mut holdings.unreturned)
        };
        self.return_names(unreturned).await;
        for gone in round.gone {
            if let Err(error) = self.bury(gone).await {
                tracing::warn!(%error, node = %gone, "what a node that is gone has left cannot be ended now");
            }
        }
    }

    async fn bury(&self, gone: NodeId) -> Result<()> {
        let Some(cluster) = &self.inner.cluster else {
            return Ok(());
        };
        tracing::warn!(node = %gone, "a node is gone");
        let node = Some(gone);
        let ended = self.commit(Actor::Operator, None, EndGuests { node }, |_, ()| Ok(()));
        ended.await?;
        cluster.registry.forget(gone).await
    }

    /// Ends the sessions of a node that cannot renew its lease while others can: they are to be elsewhere before it is over.
    /// Where nobody says so, the registry may be away for all alike, and the bus with it: the sessions stay. They commit
    /// nothing meanwhile; if this node was found gone, they end once the registry says so.
    async fn end_if_cut_off(&self) {
        let Some(cluster) = &self.inner.cluster else {
            return;
        };
        let others = cluster.holdings().others.clone();
        if others.is_empty() || self.with_state(|state| state.sessions.is_empty()) {
            return;
        }
        let mut asked = JoinSet::new();
        let within = cluster.lease / 6;
        for other in others {
            let hub = self.clone();
            asked.spawn(async move {
                let answer = hub.ask_whether(other, Question::Renew);
                timeout(within, answer).await.ok().flatten()
            });
        }
        let answers = asked.join_all().await;
        // It may have come back while they were asked.
        if answers.contains(&Some(true)) && !self.is_back(cluster.lease / 12).await {
            tracing::error!("the registry cannot be reached from here");
            self.with_state(|state| state.end_every(EndReason::NodeLost));
        }
    }

    /// Goes on as another node. When its lease was asked for.
    async fn begin_afresh(&self) -> Instant {
        let (lost, inner) = (self.node(), &self.inner);
        tracing::error!(
            node = %lost,
            "this node was found gone"
        );
        self.with_state(HubState::end_as_gone);
        self.publish(Topic::All, Payload::Leaving);
        // What was asked for as the old node is refused first.
        self.answers().await;
        inner.bus.leave(lost);
        loop {
            let (asked, node) = (Instant::now(), Identity::another());
            let Some(cluster) = &inner.cluster else {
                return asked;
            };
            match cluster
                .registry
                .register(&self.node_registration(cluster, node))
                .await
            {
                Ok(number) => {
                    // What this node says as the new one, it says there.
                    cluster.identity.become_node(node);
                    self.join_bus();
                    self.with_state(|state| {
                        state.become_node(node, Some(number));
                        state.want_all();
                    });
                    tracing::info!(node = %node, "this node is here again");
                    return asked;
                }
                Err(error) => {
                    tracing::warn!(%error, "this node cannot begin afresh yet");
                    sleep(cluster.lease / 6).await;
                }
            }
        }
    }

    /// Whether it is about to give everything back: what is begun now would be refused.
    pub(super) fn is_leaving(&self) -> bool {
        let cluster = self.inner.cluster.as_ref();
        cluster.is_some_and(|cluster| cluster.is_leaving.load(Ordering::SeqCst))
    }

    /// Gives everything back at once: the node stops.
    pub(super) async fn leave_cluster(&self) {
        let Some(cluster) = &self.inner.cluster else {
            return;
        };
        let node = self.node();
        cluster.is_leaving.store(true, Ordering::SeqCst);
        let guests = EndGuests { node: Some(node) };
        let ended = self.commit(Actor::Operator, None, guests, |_, ()| Ok(()));
        let left = async {
            ended.await?;
            cluster.registry.resign(node).await?;
            cluster.registry.forget(node).await
        };
        if let Err(error) = left.await {
            tracing::warn!(%error, "this node cannot say that it stops; the others notice when its lease is over");
        }
    }
}
