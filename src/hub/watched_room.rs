//! A room of which the tap is told whatever happens there.

use std::sync::Arc;

use super::Hub;
use crate::model::{Room, RoomRef};

/// As long as this is there, the [tap](Hub::tap) is told what happens in a room at whichever node: see [`Hub::watch_room`].
pub struct WatchedRoom {
    hub: Hub,
    room: Arc<RoomRef>,
}

impl Hub {
    /// Has the [tap](Hub::tap) told what happens in a room after the last change that `room` shows. Without this it is told what is done at this node, and
    /// what others do in rooms where somebody of this node is.
    #[must_use]
    pub fn watch_room(&self, room: &Room) -> WatchedRoom {
        let watched = WatchedRoom {
            hub: self.clone(),
            room: Arc::new(room.to_ref()),
        };
        if self.inner.is_shared {
            self.with_state(|state| state.watch(&watched.room, room.seq));
        }
        watched
    }
}

impl Drop for WatchedRoom {
    fn drop(&mut self) {
        if self.hub.inner.is_shared {
            self.hub.with_state(|state| state.unwatch(&self.room));
        }
    }
}
