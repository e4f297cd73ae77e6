//! What the bus brings from other nodes, and what is published for them.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Hub;
use super::commit_queue::{CommitQueue, Foreign};
use super::state::HubState;
use super::watching::Watch;
use crate::bus::{Beat, Envelope, Listener, Payload, Topic, VERSION};
use crate::cluster::Question;
use crate::id_map::IdSet;
use crate::model::{NodeId, RoomEvent, RoomId, Seq};
use crate::store::Commit;

/// Of how many rooms others are asked at once who is there.
const ASKED: usize = 256;
/// Most questions and answers that wait beside the delivery; more are lost.
const AT_ONCE: usize = 256;

impl Hub {
    /// Hears from now on what concerns this node.
    pub(super) fn join_bus(&self) {
        let (at_once, heard) = mpsc::channel(AT_ONCE);
        let listener = BusListener {
            commit_queue: self.inner.commit_queue.clone(),
            watch: self.inner.watch.clone(),
            at_once,
        };
        self.inner.bus.join(self.node(), Arc::new(listener));
        drop(self.run(self.clone().hear_at_once(heard)));
    }

    /// Hears what does not wait for the delivery, until this node leaves the bus.
    async fn hear_at_once(self, mut heard: mpsc::Receiver<Envelope>) {
        while let Some(envelope) = heard.recv().await {
            self.deliver_envelope(envelope).await;
        }
    }

    /// Under the state's lock, so that the others hear it in the same order.
    pub(super) fn publish_commits(&self, commits: &[Commit]) {
        if !self.inner.bus.has_others(self.node()) {
            return;
        }
        let mut rooms: Vec<(RoomId, Vec<RoomEvent>)> = Vec::new();
        for event in commits.iter().flat_map(|commit| &commit.events) {
            self.inner.watch.changed(event.room.id, event.seq);
            let room = event.room.id;
            match rooms.iter_mut().rev().find(|(known, _)| *known == room) {
                Some((_, events)) => events.push(event.clone()),
                None => rooms.push((room, vec![event.clone()])),
            }
        }
        for (room, events) in rooms {
            let pair = events.first().and_then(|event| event.room.pair);
            match pair {
                None => self.publish(Topic::Room(room), Payload::Rooms(events)),
                Some((a, b)) => {
                    if a != b {
                        self.publish(Topic::User(a), Payload::Rooms(events.clone()));
                    }
                    self.publish(Topic::User(b), Payload::Rooms(events));
                }
            }
        }
        if commits.iter().any(|commit| commit.write.has_news()) {
            self.publish(Topic::All, Payload::News);
        }
    }

    /// Tells what other nodes did.
    pub(super) async fn deliver_foreign(&self, foreign: Foreign) {
        match foreign {
            Foreign::Envelope(envelope) => self.deliver_envelope(envelope).await,
            Foreign::LookForNews => self.look_for_news().await,
            Foreign::News(page) => self.heed(page).await,
            Foreign::Seqs { asked, found } => self.compare(asked, found).await,
        }
    }

    async fn deliver_envelope(&self, envelope: Envelope) {
        if envelope.version > VERSION {
            tracing::warn!(
                version = envelope.version,
                "an envelope of a later version was dropped"
            );
            return;
        }
        match envelope.payload {
            Payload::Rooms(events) => self.deliver_rooms(events).await,
            Payload::Presence(news) => {
                self.inner.watch.is_there(envelope.node);
                let room = news.room;
                let hear = |state: &mut HubState| state.hear_presence(envelope.node, news);
                let (is_all, dirty) = self.on_state(hear);
                self.flush(dirty).await;
                if !is_all {
                    self.ask_presence(envelope.node, vec![room]);
                }
            }
            Payload::AskPresence(rooms) => {
                for room in rooms {
                    for part in self.with_state(|state| state.everybody(room)) {
                        let topic = Topic::Node(envelope.node);
                        self.publish(topic, Payload::Everybody(part));
                    }
                }
            }
            Payload::Everybody(all) => {
                let (node, room, is_last) = (envelope.node, all.room, all.is_last);
                self.inner.watch.is_there(node);
                let hear = |state: &mut HubState| state.hear_everybody(node, all);
                let (is_all, dirty) = self.on_state(hear);
                self.flush(dirty).await;
                if is_all && is_last {
                    self.inner.watch.answered(node, room);
                }
            }
            Payload::Leaving => self.lose_node(envelope.node, true).await,
            Payload::News => self.look_for_news().await,
            Payload::Beat(beat) => self.heed_beat(envelope.node, beat).await,
            Payload::Ask { number, question } => {
                // It may take a while.
                drop(self.run(self.clone().answer(envelope.node, number, question)));
            }
            Payload::Answer { number, answer } => self.answered(number, answer),
            Payload::Unknown => {}
        }
    }

