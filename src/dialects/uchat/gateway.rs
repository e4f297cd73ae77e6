//! The direct room with the gateway itself: what is said there it answers, and nobody keeps it. PROTOCOL.md 5.5.

use bytes::{Bytes, BytesMut};
use tolmach_uchat::{
    Member, MemberType, Message as Frame, MessageStatus, MessageType, Room as RoomFrame, RoomType,
    ServerFrame,
};

use super::adapter::UchatAdapter;
use crate::dialects::service_user;
use crate::gateway::RequestContext;
use crate::model::{MessageId, Timestamp, UserId};

/// Its number; that of any other room is positive.
pub(super) const ROOM: i32 = UserId::GATEWAY.0;

/// It as a room, by the gateway's name, as made at this time.
pub(super) fn room(name: &str, at: Timestamp) -> RoomFrame<'_> {
    RoomFrame {
        id: ROOM,
        name: name.into(),
        customer_id: UserId::GATEWAY.0,
        date: at.0,
        desc: "".into(),
        kind: Some(RoomType::Direct),
        power: 0,
    }
}

impl UchatAdapter {
    /// The gateway, and who asks.
    pub(super) fn members_with_gateway(&self, cx: &RequestContext<'_>) -> Bytes {
        let gateway = Member {
            id: UserId::GATEWAY.0,
            login: cx.session.options().name.clone().into(),
            kind: MemberType::Owner,
        };
        let own = cx.session.user();
        let own = own.as_ref().map(|user| Member {
            id: user.id.0,
            login: user.login.as_str().into(),
            kind: MemberType::Simple,
        });
        let members = [gateway].into_iter().chain(own).collect();
        self.frame_of(&ServerFrame::Members {
            room: ROOM,
            members,
        })
    }

    /// What was said, to who said it, and what the gateway answers. The messages' numbers are nobody's.
    pub(super) async fn ask_gateway(&self, said: &str, cx: &mut RequestContext<'_>) -> Bytes {
        let own = cx.session.user().map_or(UserId::GATEWAY, |user| user.id);
        let answers = service_user::answer(said, &self.rules.public_url, cx.session).await;
        let answers = answers.into_iter().map(|line| (UserId::GATEWAY, line));
        let said = [(own, said.to_owned())].into_iter().chain(answers);
        let mut out = BytesMut::new();
        for (date, (user, text)) in (cx.at.0..).zip(said) {
            let frame = Frame {
                message_id: MessageId(date).low_bits(),
                room_id: ROOM,
                user_id: user.0,
                date,
                power: text.len() as u64,
                message: text.into(),
                msg_type: MessageType::Text,
                status: MessageStatus::New,
                file_size: 0,
                file_name: "".into(),
            };
            ServerFrame::Message(frame).write(self.rules.flavor, &mut out);
        }
        out.freeze()
    }
}
