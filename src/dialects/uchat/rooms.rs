//! Rooms and their members.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use tolmach_uchat::{Member, MemberType, Room as RoomFrame, RoomType, ServerFrame};

use super::adapter::UchatAdapter;
use super::{encoder, gateway};
use crate::commands;
use crate::dialects::direct_rooms::{members, other_member};
use crate::gateway::RequestContext;
use crate::model::{
    Error, Result, Role, Room, RoomId, RoomKind, RoomRef, RoomSelector, UserId, UserSelector,
    fold_text, kept_title,
};

/// Most bytes of a description.
const MAX_DESCRIPTION_BYTES: usize = 4000;

pub(super) fn by_id(room: i32) -> RoomSelector {
    RoomSelector::Id(RoomId(room))
}

/// A room as the asker sees it: with the login of a direct room's other member.
struct Seen {
    room: RoomRef,
    other: Option<String>,
}

impl Seen {
    async fn by_asker(room: &Room, cx: &mut RequestContext<'_>) -> Result<Self> {
        Ok(Self {
            room: room.to_ref(),
            other: other_member(room, cx).await?,
        })
    }

    fn frame(&self) -> RoomFrame<'_> {
        encoder::room(&self.room, self.other.as_deref())
    }
}

impl UchatAdapter {
    /// The asker's rooms that were made after the date: PROTOCOL.md 5.1.
    pub(super) async fn rooms(&self, date: i64, cx: &mut RequestContext<'_>) -> Result<Bytes> {
        let mut rooms = Vec::new();
        for room in my_rooms(cx).await? {
            if room.created.0 > date {
                rooms.push(Seen::by_asker(&room, cx).await?);
            }
        }
        let rooms = rooms.iter().map(Seen::frame).collect();
        Ok(self.frame_of(&ServerFrame::Rooms(rooms)))
    }

    pub(super) async fn new_room(
        &self,
        title: String,
        description: String,
        kind: RoomType,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let title = kept_title("name", &title)?;
        check_description(&description)?;
        let kind = match kind {
            RoomType::Private => RoomKind::Private,
            RoomType::Global => RoomKind::Public,
            RoomType::Direct => {
                let reason =
                    "0 (private) or 1 (global); a direct room is made by writing to somebody";
                return Err(Error::invalid("type", reason));
            }
        };
        let command = commands::CreateRoom {
            name: String::new(),
            title,
            description,
            kind,
            password: None,
        };
        let room = cx.session.call(command).await?.room;
        let seen = Seen::by_asker(&room, cx).await?;
        Ok(self.frame_of(&ServerFrame::NewRoom(seen.frame())))
    }

    pub(super) async fn join_room(&self, room: i32, cx: &mut RequestContext<'_>) -> Result<Bytes> {
        if room == gateway::ROOM {
            let options = cx.session.options();
            let room = gateway::room(&options.name, cx.at);
            return Ok(self.frame_of(&ServerFrame::JoinRoom(room)));
        }
        let command = commands::Enter {
            room: by_id(room),
            password: None,
            create: commands::Create::No,
        };
        let room = cx.session.call(command).await?.room;
        let seen = Seen::by_asker(&room, cx).await?;
        Ok(self.frame_of(&ServerFrame::JoinRoom(seen.frame())))
    }

    pub(super) async fn rename_room(
        &self,
        room: i32,
        title: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let title = kept_title("room_name", &title)?;
        let command = commands::SetTitle {
            room: by_id(room),
            title,
        };
        if cx.session.call(command).await? {
            return Ok(Bytes::new());
        }
        // Nobody is told of what was so already; the asker still gets its answer.
        let shown = shown(room, cx).await?;
        let name = shown.title.as_str().into();
        Ok(self.frame_of(&ServerFrame::RenameRoom { room, name }))
    }

    pub(super) async fn clear_history(
        &self,
        room: i32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let command = commands::ClearHistory { room: by_id(room) };
        Ok(match cx.session.call(command).await? {
            true => Bytes::new(),
            false => self.frame_of(&ServerFrame::ClearHistory { room }),
        })
    }

    pub(super) async fn describe_room(
        &self,
        room: i32,
        description: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        check_description(&description)?;
        let command = commands::SetDescription {
            room: by_id(room),
            description,
        };
        if cx.session.call(command).await? {
            return Ok(Bytes::new());
        }
        let shown = shown(room, cx).await?;
        let desc = shown.description.as_str().into();
        Ok(self.frame_of(&ServerFrame::DescribeRoom { room, desc }))
    }

    /// Rooms to join whose name or title starts so, and the one with the gateway: PROTOCOL.md 5.1, 5.5.
    pub(super) async fn search_rooms(
        &self,
        prefix: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let mine: HashSet<RoomId> = my_rooms(cx).await?.iter().map(|room| room.id).collect();
        let name = cx.session.options().name.clone();
        let is_named = !prefix.is_empty() && fold_text(&name).starts_with(&fold_text(&prefix));
        let gateway = is_named.then_some(name);
        let found = cx.session.call(commands::SearchRooms { prefix }).await?;
        let others = found.iter().filter(|room| !mine.contains(&room.id));
        let others: Vec<RoomRef> = others.map(|room| room.to_ref()).collect();
        let rooms = others
            .iter()
            .map(|room| encoder::room(room, None))
            .chain(gateway.as_deref().map(|name| gateway::room(name, cx.at)))
            .collect();
        Ok(self.frame_of(&ServerFrame::SearchRooms(rooms)))
    }

    /// The answer is what the ban tells everybody; to ban who is banned already changes nothing, and only the asker is told.
    pub(super) async fn ban(
        &self,
        room: i32,
        user: i32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let command = commands::Ban {
            room: by_id(room),
            user: UserSelector::Id(UserId(user)),
        };
        let banned = cx.session.call(command).await?;
        Ok(match banned.changed {
            true => Bytes::new(),
            false => self.frame_of(&ServerFrame::Ban { room, user }),
        })
    }

    pub(super) async fn members(&self, room: i32, cx: &mut RequestContext<'_>) -> Result<Bytes> {
        if room == gateway::ROOM {
            return Ok(self.members_with_gateway(cx));
        }
        let members = members(by_id(room), cx).await?;
        let members = members
            .iter()
            .filter_map(|(membership, user)| {
                Some(Member {
                    id: user.id.0,
                    login: user.login.as_str().into(),
                    kind: kind_of(membership.role)?,
                })
            })
            .collect();
        Ok(self.frame_of(&ServerFrame::Members { room, members }))
    }
}

/// None for who is banned, who is in no list: PROTOCOL.md 5.1.
fn kind_of(role: Role) -> Option<MemberType> {
    match role {
        Role::Owner => Some(MemberType::Owner),
        Role::Admin => Some(MemberType::Admin),
        Role::Moderator => Some(MemberType::Moderator),
        Role::Member => Some(MemberType::Simple),
        Role::Banned => None,
    }
}

/// Of a room or of oneself: the protocol knows no bound, but lists of rooms hold them all.
pub(super) fn check_description(description: &str) -> Result<()> {
    if description.len() <= MAX_DESCRIPTION_BYTES {
        return Ok(());
    }
    let reason = format!("a description has at most {MAX_DESCRIPTION_BYTES} bytes");
    Err(Error::invalid("desc", reason))
}

async fn shown(room: i32, cx: &mut RequestContext<'_>) -> Result<Arc<Room>> {
    let room = by_id(room);
    cx.session.call(commands::FindRoom { room }).await
}

async fn my_rooms(cx: &mut RequestContext<'_>) -> Result<Vec<Arc<Room>>> {
    cx.session.call(commands::MyRooms).await
}