    /// What others did in rooms. A gap in a room's numbers is read from the store first.
    async fn deliver_rooms(&self, events: Vec<RoomEvent>) {
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let (gap, dirty) = self.on_state(|state| {
                while let Some(event) = events.peek() {
                    let told = state.told(&event.room);
                    if let Some(told) = told.filter(|told| event.seq > told.next()) {
                        return Some((told, event.room.id, event.seq));
                    }
                    if let Some(event) = events.next().filter(|_| told.is_some()) {
                        state.foreign_event(event);
                    }
                }
                None
            });
            self.flush(dirty).await;
            if let Some((told, room, seq)) = gap {
                self.catch_up_from(Some(told), room, seq).await;
                // If some of it is kept no longer, it goes on behind that.
                if let Some(event) = events.next() {
                    let ((), dirty) = self.on_state(|state| state.foreign_event(event));
                    self.flush(dirty).await;
                }
            }
        }
    }

    /// What a node did last must have come before its beat.
    async fn heed_beat(&self, node: NodeId, beat: Beat) {
        if self.inner.watch.heard_beat(node, &beat) {
            let rooms = self.with_state(|state| state.halls());
            self.ask_presence(node, rooms);
        }
        let missed = self.with_state(|state| {
            let mut rooms = beat.presences;
            rooms.retain(|(room, version)| state.has_missed(node, *room, *version));
            rooms.into_iter().map(|(room, _)| room).collect()
        });
        self.ask_presence(node, missed);
        for (room, seq) in beat.rooms {
            if self.with_state(|state| state.told_of(room)).is_some() {
                let is_all = self.catch_up(room, seq.next()).await;
                if !is_all {
                    self.inner.watch.hears(Topic::Room(room));
                }
            }
        }
    }

    /// Asks a node who is in rooms; again from time to time, until it has answered.
    pub(super) fn ask_presence(&self, node: NodeId, rooms: Vec<RoomId>) {
        if self.with_state(|state| state.is_lost(node)) {
            return;
        }
        self.inner.watch.asks(node, &rooms);
        for rooms in rooms.chunks(ASKED) {
            let rooms = rooms.to_vec();
            self.publish(Topic::Node(node), Payload::AskPresence(rooms));
        }
    }

    /// A node is no more; `is_for_good`: it never comes again under this number.
    pub(super) async fn lose_node(&self, node: NodeId, is_for_good: bool) {
        self.inner.watch.forget(node);
        let ((), dirty) = self.on_state(|state| state.node_is_gone(node, is_for_good));
        self.flush(dirty).await;
    }

    /// Finds what was missed in the rooms that the store was asked for.
    async fn compare(&self, asked: Vec<RoomId>, found: Vec<(RoomId, Seq)>) {
        for (room, seq) in &found {
            if self.with_state(|state| state.told_of(*room)).is_some() {
                self.catch_up(*room, seq.next()).await;
            }
        }
        let found: IdSet<RoomId> = found.into_iter().map(|(room, _)| room).collect();
        let mut gone = asked;
        gone.retain(|room| !found.contains(room));
        if gone.is_empty() {
            return;
        }
        // Where this node removed it, its commit tells more.
        self.inner.commit_queue.caught_up().await;
        gone.retain(|room| self.inner.commit_queue.waiting_events(*room).is_empty());
        let gateway = self.options().name.clone();
        let ((), dirty) = self.on_state(|state| {
            for room in gone {
                state.room_is_gone(room, &gateway);
            }
        });
        self.flush(dirty).await;
    }
}

/// What the bus tells, for the delivery.
struct BusListener {
    commit_queue: Arc<CommitQueue>,
    watch: Arc<Watch>,
    at_once: mpsc::Sender<Envelope>,
}

/// Whether it is heard at once: the delivery may wait for the store, and whether that can be reached is just what is asked.
fn is_at_once(payload: &Payload) -> bool {
    match payload {
        Payload::Ask { question, .. } => *question == Question::Renew,
        Payload::Answer { .. } => true,
        Payload::Rooms(_)
        | Payload::Presence(_)
        | Payload::AskPresence(_)
        | Payload::Everybody(_)
        | Payload::Leaving
        | Payload::News
        | Payload::Beat(_)
        | Payload::Unknown => false,
    }
}

impl Listener for BusListener {
    fn receive(&self, envelope: Envelope) {
        if is_at_once(&envelope.payload) {
            // One that is lost counts as not asked, or not answered.
            let _ = self.at_once.try_send(envelope);
            return;
        }
        // Many that wait are looked for once.
        let is_news = envelope.payload == Payload::News && envelope.version <= VERSION;
        self.commit_queue.arrive(match is_news {
            true => Foreign::LookForNews,
            false => Foreign::Envelope(envelope),
        });
    }

    fn hears(&self, topic: Topic) {
        self.watch.hears(topic);
    }

    fn lost(&self) {
        self.watch.lost();
    }

    fn connected(&self, connected: bool) {
        self.watch.connected(connected);
    }
}
