//! Direct rooms, which "are titled by the other's login", and the members of any.

use std::sync::Arc;

use crate::commands;
use crate::gateway::RequestContext;
use crate::hub::Audience;
use crate::model::{Error, Membership, Result, Room, RoomEvent, RoomKind, RoomSelector, UserRef};

/// The login of a direct room's other member, as a session with this relation to the event sees it.
pub(super) fn other_of(event: &RoomEvent, audience: Audience) -> Option<&str> {
    let peer = event.peer.as_ref().map(|peer| peer.login.as_str());
    match audience {
        Audience::Other => peer.and(Some(&event.actor.login)),
        Audience::Own | Audience::Origin => peer,
    }
}

/// The login of a direct room's other member, as the asker sees it; none in other rooms. Who writes to oneself is the other,
/// too.
pub(super) async fn other_member(
    room: &Room,
    cx: &mut RequestContext<'_>,
) -> Result<Option<String>> {
    if room.kind != RoomKind::Direct {
        return Ok(None);
    }
    let own = cx.session.user().ok_or(Error::Unauthenticated)?.id;
    let members = members(RoomSelector::Id(room.id), cx).await?;
    let other = members.iter().find(|(_, user)| user.id != own);
    let other = other.or(members.first());
    Ok(other.map(|(_, user)| user.login.clone()))
}

/// A room's members and banned.
pub(super) async fn members(
    room: RoomSelector,
    cx: &mut RequestContext<'_>,
) -> Result<Vec<(Membership, Arc<UserRef>)>> {
    cx.session.call(commands::Members { room }).await
}
