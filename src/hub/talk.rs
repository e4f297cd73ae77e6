//! Messages: saying, changing, finding.

use std::sync::Arc;

use super::{Caller, Hub};
use crate::ledger::{Actor, Change, Outcome, Place, RoomRow};
use crate::model::{
    Draft, Error, HistoryQuery, Message, MessageId, Offline, Quote, Reply, Result, Role, Room,
    RoomSelector, Target, Timestamp, UserId, clean_text, fold_text,
};

/// The step between message numbers that a 31-bit dialect cannot tell apart.
const LOW_BITS_STEP: i64 = 1 << 31;

impl Hub {
    /// What a draft asks of the store, once it is known where it goes.
    pub(super) async fn prepare(&self, caller: Caller, draft: Draft) -> Result<Change> {
        let place = match draft.to {
            Target::Room(RoomSelector::Name(name)) => {
                let attached = caller.session.and_then(|session| {
                    self.with_state(|state| state.attached_room(session, &name))
                });
                match attached {
                    Some(room) => Place::Room(room),
                    None => Place::Room(self.room(caller, RoomSelector::Name(name)).await?.room.id),
                }
            }
            Target::Room(RoomSelector::Id(room)) => Place::Room(room),
            Target::Room(selector) => Place::Room(self.room(caller, selector).await?.room.id),
            Target::User(selector) => {
                let user = self.user(selector).await?;
                if draft.offline == Offline::Refuse
                    && !self.with_state(|state| state.is_connected(user.user.id))
                {
                    return Err(Error::RecipientOffline);
                }
                Place::Direct(user.user.id)
            }
        };
        Ok(Change::Post {
            place,
            kind: draft.kind,
            text: clean_text(&draft.text).into_owned(),
            reply_to: draft.reply_to,
            file: draft.file,
            extra: draft.extra,
        })
    }

    pub(super) async fn send(&self, caller: Caller, draft: Draft) -> Result<Reply> {
        let change = self.prepare(caller, draft).await?;
        self.message_change(caller, change).await
    }

    pub(super) async fn edit(
        &self,
        caller: Caller,
        message: MessageId,
        text: &str,
    ) -> Result<Reply> {
        let text = clean_text(text).into_owned();
        self.message_change(caller, Change::Edit { message, text })
            .await
    }

    pub(super) async fn message_change(&self, caller: Caller, change: Change) -> Result<Reply> {
        match self.write(caller.actor, caller.session, change).await? {
            Outcome::Message(message) => Ok(Reply::Posted { message }),
            _ => Err(Error::Internal),
        }
    }

    pub(super) async fn history(&self, caller: Caller, query: HistoryQuery) -> Result<Reply> {
        let room = self.readable(caller, query.room.clone()).await?;
        let page = self
            .inner
            .store
            .history(room.room.id, viewer(caller), &query)
            .await?;
        let messages = self.with_quotes(&room.room, page.messages).await?;
        Ok(Reply::History {
            room: Arc::new(room.room.clone()),
            messages,
            omitted: page.omitted,
        })
    }

    /// Shows what replies answer, as that is now.
    async fn with_quotes(
        &self,
        room: &Room,
        mut messages: Vec<Arc<Message>>,
    ) -> Result<Vec<Arc<Message>>> {
        for message in &mut messages {
            let Some(answered) = message.reply_to else {
                continue;
            };
            let answered = self.inner.store.message(answered).await?;
            if let Some(answered) = answered.filter(|answered| answered.seq > room.cleared) {
                let quote = Some(Quote::of(&answered));
                *message = Arc::new(Message {
                    quote,
                    ..Message::clone(message)
                });
            }
        }
        Ok(messages)
    }

    pub(super) async fn search(
        &self,
        caller: Caller,
        room: RoomSelector,
        text: &str,
        prefix: bool,
        limit: usize,
    ) -> Result<Reply> {
        let room = self.readable(caller, room).await?;
        let folded = fold_text(text);
        let messages = self
            .inner
            .store
            .search(room.room.id, viewer(caller), &folded, prefix, limit)
            .await?;
        let messages = self.with_quotes(&room.room, messages).await?;
        Ok(Reply::History {
            room: Arc::new(room.room.clone()),
            messages,
            omitted: 0,
        })
    }

    /// "A number it gets back means the newest message with these bits in a room that the asker may see."
    pub(super) async fn find_message(
        &self,
        caller: Caller,
        low_bits: i32,
        room: Option<RoomSelector>,
    ) -> Result<Reply> {
        let room = match room {
            Some(room) => Some(self.readable(caller, room).await?.room.id),
            None => None,
        };
        let last = self.inner.store.last_message_id().await?.0;
        let low = i64::from(low_bits);
        let mut candidate = (last - last.rem_euclid(LOW_BITS_STEP)) + low;
        if candidate > last {
            candidate -= LOW_BITS_STEP;
        }
        while candidate > 0 {
            if let Some(message) = self.inner.store.message(MessageId(candidate)).await?
                && room.is_none_or(|room| room == message.room)
                && self.may_see(caller, &message).await?
            {
                return Ok(Reply::Message(message));
            }
            candidate -= LOW_BITS_STEP;
        }
        Err(Error::NoSuchMessage)
    }

    async fn may_see(&self, caller: Caller, message: &Message) -> Result<bool> {
        let Ok(room) = self.readable(caller, RoomSelector::Id(message.room)).await else {
            return Ok(false);
        };
        let hidden = match caller.actor {
            Actor::User(user) => self.inner.store.is_hidden(user, message.id).await?,
            Actor::Operator => false,
        };
        Ok(message.seq > room.room.cleared && !hidden)
    }

    pub(super) async fn seen(&self, caller: Caller, room: RoomSelector) -> Result<Reply> {
        let room = self.readable(caller, room).await?;
        let Actor::User(user) = caller.actor else {
            return Ok(Reply::Seen(Timestamp(0)));
        };
        let membership = self.inner.store.member(room.room.id, user).await?;
        Ok(Reply::Seen(
            membership.map_or(Timestamp(0), |membership| membership.seen),
        ))
    }

    /// A room whose history the asker may read: "every member's; closed to those who left or are banned".
    pub(super) async fn readable(
        &self,
        caller: Caller,
        selector: RoomSelector,
    ) -> Result<Arc<RoomRow>> {
        let by_name = !matches!(selector, RoomSelector::Id(_));
        let row = self.room(caller, selector).await?;
        let Actor::User(user) = caller.actor else {
            return Ok(row);
        };
        match self
            .inner
            .store
            .member(row.room.id, user)
            .await?
            .map(|membership| membership.role)
        {
            Some(Role::Banned) => Err(Error::Banned),
            Some(_) => Ok(row),
            None if by_name || row.room.kind == crate::model::RoomKind::Public => {
                Err(Error::not_allowed("join the room first"))
            }
            None => Err(Error::NoSuchRoom),
        }
    }
}

fn viewer(caller: Caller) -> Option<UserId> {
    match caller.actor {
        Actor::User(user) => Some(user),
        Actor::Operator => None,
    }
}
