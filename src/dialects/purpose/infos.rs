//! The hub's rooms and users as the wire's structures.

use std::sync::Arc;

use tolmach_purpose::{ChatInfo, UserInfo};

use super::form;
use crate::gateway::Link;
use crate::model::{
    Command, Error, Membership, Reply, Result, Room, RoomKind, RoomSelector, UserRef,
};

pub(super) fn user_info(user: &UserRef) -> UserInfo<String> {
    UserInfo {
        id: user.id.0,
        name: user.name.clone(),
        nickname: user.login.clone(),
    }
}

/// A room as the asker sees it.
pub(super) async fn chat_info(room: &Room, link: &mut Link<'_>) -> Result<ChatInfo<String>> {
    let other = match room.kind {
        RoomKind::Direct => other_member(room, link).await?,
        RoomKind::Public | RoomKind::Private => None,
    };
    Ok(form::chat(&room.to_ref(), other.as_deref()))
}

/// "A direct room is titled by the other's login"; who writes to oneself is the other, too.
async fn other_member(room: &Room, link: &mut Link<'_>) -> Result<Option<String>> {
    let own = link.session.user().ok_or(Error::Unauthenticated)?.id;
    let members = members(RoomSelector::Id(room.id), link).await?;
    let other = members.iter().find(|(_, user)| user.id != own);
    let other = other.or(members.first());
    Ok(other.map(|(_, user)| user.login.clone()))
}

pub(super) async fn members(
    room: RoomSelector,
    link: &mut Link<'_>,
) -> Result<Vec<(Membership, Arc<UserRef>)>> {
    match link.session.call(Command::Members { room }).await? {
        Reply::Members(members) => Ok(members),
        _ => Err(Error::Internal),
    }
}
