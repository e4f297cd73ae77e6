//! What other nodes say of rooms in which nobody of this one is, as long as somebody asks about them.

use super::HubState;
use super::elsewhere::Elsewhere;
use super::presence::PresenceEntry;
use crate::id_map::IdMap;
use crate::model::{NodeId, Present, RoomId, UserId};

/// What others said of a room that somebody asks about.
#[derive(Default)]
pub(super) struct Inquiry {
    /// How many ask.
    askers: usize,
    elsewhere: Elsewhere,
}

impl Inquiry {
    /// What was found.
    pub(super) fn elsewhere(&mut self) -> &mut Elsewhere {
        &mut self.elsewhere
    }

    /// What was found, and what it comes to, for the room's first visitor of this node.
    pub(super) fn take(&mut self) -> (Elsewhere, IdMap<UserId, PresenceEntry>) {
        let elsewhere = std::mem::take(&mut self.elsewhere);
        let entries = elsewhere.everybody().into_iter().map(|present| {
            let entry = PresenceEntry {
                user: present.user.clone(),
                presence: present.presence,
                here: None,
                lingers: false,
            };
            (present.user.id, entry)
        });
        let entries = entries.collect();
        (elsewhere, entries)
    }
}

impl HubState {
    /// From now on, until [`HubState::close_inquiry`], what others say of a room is kept, be there nobody of this node.
    pub(in crate::hub) fn open_inquiry(&mut self, room: RoomId) {
        self.inquiries.entry(room).or_default().askers += 1;
    }

    pub(in crate::hub) fn close_inquiry(&mut self, room: RoomId) {
        if let Some(inquiry) = self.inquiries.get_mut(&room) {
            inquiry.askers -= 1;
            if inquiry.askers == 0 {
                self.inquiries.remove(&room);
            }
        }
    }

    /// Which of these nodes have not said yet who is in a room.
    pub(in crate::hub) fn unheard(&mut self, room: RoomId, of: &[NodeId]) -> Vec<NodeId> {
        let mut unheard = of.to_vec();
        unheard.retain(|node| !self.is_lost(*node));
        if let Some(elsewhere) = self.elsewhere(room) {
            unheard.retain(|node| !elsewhere.has_heard(*node));
        }
        unheard
    }

    /// Who is in a room in which nobody of this node is, as far as others were asked.
    pub(super) fn inquired(&self, room: RoomId) -> Vec<Present> {
        let inquiry = self.inquiries.get(&room);
        inquiry.map_or_else(Vec::new, |inquiry| inquiry.elsewhere.everybody())
    }
}
