//! The places of answers among what is written.
//!
//! A request reserves a *slot* when it comes in. What is pushed behind an unfilled slot waits for it, so that an answer
//! goes out before any push that was queued after its request came in, and answers go out in the order of requests.

use std::collections::VecDeque;

use super::chunk::Chunk;
use crate::hub::Waiting;

/// A request's place among what is written.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Slot(u64);

impl Slot {
    /// Its number on its connection, from 0.
    pub(in crate::gateway) fn number(&self) -> u64 {
        self.0
    }
}

/// The unfilled slots of one connection, with what waits behind each. Holds no memory while there are none.
#[derive(Debug, Default)]
pub(super) struct AnswerQueue {
    /// The number of the first unfilled slot.
    first: u64,
    unfilled: VecDeque<Unfilled>,
}

#[derive(Debug, Default)]
struct Unfilled {
    /// Known, and waiting for those before it.
    answer: Option<Chunk>,
    behind: Vec<Chunk>,
}

impl AnswerQueue {
    pub(super) fn reserve(&mut self) -> Slot {
        self.unfilled.push_back(Unfilled::default());
        Slot(self.first + self.unfilled.len() as u64 - 1)
    }

    /// How many requests are under way.
    pub(super) fn len(&self) -> usize {
        self.unfilled.len()
    }

    /// Queues a push behind the last slot; gives it back if there is none.
    pub(super) fn push(&mut self, chunk: Chunk) -> Option<Chunk> {
        match self.unfilled.back_mut() {
            Some(last) => {
                last.behind.push(chunk);
                None
            }
            None => Some(chunk),
        }
    }

    /// A request is answered, perhaps with nothing.
    pub(super) fn fill(&mut self, slot: &Slot, answer: Chunk) {
        let place = slot.0.checked_sub(self.first);
        let place = place.and_then(|place| usize::try_from(place).ok());
        if let Some(unfilled) = place.and_then(|place| self.unfilled.get_mut(place)) {
            unfilled.answer = Some(answer);
        }
    }

    /// What no unfilled slot stands in front of any more: an answer, and what waited behind it.
    pub(super) fn next(&mut self) -> Option<(Chunk, Vec<Chunk>)> {
        let filled = self.unfilled.pop_front_if(|slot| slot.answer.is_some())?;
        self.first += 1;
        if self.unfilled.is_empty() {
            self.unfilled = VecDeque::new();
        }
        Some((filled.answer?, filled.behind))
    }

    /// Gives up all slots: the answers there are, and what waited.
    pub(super) fn take_all(&mut self) -> Vec<Chunk> {
        let mut all = Vec::new();
        for unfilled in std::mem::take(&mut self.unfilled) {
            all.extend(unfilled.answer);
            all.extend(unfilled.behind);
        }
        all
    }

    /// Takes back the events that wait: how much that was.
    pub(super) fn drop_events(&mut self) -> Waiting {
        let mut dropped = Waiting::default();
        for unfilled in &mut self.unfilled {
            unfilled.behind.retain(|chunk| chunk.outlasts(&mut dropped));
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(queue: &mut AnswerQueue) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some((answer, behind)) = queue.next() {
            for chunk in std::iter::once(answer).chain(behind) {
                texts.push(String::from_utf8(chunk.bytes.to_vec()).unwrap());
            }
        }
        texts
    }

    #[test]
    fn answers_come_in_the_order_of_requests_and_let_go_what_is_behind() {
        let mut queue = AnswerQueue::default();
        assert!(queue.push(Chunk::asked("now".into())).is_some());
        let (first, second) = (queue.reserve(), queue.reserve());
        assert!(queue.push(Chunk::asked("behind".into())).is_none());
        queue.fill(&second, Chunk::answer(second.number(), "2".into()));
        assert_eq!(texts(&mut queue), [""; 0]);
        queue.fill(&first, Chunk::answer(first.number(), "1".into()));
        assert_eq!(texts(&mut queue), ["1", "2", "behind"]);
        assert_eq!((queue.len(), queue.unfilled.capacity()), (0, 0));
        assert_eq!(queue.reserve().number(), 2);
    }
}
