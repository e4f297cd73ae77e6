//! The hub's rooms and users as the wire's structures.

use tolmach_purpose::{ChatInfo, UserInfo};

use super::encoder;
use crate::dialects::direct_rooms::other_member;
use crate::gateway::RequestContext;
use crate::model::{Result, Room, UserRef};

pub(super) fn user_info(user: &UserRef) -> UserInfo<String> {
    UserInfo {
        id: user.id.0,
        name: user.name.clone(),
        nickname: user.login.clone(),
    }
}

/// A room as the asker sees it.
pub(super) async fn chat_info(
    room: &Room,
    cx: &mut RequestContext<'_>,
) -> Result<ChatInfo<String>> {
    let other = other_member(room, cx).await?;
    Ok(encoder::chat(&room.to_ref(), other.as_deref()))
}
