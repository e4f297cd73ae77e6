//! Chats: found, made, entered, changed.

use std::sync::Arc;

use tolmach_purpose::{Answer, Secret};

use super::adapter::PurposeAdapter;
use super::infos::{chat_info, user_info};
use crate::dialects::direct_rooms::members;
use crate::gateway::RequestContext;
use crate::model::{
    Command, Error, Reply, Result, Role, Room, RoomId, RoomKind, RoomSelector, UserId, UserSelector,
};

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
        match cx.session.call(Command::Direct { user, create }).await? {
            Reply::Room(room) => Ok(Answer::ChatInfo(chat_info(&room, cx).await?)),
            _ => Err(Error::Internal),
        }
    }

    pub(super) async fn my_chats(&self, cx: &mut RequestContext<'_>) -> Result<Answer<String>> {
        let Reply::Rooms(rooms) = cx.session.call(Command::MyRooms).await? else {
            return Err(Error::Internal);
        };
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
        let command = Command::CreateRoom {
            name: name.to_owned(),
            title: String::new(),
            description: String::new(),
            kind: RoomKind::Public,
            password: password.map(|password| password.as_str().to_owned()),
        };
        match cx.session.call(command).await? {
            Reply::Entered { room, .. } => Ok(Answer::ChatInfo(chat_info(&room, cx).await?)),
            _ => Err(Error::Internal),
        }
    }

    pub(super) async fn join(
        &self,
        chat: i32,
        password: Option<Secret>,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = Command::Enter {
            room: by_id(chat),
            password: password.map(|password| password.as_str().to_owned()),
            create: false,
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
        let command = Command::SetRole {
            room: by_id(chat),
            user: UserSelector::Id(user),
            role: if admin { Role::Admin } else { Role::Member },
        };
        self.done(command, cx).await
    }
}

async fn find(room: RoomSelector, cx: &mut RequestContext<'_>) -> Result<Arc<Room>> {
    match cx.session.call(Command::FindRoom { room }).await? {
        Reply::Room(room) => Ok(room),
        _ => Err(Error::Internal),
    }
}
