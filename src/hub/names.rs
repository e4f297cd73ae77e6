//! One name, one connection, over all nodes: the registry decides who has it, and who has it is asked whether it is there.

use std::sync::atomic::Ordering;

use super::commands::{Actor, EndGuest};
use super::state::HubState;
use super::{ConnectionInfo, Hub, Session};
use crate::cluster::{ExclusiveName, Holder, NodeInfo, NodeState, Question, Taken};
use crate::model::{Error, Result, SessionId, UserId, UserKind};
use crate::store::UserRow;

/// How often somebody else may be quicker before one gives up.
const TRIES: usize = 3;

/// The right to open a session of a name that only one may have. Unless it is taken, the name is free when this is dropped.
pub(super) struct Claim {
    hub: Hub,
    name: ExclusiveName,
    id: u64,
    is_taken: bool,
}

impl Claim {
    /// The session that holds it is open. To be called with the state at hand.
    pub(super) fn taken(mut self) -> u64 {
        self.is_taken = true;
        self.id
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(cluster) = &self.hub.inner.cluster {
            cluster.holdings().opening.remove(&self.id);
        }
        if !self.is_taken {
            self.hub.give_back(vec![(self.name.clone(), self.id)]);
        }
    }
}

impl Hub {
    /// Takes a user's one connection of a dialect for a session that is to open: from whoever does not answer any more, if
    /// need be. `None` where the node is alone, or the connection has it already.
    ///
    /// # Errors
    /// [`Error::AlreadyConnected`]; [`Error::Unavailable`] where the registry cannot be asked.
    pub(super) async fn claim(
        &self,
        user: UserId,
        dialect: &'static str,
        own: Option<SessionId>,
    ) -> Result<Option<Claim>> {
        let Some(cluster) = &self.inner.cluster else {
            return Ok(None);
        };
        let has_it = |state: &mut HubState| state.claim_of(own?, user, dialect);
        if self.with_state(has_it).is_some() {
            return Ok(None);
        }
        let (node, number) = (
            self.node(),
            cluster.next_claim.fetch_add(1, Ordering::Relaxed),
        );
        let name = ExclusiveName {
            user,
            dialect: dialect.to_owned(),
        };
        let claim = Claim {
            hub: self.clone(),
            name: name.clone(),
            id: number,
            is_taken: false,
        };
        cluster.holdings().opening.insert(number);
        let holder = Holder {
            node,
            claim: number,
        };
        let mut instead_of = None;
        for _ in 0..TRIES {
            let taken = cluster.registry.take(&name, holder, instead_of);
            let Taken::HeldBy(held) = taken.await? else {
                return Ok(Some(claim));
            };
            if !self.yields(&name, held).await {
                break;
            }
            instead_of = Some(held);
        }
        Err(Error::AlreadyConnected)
    }

    /// Whether who holds a name is not there any more, or was displaced just now.
    async fn yields(&self, name: &ExclusiveName, held: Holder) -> bool {
        if held.node == self.node() {
            return self.yield_name(name.user, held.claim);
        }
        let (name, claim) = (name.clone(), held.claim);
        let asked = self.ask_whether(held.node, Question::Yield { name, claim });
        asked.await == Some(true)
    }

    /// Displaces whoever holds a name by this claim, if nobody is behind it; whether nobody holds it so now.
    pub(super) fn yield_name(&self, user: UserId, claim: u64) -> bool {
        self.with_state(|state| {
            // An opening becomes a session under the state's lock.
            let cluster = self.inner.cluster.as_ref();
            let is_opening =
                cluster.is_some_and(|cluster| cluster.holdings().opening.contains(&claim));
            !is_opening && state.yield_claim(user, claim)
        })
    }

    /// Gives names back that sessions of this node had.
    pub(super) fn give_back(&self, names: Vec<(ExclusiveName, u64)>) {
        if self.inner.cluster.is_none() || names.is_empty() {
            return;
        }
        let (hub, node) = (self.clone(), self.node());
        let held = { names.into_iter() }.map(|(name, claim)| (name, Holder { node, claim }));
        let held: Vec<_> = held.collect();
        drop(self.run(async move { hub.return_names(held).await }));
    }

    /// Gives names back; what cannot be given back now is when the lease is renewed.
    pub(super) async fn return_names(&self, held: Vec<(ExclusiveName, Holder)>) {
        let Some(cluster) = &self.inner.cluster else {
            return;
        };
        if !held.is_empty() && cluster.registry.give_back(&held).await.is_err() {
            cluster.holdings().unreturned.extend(held);
        }
    }

    /// Whether the login of a guest is free now: the guest was idle, and has ended, wherever it was.
    ///
    /// # Errors
    /// The store's, or the registry's.
    pub(super) async fn frees_guest(&self, guest: &UserRow) -> Result<bool> {
        let user = guest.user.id;
        let (Some(cluster), Some(node)) = (&self.inner.cluster, guest.node) else {
            return Ok(self.with_state(|state| state.displace_idle_guest(user)));
        };
        if node == self.node() {
            return Ok(self.with_state(|state| state.displace_idle_guest(user)));
        }
        if let Some(freed) = self.ask_whether(node, Question::EndGuest { user }).await {
            return Ok(freed);
        }
        let nodes = cluster.registry.nodes().await?;
        let is_here = |info: &NodeInfo| info.id == node && info.state != NodeState::Gone;
        if nodes.iter().any(is_here) {
            return Ok(false);
        }
        let ended = self.commit(Actor::Operator, None, EndGuest { user }, |_, ()| Ok(()));
        ended.await.map(|()| true)
    }
}

impl Session {
    /// As [`Hub::claim`], for a guest that is about to become an account: a guest holds its name by the store alone.
    pub(super) async fn claim_own(&self) -> Result<Option<Claim>> {
        let guest = self.user().filter(|user| user.kind == UserKind::Guest);
        let ConnectionInfo {
            dialect, exclusive, ..
        } = self.connection;
        match guest {
            Some(guest) if exclusive => self.hub.claim(guest.id, dialect, self.id()).await,
            _ => Ok(None),
        }
    }
}
