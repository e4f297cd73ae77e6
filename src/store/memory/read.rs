//! The answers to reads, from the rows in memory.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::tables::{RoomEntry, Tables};
use crate::model::{
    HistoryOrder, HistoryQuery, Membership, Message, MessageId, Role, RoomEvent, RoomId, RoomKind,
    SearchQuery, SeenMarks, Seq, Timestamp, TokenInfo, UserId, UserKind, UserRef, fold_text,
};
use crate::store::Page;
use crate::store::logged::{as_shown, peer_of, posted};
use crate::store::page::{Allowance, Filling, Findings, Said};
use crate::store::{RoomRow, UserRow};

/// The rows, to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a>(pub(super) &'a Tables);

impl View<'_> {
    pub(super) fn accounts(self, ended: bool) -> Vec<Arc<UserRow>> {
        let account = |row: &&Arc<UserRow>| {
            row.user.kind == UserKind::Account && row.folded.is_none() == ended
        };
        self.0.users.values().filter(account).cloned().collect()
    }

    pub(super) fn erasing_accounts(self) -> Vec<UserId> {
        let erasing = self.0.users.values().filter(|row| row.erasing);
        erasing.map(|row| row.user.id).collect()
    }

    pub(super) fn contacts(self, user: UserId) -> Vec<Arc<UserRef>> {
        let contacts = self.0.contacts_of(user);
        contacts
            .filter_map(|contact| self.0.reference(contact))
            .collect()
    }

    pub(super) fn tokens(self, user: UserId) -> Vec<TokenInfo> {
        self.0
            .tokens
            .values()
            .filter(|row| row.info.user == user)
            .map(|row| row.info.clone())
            .collect()
    }

    pub(super) fn rooms(self) -> Vec<Arc<RoomRow>> {
        let rooms = self
            .0
            .rooms
            .values()
            .filter(|entry| entry.row.room.kind != RoomKind::Direct);
        rooms.map(RoomEntry::current).collect()
    }

    pub(super) fn public_rooms(self, folded_prefix: &str) -> Vec<Arc<RoomRow>> {
        let wanted = |entry: &&RoomEntry| {
            let room = &entry.row.room;
            let begins = |text: &str| fold_text(text).starts_with(folded_prefix);
            room.kind == RoomKind::Public && (begins(&room.name) || begins(&room.title))
        };
        self.0
            .rooms
            .values()
            .filter(wanted)
            .map(RoomEntry::current)
            .collect()
    }

    pub(super) fn rooms_of(self, user: UserId) -> Vec<(Arc<RoomRow>, Membership)> {
        let with_room = |membership: Membership| {
            Some((self.0.rooms.get(&membership.room)?.current(), membership))
        };
        self.0
            .memberships(user)
            .into_iter()
            .filter_map(with_room)
            .collect()
    }

    pub(super) fn members(self, room: RoomId) -> Vec<(Membership, Arc<UserRef>)> {
        let with_user =
            |membership: Membership| Some((membership.clone(), self.0.reference(membership.user)?));
        self.0
            .members(room)
            .into_iter()
            .filter_map(with_user)
            .collect()
    }

    pub(super) fn member_count(self, room: RoomId) -> u64 {
        let members = self.0.members(room);
        let there = members.iter().filter(|member| member.role != Role::Banned);
        there.count() as u64
    }

    pub(super) fn seen_marks(self, room: RoomId) -> SeenMarks {
        SeenMarks::of(&self.0.members(room))
    }

    pub(super) fn history(
        self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &HistoryQuery,
    ) -> Page {
        let Some(entry) = self.0.rooms.get(&room) else {
            return Page::default();
        };
        let window = window(entry, self.first_shown(room, entry, viewer), query);
        let wanted = entry.messages.get(window).unwrap_or_default().iter();
        let wanted = wanted
            .filter(|message| in_time(message, query) && !is_hidden_in(entry, viewer, message.id));
        match query.order {
            HistoryOrder::Oldest => self.page(wanted, query),
            HistoryOrder::Newest => self.page(wanted.rev(), query),
        }
    }

    fn page<'m>(
        self,
        mut wanted: impl Iterator<Item = &'m Arc<Message>>,
        query: &HistoryQuery,
    ) -> Page {
        let mut page = Filling::new(query.limit);
        while let Some(message) = wanted.next() {
            if page.is_full() {
                let total = page.len() + 1 + wanted.count();
                return page.ended_of(total as u64);
            }
            page.push(self.told(message));
        }
        page.complete()
    }

    pub(super) fn search(
        self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &SearchQuery,
    ) -> Vec<Arc<Message>> {
        let Some(entry) = self.0.rooms.get(&room) else {
            return Vec::new();
        };
        let holds = |message: &&Arc<Message>| {
            let text = message.kind.searched(&message.text, message.file.as_ref());
            let text = fold_text(&text);
            match query.prefix {
                true => text.starts_with(&query.text),
                false => text.contains(&query.text),
            }
        };
        let first = self.first_shown(room, entry, viewer);
        let window = between(entry, first, (query.after, query.before));
        let said = entry.messages.get(window).unwrap_or_default().iter();
        let found = said
            .filter(|message| !message.deleted && !is_hidden_in(entry, viewer, message.id))
            .filter(holds);
        match query.order {
            HistoryOrder::Oldest => self.findings(found, query.limit),
            HistoryOrder::Newest => self.findings(found.rev(), query.limit),
        }
    }

    fn findings<'m>(
        self,
        mut found: impl Iterator<Item = &'m Arc<Message>>,
        limit: usize,
    ) -> Vec<Arc<Message>> {
        let mut findings = Findings::new(limit);
        while !findings.are_complete()
            && let Some(message) = found.next()
        {
            findings.push(self.told(message));
        }
        findings.into_messages()
    }

    pub(super) fn prunable(self, now: Timestamp, keep: Duration) -> Vec<RoomId> {
        let is_prunable = |entry: &&RoomEntry| {
            let room = &entry.row.room;
            let keep = room.keep.unwrap_or(keep);
            let first = entry.messages.get(entry.pruned());
            entry.pruned() > 0
                || entry.changes.range(..=room.pruned).next().is_some()
                || !keep.is_zero()
                    && first.is_some_and(|message| {
                        message.created < now.before(keep) || message.created > now
                    })
        };
        let prunable = self.0.rooms.values().filter(is_prunable);
        prunable.map(|entry| entry.row.room.id).collect()
    }

    pub(super) fn files(self, room: RoomId) -> Vec<String> {
        let Some(entry) = self.0.rooms.get(&room) else {
            return Vec::new();
        };
        let first = self.first_shown(room, entry, None);
        let shown = entry.messages[first..].iter();
        shown
            .filter(|message| !message.deleted)
            .filter_map(|message| message.file.as_ref())
            .map(|file| file.stored.clone())
            .collect()
    }

    pub(super) fn message(self, id: MessageId) -> Option<Arc<Message>> {
        self.0.message(id).map(|message| self.told(message))
    }

    pub(super) fn said_by(
        self,
        user: UserId,
        after: MessageId,
        looks: usize,
    ) -> (Vec<Arc<Message>>, Option<MessageId>) {
        let rooms = self.0.rooms.values();
        let later = |entry: &'_ RoomEntry| entry.messages.partition_point(|said| said.id <= after);
        let mut next: Vec<_> = rooms
            .flat_map(|entry| &entry.messages[later(entry)..])
            .collect();
        next.sort_unstable_by_key(|message| message.id);
        let end = next.get(looks.saturating_sub(1)).copied();
        next.truncate(looks);
        let mut said = Said::new(end.map(|message| message.id));
        for message in next.into_iter().filter(|message| message.sender.id == user) {
            if !said.take(self.told(message)) {
                break;
            }
        }
        said.into_page()
    }

    pub(super) fn hidden_by(self, user: UserId) -> Vec<(RoomId, MessageId)> {
        let marks = |(room, entry): (&RoomId, &RoomEntry)| {
            let own = entry.hidden.iter().filter(|(who, _)| *who == user);
            let mut own: Vec<_> = own.map(|(_, message)| (*room, *message)).collect();
            own.sort_unstable();
            own
        };
        self.0.rooms.iter().flat_map(marks).collect()
    }

    pub(super) fn is_hidden(self, user: UserId, id: MessageId) -> bool {
        let room = self
            .0
            .message(id)
            .and_then(|message| self.0.rooms.get(&message.room));
        room.is_some_and(|entry| is_hidden_in(entry, Some(user), id))
    }

    pub(super) fn last_message_id(self) -> MessageId {
        MessageId(self.0.last.message)
    }

    pub(super) fn seqs(self, rooms: &[RoomId]) -> Vec<(RoomId, Seq)> {
        let seq = |room: &RoomId| Some((*room, self.0.rooms.get(room)?.counters.seq));
        rooms.iter().filter_map(seq).collect()
    }

    pub(super) fn changes(self, room: RoomId, after: Seq, limit: usize) -> Vec<RoomEvent> {
        let Some(entry) = self.0.rooms.get(&room) else {
            return Vec::new();
        };
        let reference = &entry.row.reference;
        let shown =
            |message: &Arc<Message>| as_shown(self.told(message), entry.row.room.hidden_from_all());
        let said = entry.messages.iter().skip(
            entry
                .messages
                .partition_point(|message| message.seq <= after),
        );
        let said = said
            .take(limit)
            .map(|message| posted(reference.clone(), shown(message)));
        let done = entry
            .changes
            .iter()
            .filter(|(seq, _)| **seq > after)
            .take(limit)
            .map(|(seq, logged)| {
                let message = logged.message().and_then(|id| entry.message(id)).map(shown);
                logged.clone().into_event(
                    reference.clone(),
                    *seq,
                    self.0.reference(logged.actor.id),
                    message,
                )
            });
        let mut events: Vec<RoomEvent> = said.chain(done).collect();
        events.sort_by_key(|event| event.seq);
        let mut allowance = Allowance::new(limit);
        events.retain(|event| {
            let wanted = !allowance.is_used_up();
            allowance.use_for(event);
            wanted
        });
        let members = self.0.members(room);
        let marks = SeenMarks::of(&members);
        for event in &mut events {
            event.tell_seen(&marks);
            if let Some((said, id)) = event.change.message().map(|said| (said.seq, said.id)) {
                event.tell_unaware(said, entry.hidden_from(id), &members);
            }
            event.peer = peer_of(event).and_then(|peer| self.0.reference(peer));
        }
        events
    }

    /// The place of the first message that is shown to the viewer.
    fn first_shown(self, room: RoomId, entry: &RoomEntry, viewer: Option<UserId>) -> usize {
        let viewer = viewer.and_then(|viewer| self.0.members.get(&(room, viewer)));
        let hidden = entry.row.room.hidden_upto(viewer);
        entry
            .messages
            .partition_point(|message| message.seq <= hidden)
    }

    /// The message with its sender as the user is now.
    fn told(self, message: &Arc<Message>) -> Arc<Message> {
        match self.0.reference(message.sender.id) {
            Some(sender) if sender != message.sender => Arc::new(Message {
                sender,
                ..Message::clone(message)
            }),
            _ => message.clone(),
        }
    }
}

