//! What is allowed here beyond the hub's own rules.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Session;
use super::commands::{Command, Text};
use super::external::{External, ExternalError};
use crate::model::{Error, Result, RoomSelector, User};

/// Decides on commands before they take effect: a filter of words, a quota, a room that is closed at night.
///
/// Asked is what a connection wants to change, logging in included ([`Command::IS_DECIDED`]),
/// once its caller is what the command needs, and before anything else of it happens; a session's commands, its messages
/// among them, are decided in their order, one at a time. The hub's own rules come after it. Not asked is the operator, who
/// may do all: an implementation may use [`Hub::operate`](super::Hub::operate) itself.
///
/// A command with several texts that others would read is asked about once for each that is not empty
/// ([`PolicyRequest::field`]), and happens only if all may be; one without any is asked about once. Entering a room is asked about
/// again where it makes the room, with the room's name for a text.
///
/// One that fails, panics or is too slow has not decided: the command is refused with [`Error::Unavailable`], nothing was changed,
/// unless the hub was built to [let it happen](super::HubBuilder::allow_undecided).
///
/// ```
/// use std::sync::Arc;
/// use tolmach::hub::{ExternalError, Hub, Policy, PolicyRequest, Scope, Verdict};
/// use tolmach::model::Error;
///
/// struct NoShouting;
///
/// #[async_trait::async_trait]
/// impl Policy for NoShouting {
///     async fn decide(&self, request: &PolicyRequest) -> Result<Verdict, ExternalError> {
///         Ok(match (request.command, &request.text) {
///             ("Send", Some(text)) if text.ends_with("!!") => Verdict::Refuse("quietly, please".to_owned()),
///             ("Send", Some(text)) => Verdict::Rewrite(text.to_lowercase()),
///             _ => Verdict::Allow,
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hub = Hub::builder().policy(Arc::new(NoShouting)).start().await?;
/// let (mut anna, _) = hub.attach("bot", Scope::AllRooms);
/// anna.log_in_guest("anna").await?;
/// anna.enter("lobby").await?;
/// assert_eq!(anna.say("lobby", "TEA").await?.text, "tea");
/// assert!(matches!(anna.say("lobby", "TEA!!").await, Err(Error::NotAllowed(_))));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Policy: Send + Sync + 'static {
    /// Says whether a command may happen, and with which text.
    ///
    /// # Errors
    /// Why it cannot: for the log, where the first of several is told.
    async fn decide(&self, request: &PolicyRequest) -> Result<Verdict, ExternalError>;
}

/// Who wants to do what.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PolicyRequest {
    /// Who asks, if that is known yet.
    pub user: Option<Arc<User>>,
    /// The dialect of the connection, as lists show it.
    pub dialect: &'static str,
    /// From where it comes; `None` inside the process.
    pub address: Option<IpAddr>,
    /// The command's name: `Send`, `Enter`, `SetTitle`…
    pub command: &'static str,
    /// The room it names.
    pub room: Option<RoomSelector>,
    /// What others would read of it, as written: one of its texts. `None`: it has none.
    pub text: Option<String>,
    /// Which of its texts that is, by the field of the command: `text`, `title`, `description`… Empty where it has none.
    pub field: &'static str,
}

/// What a [`Policy`] decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Let it happen, if the hub's rules do.
    Allow,
    /// [`Error::NotAllowed`] with this reason, which the client is shown.
    Refuse(String),
    /// Let it happen with this text in place of the one that was asked about. A command without a text is let happen as it is;
    /// what is in a notation (a profile's and a message's additional fields, as JSON) is left out instead.
    Rewrite(String),
}

/// How long a decision may take where nothing else is said.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);

/// The policy of a hub.
pub(super) struct Asked {
    policy: Arc<dyn Policy>,
    external: External,
    allow_undecided: bool,
}

impl Asked {
    pub(super) fn new(policy: Arc<dyn Policy>, timeout: Duration, allow_undecided: bool) -> Self {
        Self {
            policy,
            external: External::new("policy", timeout),
            allow_undecided,
        }
    }

    /// Another text, where it is let happen with one.
    pub(super) async fn decide(&self, request: PolicyRequest) -> Result<Option<String>> {
        let policy = self.policy.clone();
        let decided = self
            .external
            .ask(async move { policy.decide(&request).await });
        match decided.await {
            Some(Verdict::Allow) => Ok(None),
            Some(Verdict::Rewrite(text)) => Ok(Some(text)),
            Some(Verdict::Refuse(reason)) => Err(Error::NotAllowed(reason)),
            None if self.allow_undecided => Ok(None),
            None => Err(Error::Unavailable),
        }
    }
}

impl Session {
    /// Lets a command pass that the hub's policy lets happen, with the text that it gives. Costs nothing without one.
    pub(super) async fn decide<C: Command>(&self, command: &mut C) -> Result<()> {
        if self.hub.inner.policy.is_none() {
            return Ok(());
        }
        let room = command.room().cloned();
        // In a box: a session that asks nobody has no room to hold for it.
        Box::pin(self.decide_on(C::name(), room, command.texts())).await
    }

    /// Has the policy decide on each of a command's texts, or once on one that has none.
    pub(super) async fn decide_on(
        &self,
        command: &'static str,
        room: Option<RoomSelector>,
        mut texts: Vec<Text<'_>>,
    ) -> Result<()> {
        let Some(asked) = &self.hub.inner.policy else {
            return Ok(());
        };
        let mut request = PolicyRequest {
            user: self.user().or_else(|| self.bearer_user()),
            dialect: self.connection.dialect,
            address: self.connection.address,
            command,
            room,
            text: None,
            field: "",
        };
        texts.retain(|text| !text.text.is_empty());
        if texts.is_empty() {
            return asked.decide(request).await.map(drop);
        }
        for Text {
            field,
            text,
            is_notation,
        } in texts
        {
            (request.text, request.field) = (Some(text.clone()), field);
            if let Some(other) = asked.decide(request.clone()).await? {
                *text = if is_notation { String::new() } else { other };
            }
        }
        Ok(())
    }
}
