//! Sessions that are open: what they show of their user, which there are, closing and leaving them.

use serde::{Deserialize, Serialize};

use super::command::about;
use super::tokens::end_sessions_by;
use super::{Caller, Command, Needs, RevokeToken, Text};
use crate::cluster::NodeInfo;
use crate::hub::state::{HubState, OnlineUser, SessionEntry};
use crate::model::{Error, Result, SessionId, SessionInfo, UserSelector, clean_json, clean_text};

/// Sets the status text that others see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetStatus {
    /// The text; `None` takes it away.
    pub status: Option<String>,
}

impl Command for SetStatus {
    type Reply = ();
    const NEEDS: Needs = Needs::Session;
    about!(texts: status);

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        let status = self.status;
        let status = status.map(|status| clean_text(&status).into_owned());
        describe_self(caller, |user| user.status = status)
    }
}

/// Sets more attributes for others, as members of a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetProfile {
    /// The members as JSON without the braces, as `"k":v,…`.
    pub profile: String,
}

impl Command for SetProfile {
    type Reply = ();
    const NEEDS: Needs = Needs::Session;

    fn texts(&mut self) -> Vec<Text<'_>> {
        vec![Text::notation("profile", &mut self.profile)]
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        let profile = clean_json(&self.profile);
        describe_self(caller, |user| user.profile = profile)
    }
}

fn describe_self(caller: &Caller<'_>, set: impl FnOnce(&mut OnlineUser)) -> Result<()> {
    let user = caller.user_id()?;
    let hub = caller.hub();
    hub.with_state(|state| {
        let user_entry = state.online.get_mut(&user);
        set(user_entry.ok_or(Error::Unauthenticated)?);
        state.publish_again(user);
        Ok(())
    })
}

/// The open sessions, at all nodes: all for operators, else one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions;

/// The sessions that are open, as far as their nodes say so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OpenSessions {
    /// In the order of their numbers.
    pub sessions: Vec<SessionInfo>,
    /// Nodes that did not answer, in the order in which they came: they may have more.
    pub unanswered: Vec<NodeInfo>,
}

impl Command for Sessions {
    type Reply = OpenSessions;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<OpenSessions> {
        let user = caller.actor()?.user();
        caller.hub().sessions(user).await
    }
}

/// Closes a session: operators any, others one of their own. The reply: the node that it is at, where that has not said yet that it
/// is done; it closes the session as soon as it can, and if it is gone, so is the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseSession {
    /// Which session, by its number.
    pub id: SessionId,
}

impl Command for CloseSession {
    type Reply = Option<NodeInfo>;
    const NEEDS: Needs = Needs::User;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Option<NodeInfo>> {
        let of = caller.actor()?.user();
        caller.hub().close(self.id, of).await
    }
}

/// The nodes of the gateway, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nodes;

impl Command for Nodes {
    type Reply = Vec<NodeInfo>;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<NodeInfo>> {
        caller.hub().nodes().await
    }
}

/// What becomes of the token that opened a session when that logs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEnd {
    /// The token stays valid.
    Never,
    /// It ends where a login made it; one that was made to be kept stays.
    IfOfLogin,
    /// The token ends, whatever it is.
    Always,
}

/// Ends the session with its dialect's farewell: the user is absent at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOut {
    /// Whether the token that opened the session ends too, and with it the other sessions of that token.
    pub token: TokenEnd,
}

impl Command for LogOut {
    type Reply = ();
    const NEEDS: Needs = Needs::Session;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        let (session, user) = (caller.session()?, caller.user_id()?);
        let ends = |entry: &SessionEntry| match self.token {
            TokenEnd::Never => false,
            TokenEnd::IfOfLogin => !entry.by_api_token,
            TokenEnd::Always => true,
        };
        let token = |state: &mut HubState| {
            let entry = state.sessions.get(&session)?;
            entry.token.filter(|_| ends(entry))
        };
        if let Some(id) = caller.hub().with_state(token) {
            let revoke = RevokeToken {
                user: UserSelector::Id(user),
                id: Some(id),
            };
            let revoked = caller.commit_then(revoke, move |state, ended| {
                // This one leaves by itself.
                if let Some(entry) = state.sessions.get_mut(&session) {
                    entry.token = None;
                }
                end_sessions_by(state, user, ended);
                Ok(())
            });
            revoked.await?;
        }
        caller.connection_mut()?.farewell();
        Ok(())
    }
}
