//! The one lock around the state, and who carries out what the state says is to be done.

use std::sync::{Arc, Mutex, PoisonError};

use super::Hub;
use super::clock::Clock;
use super::commands::{Actor, EndGuest, LeaveWaiting, TouchTokens};
use super::guarded::guarded;
use super::sink::{Overflow, Sink};
use super::state::HubState;
use super::state::effects::{Effects, Moment, Outgoing, Outward};
use super::state::elsewhere::HALL;
use crate::bus::{Payload, Topic};
use crate::model::{EndReason, Result, UserId};

/// See the module. The lock is never held across an await.
pub(super) struct Shared(Mutex<HubState>);

impl Moment {
    /// This one: by the runtime's time, and by a clock.
    pub(super) fn of(clock: &dyn Clock) -> Self {
        Self {
            instant: tokio::time::Instant::now().into_std(),
            at: clock.now(),
        }
    }
}

impl Shared {
    pub(super) fn new(state: HubState) -> Self {
        Self(Mutex::new(state))
    }

    /// Tells the state something: what it answers, the sinks to flush, and what else is to be done. What other nodes are to
    /// be told is published before somebody else tells the state something, so that they hear it in order.
    fn tell<R>(
        &self,
        now: Moment,
        work: impl FnOnce(&mut HubState) -> R,
        publish: impl FnOnce(Vec<Outward>),
    ) -> (R, Vec<Arc<dyn Sink>>, Effects) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.begin(now);
        let result = work(&mut state);
        let mut dirty = Vec::new();
        loop {
            let mut outgoing = state.take_outgoing();
            if outgoing.is_empty() {
                state.put_back(outgoing);
                let mut effects = state.finish();
                publish(std::mem::take(&mut effects.outward));
                return (result, dirty, effects);
            }
            dirty.reserve(outgoing.len());
            for one in outgoing.drain(..) {
                hand_over(one, &mut state, &mut dirty);
            }
            state.put_back(outgoing);
            state.relieve();
        }
    }
}

fn hand_over(outgoing: Outgoing, state: &mut HubState, dirty: &mut Vec<Arc<dyn Sink>>) {
    match outgoing {
        Outgoing::Push {
            session,
            sink,
            dialect,
            room,
            delivery,
        } => {
            let told = delivery.told;
            match guarded("a sink", || sink.push(room, delivery)) {
                Some(Ok(is_first)) => {
                    state.counting.counts.told.delivered(dialect, told);
                    if is_first {
                        dirty.push(sink);
                    }
                }
                Some(Err(Overflow)) => state.overflowed(session),
                None => state.end_later(session, EndReason::OutcomeUnknown),
            }
        }
        Outgoing::ChangeReader(sink) => {
            let _ = guarded("a sink", || sink.change_reader());
        }
        Outgoing::Close { sink, reason, last } => {
            let _ = guarded("a sink", || sink.close(reason, last));
            dirty.push(sink);
        }
        Outgoing::Flush(sink) => dirty.push(sink),
    }
}

impl Hub {
    /// Does something with the state, then sends what that gave sessions to read.
    pub(super) fn with_state<R>(&self, work: impl FnOnce(&mut HubState) -> R) -> R {
        let (result, dirty) = self.on_state(work);
        self.flush_or_share(&dirty, None);
        result
    }

    /// The same, with what there is to flush left to the caller.
    pub(super) fn on_state<R>(
        &self,
        work: impl FnOnce(&mut HubState) -> R,
    ) -> (R, Vec<Arc<dyn Sink>>) {
        let now = Moment::of(self.inner.clock.as_ref());
        let publish = |outward| self.tell_bus(outward);
        let (result, dirty, effects) = self.inner.state.tell(now, work, publish);
        self.carry_out(effects);
        (result, dirty)
    }

    fn carry_out(&self, effects: Effects) {
        if effects.is_due_sooner {
            self.inner.departures.notify_one();
        }
        for user in effects.gone_guests {
            self.end_guest(user);
        }
        self.give_back(effects.released);
        for id in effects.used_tokens {
            let then = move |state: &mut HubState, _| state.recorded(id);
            let tokens = vec![id];
            self.submit(Actor::Operator, None, TouchTokens { tokens }, then);
        }
        for (room, user) in effects.unheard {
            self.keep_house(LeaveWaiting { room, user });
        }
    }

    /// Under the state's lock: what is wanted last is what holds.
    fn tell_bus(&self, outward: Vec<Outward>) {
        let (bus, node) = (&self.inner.bus, self.node());
        if outward.is_empty() || !self.inner.is_shared {
            return;
        }
        for one in outward {
            match one {
                Outward::Interest(topic, wanted) => {
                    if let (Topic::Room(room), false) = (topic, wanted) {
                        self.inner.watch.present(room);
                    }
                    bus.interest(node, topic, wanted);
                }
                Outward::Presence(news) if bus.has_others(node) => {
                    self.inner.watch.present(news.room);
                    let topic = match news.room == HALL {
                        true => Topic::All,
                        false => Topic::Room(news.room),
                    };
                    self.publish(topic, Payload::Presence(news));
                }
                Outward::Presence(_) => {}
            }
        }
    }

    /// A guest became absent. What the store cannot do now is tried again.
    pub(super) fn end_guest(&self, user: UserId) {
        let then = move |state: &mut HubState, outcome: Result<()>| {
            if outcome.is_err() {
                state.unended_guests.push(user);
            }
        };
        self.submit(Actor::Operator, None, EndGuest { user }, then);
    }
}
