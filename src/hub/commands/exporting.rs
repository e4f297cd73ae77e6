//! What is kept of an account, for whoever it is about.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Caller, Command, Needs};
use crate::model::{
    BanSubject, Error, GatewayBan, Membership, Message, MessageId, Result, RoomId, SessionInfo,
    Timestamp, TokenInfo, User, UserKind, UserSelector,
};
use crate::store::{RoomRow, UserRow};

/// How many messages of the gateway one page looks at.
const LOOKS: usize = 20_000;

/// All that is kept of an account but what it said, without secrets; by number, of one that was removed, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportUser {
    /// Which account, by number or by login.
    pub user: UserSelector,
}

/// What an [`ExportUser`] gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserExport {
    /// The account as it is now, without its secret.
    pub account: Arc<User>,
    /// When it was last logged in to, to the minute.
    pub last_login: Option<Timestamp>,
    /// Its tokens, without what opens anything.
    pub tokens: Vec<TokenInfo>,
    /// Where it is a member or banned, and what the room is called: its name, or `@a,b` of a direct room.
    pub rooms: Vec<(String, Membership)>,
    /// The logins on its contact list.
    pub contacts: Vec<String>,
    /// The messages that it hid from itself, with their rooms.
    pub hidden: Vec<(RoomId, MessageId)>,
    /// The bans from the whole gateway that are about it.
    pub bans: Vec<GatewayBan>,
    /// Its connections that are open now.
    pub sessions: Vec<SessionInfo>,
}

impl Command for ExportUser {
    type Reply = UserExport;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<UserExport> {
        let row = kept(caller, &self.user).await?;
        let (store, id) = (caller.store(), row.user.id);
        let mut rooms = Vec::new();
        for (room, membership) in store.rooms_of(id).await? {
            rooms.push((called(caller, &room).await?, membership));
        }
        let contacts = store.contacts(id).await?;
        let mut bans = store.gateway_bans().await?;
        let open = caller.hub().sessions(Some(id)).await?;
        if !open.unanswered.is_empty() {
            // It would not be all there is.
            return Err(Error::Unavailable);
        }
        bans.retain(|ban| {
            let by_login = matches!(&ban.subject, BanSubject::Login(login) if row.folded.as_ref() == Some(login));
            ban.user == Some(id) || by_login
        });
        Ok(UserExport {
            account: row.user.clone(),
            last_login: row.last_login,
            tokens: store.tokens(id).await?,
            rooms,
            hidden: store.hidden_by(id).await?,
            contacts: contacts.iter().map(|user| user.login.clone()).collect(),
            bans,
            sessions: open.sessions,
        })
    }
}

/// An account, or one that was removed, of which its number is left.
async fn kept(caller: &Caller<'_>, user: &UserSelector) -> Result<Arc<UserRow>> {
    let UserSelector::Id(id) = user else {
        return caller.account(user).await;
    };
    let row = caller.store().user(*id).await?;
    let row = row.filter(|row| row.user.kind == UserKind::Account);
    row.ok_or(Error::NoSuchUser)
}

/// What a room is called.
async fn called(caller: &Caller<'_>, row: &RoomRow) -> Result<String> {
    let Some((a, b)) = row.room.pair else {
        return Ok(row.room.name.clone());
    };
    let mut logins = Vec::new();
    for user in [a, b] {
        let user = caller.store().user(user).await?;
        logins.push(user.map_or(String::new(), |row| row.user.login.clone()));
    }
    Ok(format!("@{}", logins.join(",")))
}

/// What an account said, in the order of numbers, a page at a call: deleted messages without text, and what is shown to nobody any
/// more, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidBy {
    /// Which account, by number or by login.
    pub user: UserSelector,
    /// The page begins behind this message; 0 begins with the first.
    pub after: MessageId,
}

/// A page of what an account said; it may be empty though there are more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// In the order of their numbers.
    pub messages: Vec<Arc<Message>>,
    /// Where to go on; `None`: there are no more.
    pub next: Option<MessageId>,
}

impl Command for SaidBy {
    type Reply = Said;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Said> {
        let user = kept(caller, &self.user).await?.user.id;
        let (messages, next) = caller.store().said_by(user, self.after, LOOKS).await?;
        Ok(Said { messages, next })
    }
}
