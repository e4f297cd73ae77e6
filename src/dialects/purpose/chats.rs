//! Chats: found, made, entered, changed.

use std::sync::Arc;

use tolmach_purpose::{Answer, Secret};

use super::adapter::PurposeAdapter;
use super::infos::{chat_info, user_info};
use crate::commands;
use crate::dialects::direct_rooms::members;
use crate::gateway::RequestContext;
use crate::model::{Error, Result, Role, Room, RoomId, RoomSelector, UserId, UserSelector};

pub(super) fn by_id(chat: i32) -> RoomSelector {
    RoomSelector::Id(RoomId(chat))
}

pub(super) fn by_name(name: &str) -> RoomSelector {
    RoomSelector::Name(name.to_owned())
}

impl PurposeAdapter {
    pub(super) async fn chat_id(
        &self,
        name: &str,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        Ok(Answer::ChatId(find(by_name(name), cx).await?.id.0))
    }

    pub(super) async fn has_password(
        &self,
        chat: i32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let room = find(by_id(chat), cx).await?;
        Ok(Answer::HasPassword(room.protected))
    }

    /// A chat and its members, as far as the asker may know them.
    pub(super) async fn chat(
        &self,
        room: RoomSelector,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let room = find(room, cx).await?;
        let chat = chat_info(&room, cx).await?;
        let members = match members(RoomSelector::Id(room.id), cx).await {
            Ok(members) => members,
            Err(Error::NotAllowed(_) | Error::Banned | Error::NoSuchRoom) => Vec::new(),
            Err(error) => return Err(error),
        };
        let members = members
            .iter()
            .filter(|(membership, _)| membership.role != Role::Banned)
            .map(|(_, user)| user_info(user))
            .collect();
        Ok(Answer::Chat { chat, members })
    }

    pub(super) async fn direct(
        &self,
        user: UserSelector,
        create: bool,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let room = cx.session.call(commands::Direct { user, create }).await?;
        Ok(Answer::ChatInfo(chat_info(&room, cx).await?))
    }

    pub(super) async fn my_chats(&self, cx: &mut RequestContext<'_>) -> Result<Answer<String>> {
        let rooms = cx.session.call(commands::MyRooms).await?;
        let mut chats = Vec::with_capacity(rooms.len());
        for room in rooms {
            chats.push(chat_info(&room, cx).await?);
        }
        Ok(Answer::Chats(chats))
    }

    /// A chat that anybody can find and the asker owns: PROTOCOL.md 4.6.
    pub(super) async fn create(
        &self,
        name: &str,
        password: Option<Secret>,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = commands::CreateRoom {
            password: password.map(room_password),
            ..commands::CreateRoom::public(name)
        };
        let room = cx.session.call(command).await?.room;
        Ok(Answer::ChatInfo(chat_info(&room, cx).await?))
    }

    pub(super) async fn join(
        &self,
        chat: i32,
        password: Option<Secret>,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = commands::Enter {
            room: by_id(chat),
            password: password.map(room_password),
            create: commands::Create::No,
        };
        self.done(command, cx).await
    }

    /// Makes a member an administrator, or an administrator a member: an administrator's request.
    pub(super) async fn appoint(
        &self,
        chat: i32,
        user: i32,
        admin: bool,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let user = UserId(user);
        let own = cx.session.user().ok_or(Error::Unauthenticated)?.id;
        if user == own {
            return Err(Error::not_allowed("only another administrator may do this"));
        }
        let members = members(by_id(chat), cx).await?;
        let member = members.iter().find(|(member, _)| member.user == user);
        let is_admin = member.is_some_and(|(member, _)| member.role == Role::Admin);
        if !admin && member.is_some() && !is_admin {
            return Err(Error::not_allowed(
                "this user is not an administrator set by another",
            ));
        }
        let command = commands::SetRole {
            room: by_id(chat),
            user: UserSelector::Id(user),
            role: if admin { Role::Admin } else { Role::Member },
        };
        self.done(command, cx).await
    }
}

async fn find(room: RoomSelector, cx: &mut RequestContext<'_>) -> Result<Arc<Room>> {
    cx.session.call(commands::FindRoom { room }).await
}

fn room_password(password: Secret) -> crate::model::Secret {
    crate::model::Secret::password(password.as_str())
}