fn is_hidden_in(entry: &RoomEntry, viewer: Option<UserId>, id: MessageId) -> bool {
    viewer.is_some_and(|viewer| entry.hidden.contains(&(viewer, id)))
}

/// Which messages have an id between these two.
fn between(
    entry: &RoomEntry,
    first: usize,
    (after, before): (Option<MessageId>, Option<MessageId>),
) -> Range<usize> {
    let until =
        |holds: &dyn Fn(&Message) -> bool| entry.messages.partition_point(|message| holds(message));
    let start = after.map_or(first, |id| first.max(until(&|message| message.id <= id)));
    let end = before.map_or(entry.messages.len(), |id| until(&|message| message.id < id));
    start..end.max(start)
}

/// Which messages the bounds leave that rise with `seq`.
fn window(entry: &RoomEntry, first: usize, query: &HistoryQuery) -> Range<usize> {
    let before =
        |holds: &dyn Fn(&Message) -> bool| entry.messages.partition_point(|message| holds(message));
    let Range { mut start, mut end } = between(entry, first, (query.after, query.before));
    if let Some(upto) = query.upto {
        end = end.min(before(&|message| message.seq <= upto));
    }
    if !query.touched && !entry.counters.has_fallen {
        start = start.max(
            query
                .from
                .map_or(0, |from| before(&|message| message.created < from)),
        );
        end = end.min(
            query
                .to
                .map_or(end, |to| before(&|message| message.created <= to)),
        );
    }
    start..end.max(start)
}

fn in_time(message: &Message, query: &HistoryQuery) -> bool {
    let within = |at: Timestamp| {
        query.from.is_none_or(|from| at >= from) && query.to.is_none_or(|to| at <= to)
    };
    within(message.created) || query.touched && message.updated.is_some_and(within)
}
