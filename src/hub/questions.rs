//! What nodes ask each other over the bus. A question that is lost, or whose answer is, counts as not answered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Hub;
use super::commands::{Actor, EndGuest};
use crate::bus::{Payload, Topic};
use crate::cluster::{Answer, Question, Together};
use crate::model::{EndReason, NodeId};

/// How long another node may take to answer.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Who waits for answers.
#[derive(Default)]
pub(super) struct Questions(Mutex<Open>);

#[derive(Default)]
struct Open {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
}

/// A question that is not answered; dropped, it waits no more.
pub(super) struct Asked<'a> {
    questions: &'a Questions,
    pub(super) number: u64,
}

impl Questions {
    pub(super) fn open(&self) -> (Asked<'_>, oneshot::Receiver<Answer>) {
        let (tell, told) = oneshot::channel();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.last += 1;
        let number = open.last;
        open.waiting.insert(number, tell);
        let questions = self;
        (Asked { questions, number }, told)
    }

    fn close(&self, number: u64) -> Option<oneshot::Sender<Answer>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.waiting.remove(&number)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.questions.close(self.number);
    }
}

impl Hub {
    /// Asks a node, and waits for a moment. `None`: it did not answer.
    pub(super) async fn ask_node(&self, to: NodeId, question: Question) -> Option<Answer> {
        let cluster = self.inner.cluster.as_ref()?;
        let (asked, told) = cluster.questions.open();
        let number = asked.number;
        self.publish(Topic::Node(to), Payload::Ask { number, question });
        tokio::time::timeout(PATIENCE, told).await.ok()?.ok()
    }

    /// As [`Hub::ask_node`], where the answer is yes or no; no answer is `None`.
    pub(super) async fn ask_whether(&self, to: NodeId, question: Question) -> Option<bool> {
        match self.ask_node(to, question).await? {
            Answer::Done(done) => Some(done),
            Answer::Sessions(_) => None,
        }
    }

    /// Another node has answered.
    pub(super) fn answered(&self, number: u64, answer: Answer) {
        let cluster = self.inner.cluster.as_ref();
        if let Some(waiting) = cluster.and_then(|cluster| cluster.questions.close(number)) {
            // Who asked may have gone meanwhile.
            let _ = waiting.send(answer);
        }
    }

    /// Answers what another node asks over the bus.
    pub(super) async fn answer(self, from: NodeId, number: u64, question: Question) {
        let answer = self.answer_to(question).await;
        self.publish(Topic::Node(from), Payload::Answer { number, answer });
    }

    /// Does what a question is about.
    pub(super) async fn answer_to(&self, question: Question) -> Answer {
        match question {
            Question::Yield { name, claim } => Answer::Done(self.yield_name(name.user, claim)),
            Question::EndGuest { user } => Answer::Done(self.end_idle_guest(user).await),
            Question::Renew => Answer::Done(self.can_renew().await),
            Question::Echo => Answer::Done(true),
            Question::Sessions { of } => Answer::Sessions(self.session_infos(of)),
            Question::EndTogether { sessions, reason } => {
                self.with_state(|state| state.end_together(&sessions, None, reason));
                Answer::Done(true)
            }
            Question::Close { id, of } => Answer::Done(
                self.with_state(|state| state.close(id, of, EndReason::ClosedByOperator)),
            ),
        }
    }

    /// Has other nodes end the sessions that belong together with one that ended here: those that may have some, as far as is known;
    /// where the bus says that it is away, all. Who does not answer is left a letter.
    pub(super) async fn end_together_at(
        self,
        nodes: Vec<NodeId>,
        sessions: Together,
        reason: EndReason,
    ) {
        let question = Question::EndTogether { sessions, reason };
        let mut asked = JoinSet::new();
        if !self.inner.bus.is_connected() {
            asked.spawn(async move { self.ask_all_by_letter(question).await });
        } else {
            for node in nodes {
                let (hub, question) = (self.clone(), question.clone());
                asked.spawn(async move {
                    match hub.ask_node(node, question.clone()).await {
                        Some(_) => Ok(()),
                        None => hub.ask_by_letter(node, question).await.map(drop),
                    }
                });
            }
        }
        for error in asked.join_all().await.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "a user's connections at other nodes could not be ended");
        }
    }

    /// Ends a guest that nobody is behind, and waits until its name is free.
    async fn end_idle_guest(&self, user: crate::model::UserId) -> bool {
        if !self.with_state(|state| state.displace_idle_guest(user)) {
            return false;
        }
        let ended = self.commit(Actor::Operator, None, EndGuest { user }, |_, ()| Ok(()));
        ended.await.is_ok()
    }
}
