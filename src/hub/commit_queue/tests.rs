//! In which order what arrives is taken, and by whom.

use tokio::time::{Duration, timeout};

use super::*;
use crate::bus::{Payload, VERSION};
use crate::model::{Error, News, NodeId};
use crate::store::{ApplyError, Limits, RowKeys, Transaction, Write};
use std::any::Any;

fn envelope(node: u64) -> Envelope {
    Envelope {
        version: VERSION,
        node: NodeId(node),
        payload: Payload::News,
    }
}

/// Whether it has something to do, or is called within a made-up moment.
async fn is_called(worker: &Worker<'_>) -> bool {
    let moment = Duration::from_secs(1);
    timeout(moment, worker.called()).await.is_ok()
}

#[test]
fn news_are_taken_before_their_turn_and_what_else_waits_stays_in_order() {
    let queue = CommitQueue::default();
    let page = NewsPage {
        news: vec![News::Bans],
        ..NewsPage::default()
    };
    queue.arrive(Foreign::Envelope(envelope(1)));
    queue.arrive(Foreign::News(page.clone()));
    queue.arrive(Foreign::Envelope(envelope(2)));
    assert_eq!(queue.take_news(), [page]);
    assert_eq!(queue.take_news(), []);
    for node in [1, 2] {
        let Some(Slice::Foreign(next, _held)) = queue.take_slice() else {
            panic!("an envelope was to be told");
        };
        assert_eq!(next, Foreign::Envelope(envelope(node)));
    }
    assert!(queue.take_slice().is_none());
}

/// A write that does nothing.
struct Nothing;

impl Write for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn rows(&self, _: &mut RowKeys) {}

    fn apply(&mut self, _: &Limits, _: &mut dyn Transaction) -> Result<Vec<RoomEvent>, ApplyError> {
        Ok(Vec::new())
    }

    fn complete(self: Box<Self>, _: Result<(), Error>, _: &mut dyn Any) {}
}

/// The outcomes of the commits that are next.
fn outcomes(queue: &CommitQueue) -> Option<Vec<Result<(), Error>>> {
    match queue.take_slice()? {
        Slice::Commits(commits, _) => {
            Some(commits.into_iter().map(|commit| commit.outcome).collect())
        }
        Slice::Foreign(..) => None,
    }
}

#[test]
fn what_does_not_hold_is_told_while_something_else_is_waited_for() {
    let queue = CommitQueue::default();
    let commit = |outcome| Commit {
        write: Box::new(Nothing),
        outcome,
        events: Vec::new(),
    };
    let (void, refused) = (Err(Error::Unavailable), Err(Error::NoSuchRoom));
    queue.arrive(Foreign::LookForNews);
    let Some(Slice::Foreign(_, held)) = queue.take_slice() else {
        panic!("news were to be looked for");
    };
    queue.committed(vec![
        commit(Ok(())),
        commit(void.clone()),
        commit(refused.clone()),
    ]);
    assert!(queue.has_slice());
    assert_eq!(outcomes(&queue), Some(vec![void.clone()]));
    assert!(!queue.has_slice() && outcomes(&queue).is_none());
    drop(held);
    queue.committed(vec![commit(void.clone())]);
    assert_eq!(outcomes(&queue), Some(vec![Ok(()), refused, void]));
    assert!(!queue.has_slice());
}

#[tokio::test(start_paused = true)]
async fn what_came_behind_an_envelope_waits_until_that_was_told() {
    let queue = CommitQueue::default();
    let worker = queue.worker();
    assert!(!is_called(&worker).await);
    queue.arrive(Foreign::Envelope(envelope(1)));
    queue.arrive(Foreign::Envelope(envelope(2)));
    assert!(is_called(&worker).await);
    let Some(Slice::Foreign(first, held)) = queue.take_slice() else {
        panic!("an envelope was to be told");
    };
    assert_eq!(first, Foreign::Envelope(envelope(1)));
    assert!(queue.take_slice().is_none() && !is_called(&worker).await);
    drop(held);
    assert!(is_called(&worker).await && queue.take_slice().is_some());
    assert!(!is_called(&worker).await);
}

#[tokio::test(start_paused = true)]
async fn who_ends_after_it_was_called_leaves_the_work_to_another() {
    let queue = CommitQueue::default();
    let (first, second) = (queue.worker(), queue.worker());
    {
        let mut called = std::pin::pin!(first.called());
        assert!(futures_poll(called.as_mut()).is_pending());
        let mut other = std::pin::pin!(second.called());
        assert!(futures_poll(other.as_mut()).is_pending());
        queue.arrive(Foreign::Envelope(envelope(1)));
        // One is enough.
        assert_eq!(queue.lock().idle.len(), 1);
    }
    drop(first);
    assert!(is_called(&second).await);
}

fn futures_poll(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> std::task::Poll<()> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}
