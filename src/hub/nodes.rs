//! A hub as one of several nodes: its place in the [registry](crate::cluster), and what it asks the others.
//!
//! A hub alone has none of it, and none of it is asked of anybody then.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::commands::OpenSessions;
use super::questions::Questions;
use super::{Hub, state};
use crate::cluster::{
    Answer, ExclusiveName, Holder, Identity, NodeInfo, NodeState, Question, Registration, Registry,
};
use crate::id_map::IdSet;
use crate::model::{EndReason, Error, NodeId, Result, SessionId, SessionInfo, UserId};

/// What a hub has that is one of several nodes.
pub(super) struct Cluster {
    pub(super) registry: Arc<dyn Registry>,
    pub(super) identity: Arc<Identity>,
    pub(super) lease: Duration,
    pub(super) next_claim: AtomicU64,
    pub(super) questions: Questions,
    /// It stops: it is gone by its own will.
    pub(super) is_leaving: AtomicBool,
    pub(super) holdings: Mutex<Holdings>,
}

/// What is on its way between the state and the registry. Its lock is taken under the state's too, and alone inside.
#[derive(Default)]
pub(super) struct Holdings {
    /// Claims of sessions that are about to open.
    pub(super) opening: IdSet<u64>,
    /// What the registry could not take back yet.
    pub(super) unreturned: Vec<(ExclusiveName, Holder)>,
    /// Who else was here when the lease was renewed last.
    pub(super) others: Vec<NodeId>,
}

/// The version of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Cluster {
    pub(super) fn new(
        registry: Arc<dyn Registry>,
        identity: Arc<Identity>,
        lease: Duration,
    ) -> Self {
        Self {
            registry,
            identity,
            lease,
            next_claim: AtomicU64::new(1),
            questions: Questions::default(),
            is_leaving: AtomicBool::new(false),
            holdings: Mutex::default(),
        }
    }

    pub(super) fn holdings(&self) -> MutexGuard<'_, Holdings> {
        self.holdings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    pub(super) fn node_registration(&self, cluster: &Cluster, id: NodeId) -> Registration {
        Registration {
            id,
            name: self.inner.node_name.clone(),
            version: VERSION.to_owned(),
            lease: cluster.lease,
        }
    }

    /// The nodes that there are: this one alone, or all that the registry knows, with their lag.
    pub(super) async fn nodes(&self) -> Result<Vec<NodeInfo>> {
        let Some(cluster) = &self.inner.cluster else {
            return Ok(vec![NodeInfo {
                id: self.node(),
                number: 1,
                name: self.inner.node_name.clone(),
                version: VERSION.to_owned(),
                since: self.inner.since,
                sessions: self.with_state(|state| state.sessions.len()) as u64,
                state: NodeState::Alive,
                lag: None,
            }]);
        };
        let nodes = cluster.registry.nodes().await?;
        let answers = self.ask_each(nodes, Question::Echo).await;
        let with_lag = answers.into_iter().map(|(node, answer, took)| NodeInfo {
            lag: answer.map(|_| took),
            ..node
        });
        Ok(with_lag.collect())
    }

    /// The open sessions, of one user or of all, at all nodes.
    pub(super) async fn sessions(&self, of: Option<UserId>) -> Result<OpenSessions> {
        let mut open = OpenSessions {
            sessions: self.session_infos(of),
            unanswered: Vec::new(),
        };
        let others = self.others().await?;
        for (node, answer, _) in self.ask_each(others, Question::Sessions { of }).await {
            match answer {
                Some(Answer::Sessions(infos)) => open.sessions.extend(infos),
                Some(Answer::Done(_)) | None => open.unanswered.push(node),
            }
        }
        open.sessions.sort_by_key(|info| info.id);
        Ok(open)
    }

    /// Asks nodes the same, all at once: each with its answer and how long that took, in the order that was given. Who is gone is
    /// not asked.
    async fn ask_each(
        &self,
        nodes: Vec<NodeInfo>,
        question: Question,
    ) -> Vec<(NodeInfo, Option<Answer>, Duration)> {
        let mut asked = JoinSet::new();
        for (place, node) in nodes.into_iter().enumerate() {
            let (hub, question, begun) = (self.clone(), question.clone(), Instant::now());
            asked.spawn(async move {
                let answer = match node.state {
                    NodeState::Alive | NodeState::Late => hub.ask_node(node.id, question).await,
                    NodeState::Gone => None,
                };
                (place, (node, answer, begun.elapsed()))
            });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// The open sessions here.
    pub(super) fn session_infos(&self, of: Option<UserId>) -> Vec<SessionInfo> {
        let name = &self.inner.node_name;
        self.with_state(|state| state.session_infos(of, name))
    }

    /// Closes a session, wherever it is; of a user, only one of its own. Its node, if that has not said yet that it is done: it was
    /// left a letter.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is none; those of the registry and of the store.
    pub(super) async fn close(
        &self,
        id: SessionId,
        of: Option<UserId>,
    ) -> Result<Option<NodeInfo>> {
        let reason = EndReason::ClosedByOperator;
        if self.with_state(|state| state.close(id, of, reason)) {
            return Ok(None);
        }
        let none = || Error::invalid("session", "no open session has this id");
        let mut others = self.others().await?.into_iter();
        let its = others.find(|node| node.number == state::node_of(id));
        let node = its.ok_or_else(none)?;
        let question = Question::Close { id, of };
        let is_heard = self.inner.bus.is_connected();
        if is_heard && let Some(closed) = self.ask_whether(node.id, question.clone()).await {
            return closed.then_some(None).ok_or_else(none);
        }
        match self.ask_by_letter(node.id, question).await? {
            // Asked before, it may have closed it, and its answer was lost.
            Some(Answer::Done(closed)) => (closed || is_heard).then_some(None).ok_or_else(none),
            Some(Answer::Sessions(_)) | None => Ok(Some(node)),
        }
    }

    /// The nodes that can be asked, without this one.
    async fn others(&self) -> Result<Vec<NodeInfo>> {
        let Some(cluster) = &self.inner.cluster else {
            return Ok(Vec::new());
        };
        let mut nodes = cluster.registry.nodes().await?;
        nodes.retain(|node| node.id != self.node() && node.state != NodeState::Gone);
        Ok(nodes)
    }
}
