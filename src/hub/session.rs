//! One connection at the hub: who it is, and what it asks.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Hub;
use super::commands::{
    self, Caller, Command, Enter, Entered, Leave, LogIn, LogInGuest, LogInToken, Mandate, Warrant,
    Welcome,
};
use super::encoder::SharedEncoder;
use super::guarded::guarded;
use super::metrics::DialectNumber;
use super::sink::Sink;
use super::state::{CurrentUser, HubState, Scope};
use super::tap::{TapConnection, TapEvent};
use super::under_way::UnderWay;
use crate::model::{
    EndReason, Error, Message, Result, RoomId, RoomSelector, Secret, SessionId, Target, Timestamp,
    TokenId, User, UserId,
};

/// What the hub needs to know of a connection.
#[derive(Clone)]
pub struct ConnectionInfo {
    /// The dialect's name, for lists.
    pub dialect: &'static str,
    /// From where; `None` for one inside the process.
    pub address: Option<IpAddr>,
    /// A user has one connection of this dialect at most.
    pub exclusive: bool,
    /// To which rooms it is attached.
    pub scope: Scope,
    /// How it is told of events.
    pub encoder: SharedEncoder,
    /// What takes the encoded events of the connection.
    pub sink: Arc<dyn Sink>,
}

/// A connection at the hub, logged in or not. Dropped without [`Session::farewell`], it broke off.
pub struct Session {
    pub(super) hub: Hub,
    pub(super) connection: ConnectionInfo,
    pub(super) number: DialectNumber,
    pub(super) entry: Option<(SessionId, CurrentUser)>,
    /// Who proved by a token who it is, without a session.
    pub(super) bearer: Option<Bearer>,
    /// What was posted and is neither accepted nor refused.
    posted: UnderWay,
}

/// Who has shown a token.
pub(super) struct Bearer {
    pub(super) user: Arc<User>,
    /// None of one that another than the hub knows.
    pub(super) token: Option<TokenId>,
}

impl Session {
    pub(super) fn new(hub: Hub, connection: ConnectionInfo) -> Self {
        let number = hub.counts().number(connection.dialect);
        Self {
            hub,
            connection,
            number,
            entry: None,
            bearer: None,
            posted: UnderWay::default(),
        }
    }

    /// Who is logged in, as it is now: an account can be given another login while its sessions are open.
    #[must_use]
    pub fn user(&self) -> Option<Arc<User>> {
        self.entry.as_ref().map(|(_, user)| user.load())
    }

    /// The session's number, once somebody is logged in.
    #[must_use]
    pub fn id(&self) -> Option<SessionId> {
        self.entry.as_ref().map(|(id, _)| *id)
    }

    /// The options that the hub goes by now.
    #[must_use]
    pub fn options(&self) -> Arc<super::Options> {
        self.hub.options()
    }

    /// What the hub's clock says.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.hub.time()
    }

    /// The hub that it is a connection at.
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Whether what it is told is encrypted on its way.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.connection.sink.is_encrypted()
    }

    /// How it is told of events now.
    pub(crate) fn encoder(&self) -> &SharedEncoder {
        &self.connection.encoder
    }

    /// Whether it is attached to the one room that it enters.
    pub(crate) fn is_in_one_room(&self) -> bool {
        self.connection.scope == Scope::OneRoom
    }

    /// By what its dialect is counted.
    pub(crate) fn number(&self) -> DialectNumber {
        self.number
    }

    /// Carries out a command and waits for its outcome. What was sent before ([`Session::post`]) is done first.
    ///
    /// # Errors
    /// The command's.
    pub async fn call<C: Command>(&mut self, command: C) -> Result<C::Reply> {
        self.posted.done().await;
        self.not_ended()?;
        // In a box: what only says something, by `post`, has no room to hold for the largest command.
        let outcome = Box::pin(Caller::connected(self).call(command)).await;
        if let Err(error) = &outcome {
            tell_refusal(&self.connection.sink, error);
        }
        outcome
    }

    /// Opens a session of an account by its password.
    ///
    /// # Errors
    /// [`LogIn`]'s.
    pub async fn log_in(&mut self, login: &str, password: &str) -> Result<Welcome> {
        let command = LogIn {
            login: login.to_owned(),
            secret: Secret::password(password),
            token: false,
        };
        self.call(command).await
    }

    /// Opens a session by a token.
    ///
    /// # Errors
    /// [`LogInToken`]'s.
    pub async fn log_in_token(&mut self, token: &str) -> Result<Welcome> {
        let (token, id) = (token.into(), None);
        self.call(LogInToken { token, id }).await
    }

    /// Opens a session of a new guest.
    ///
    /// # Errors
    /// [`LogInGuest`]'s.
    pub async fn log_in_guest(&mut self, name: &str) -> Result<Welcome> {
        let name = name.to_owned();
        self.call(LogInGuest { name }).await
    }

    /// Enters the room of this name, made where there is none and the configuration lets it.
    ///
    /// # Errors
    /// [`Enter`]'s.
    pub async fn enter(&mut self, name: &str) -> Result<Entered> {
        self.call(Enter::room(name)).await
    }

    /// Leaves the room of this name: one is no member any more.
    ///
    /// # Errors
    /// [`Leave`]'s.
    pub async fn leave(&mut self, name: &str) -> Result<()> {
        let room = RoomSelector::name(name);
        self.call(Leave { room }).await
    }

    /// Says a text (an emote where it begins with `/me `) in the room of a name, or wherever else, and waits until it is stored.
    ///
    /// # Errors
    /// [`Send`](commands::Send)'s.
    pub async fn say(&mut self, to: impl Into<Target>, text: &str) -> Result<Arc<Message>> {
        self.call(commands::Send::text(to, text)).await
    }

    /// Says something without waiting: `answer` is given the outcome, under the hub's lock, and may put something into the
    /// session's sink, which is flushed then; where it panics, the session ends with [`EndReason::OutcomeUnknown`]. Many can be
    /// under way at once; they are accepted in the order of posting.
    pub fn post(
        &mut self,
        message: impl Into<Box<commands::Send>>,
        answer: impl FnOnce(Result<Arc<Message>>) + Send + 'static,
    ) -> impl Future<Output = ()> + Send {
        // Moved on by its address.
        self.post_boxed(message.into(), answer)
    }

    async fn post_boxed(
        &mut self,
        message: Box<commands::Send>,
        answer: impl FnOnce(Result<Arc<Message>>) + Send + 'static,
    ) {
        let sending = commands::place_of::<commands::Send>();
        let (sink, number) = (self.connection.sink.clone(), self.number);
        let (mandate, message) = match self.prepare(message).await {
            Ok(prepared) => prepared,
            Err(error) => {
                tell_refusal(&sink, &error);
                self.hub.counts().commanded(sending, Some(&error));
                answer(Err(error));
                sink.flush();
                return;
            }
        };
        let (session, under_way) = (self.id(), self.posted.begin());
        let then = move |state: &mut HubState, outcome: Result<Arc<Message>>| {
            state
                .counting
                .counts
                .commanded(sending, outcome.as_ref().err());
            match &outcome {
                Ok(_) => state.counting.counts.told.accepted(Some(number)),
                Err(error) => tell_refusal(&sink, error),
            }
            if let (Err(Error::OutcomeUnknown), Some(session)) = (&outcome, session) {
                state.end_later(session, EndReason::OutcomeUnknown);
            } else {
                let told = guarded("an answer", || answer(outcome));
                if let (None, Some(session)) = (told, session) {
                    state.end_later(session, EndReason::OutcomeUnknown);
                }
                state.mark_dirty(&sink);
            }
            drop(under_way);
        };
        let write = self.hub.submission(mandate, session, *message, then);
        self.hub.hand_in(write);
    }

    async fn prepare(
        &mut self,
        mut message: Box<commands::Send>,
    ) -> Result<(Mandate, Box<commands::Send>)> {
        self.user_id()?;
        self.decide(&mut *message).await?;
        let caller = Caller::connected(self);
        let message = message.prepare(&caller).await?;
        Ok((caller.mandate()?, message))
    }

    /// Who would say something to this target now, and in which room, if that is there; whether they may is not looked at.
    pub async fn speaks_in(&mut self, to: &Target) -> Option<(UserId, RoomId)> {
        let own = self.user_id().ok()?;
        let room = Caller::connected(self).room_of(to).await?;
        Some((own, room))
    }

    /// The connection said nothing for too long (or did not answer a probe), or says something again.
    pub fn set_silent(&self, silent: bool) {
        if let Some(session) = self.id() {
            self.hub
                .with_state(|state| state.set_silent(session, silent));
        }
    }

    /// Ends the session by its dialect's farewell: the user is absent at once, unless connected otherwise.
    pub fn farewell(&mut self) {
        self.leave_state(None);
    }

    /// Ends the session as one whose connection broke off, which dropping it does, too: the user is idle for a while.
    pub fn break_off(&mut self) {
        self.broke_off(Duration::ZERO);
    }

    /// As [`Session::break_off`], for a connection that broke off so long ago: the grace began then.
    pub fn broke_off(&mut self, ago: Duration) {
        self.leave_state(Some(ago));
    }

    /// Ends the user's other sessions of this dialect that are attached to the same rooms, at whichever node they are.
    pub fn end_others_here(&self, reason: EndReason) {
        let Some(session) = self.id() else { return };
        let end = |state: &mut HubState| state.end_others_here(session, reason);
        if let Some((sessions, nodes)) = self.hub.with_state(end)
            && self.hub.inner.cluster.is_some()
        {
            let elsewhere = self.hub.clone().end_together_at(nodes, sessions, reason);
            drop(self.hub.run(elsewhere));
        }
    }

    /// How the connection is told of events from now on; what was written for it before stays as it is.
    pub fn set_encoder(&mut self, encoder: SharedEncoder) {
        self.connection.encoder = encoder.clone();
        if let Some(session) = self.id() {
            self.hub
                .with_state(|state| state.set_encoder(session, &encoder));
        }
    }

    /// Whether the session is attached to the room of this name.
    #[must_use]
    pub fn is_attached(&self, name: &str) -> bool {
        self.id().is_some_and(|session| {
            self.hub
                .with_state(|state| state.attached_room(session, name).is_some())
        })
    }

    /// The rooms the session is attached to, in the order of their numbers.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomId> {
        let Some(session) = self.id() else {
            return Vec::new();
        };
        self.hub.with_state(|state| {
            state
                .sessions
                .get(&session)
                .map(|entry| entry.rooms.iter().copied().collect())
                .unwrap_or_default()
        })
    }

    /// Once the server has ended the session, it is nobody's: nothing more is carried out for it.
    fn not_ended(&self) -> Result<()> {
        if self.connection.sink.was_closed() {
            Err(Error::Unauthenticated)
        } else {
            Ok(())
        }
    }

    /// Who asks: who is logged in, or has shown a token.
    pub(super) fn user_id(&self) -> Result<UserId> {
        self.not_ended()?;
        let user = self.user().or_else(|| self.bearer_user());
        user.map(|user| user.id).ok_or(Error::Unauthenticated)
    }

    /// What must still hold when what is asked for now is done, where it is asked by a token.
    pub(super) fn warrant(&self, operates: bool) -> Option<Warrant> {
        let bearer = self.bearer.as_ref().filter(|_| self.entry.is_none())?;
        Some(Warrant {
            user: bearer.user.id,
            address: self.connection.address,
            token: bearer.token,
            operates,
        })
    }

    pub(super) fn bearer_user(&self) -> Option<Arc<User>> {
        self.bearer.as_ref().map(|bearer| bearer.user.clone())
    }

    /// The number of the token that was shown without opening a session, of those that the hub knows.
    #[must_use]
    pub fn shown_token(&self) -> Option<TokenId> {
        self.bearer.as_ref()?.token
    }

    /// The connection as the log names it, unless it is one inside the process.
    pub(super) fn line(&self) -> Option<&TapConnection> {
        self.connection.sink.tap().map(Arc::as_ref)
    }

    /// `broke_off`: how long ago it did, if it had no farewell.
    pub(super) fn leave_state(&mut self, broke_off: Option<Duration>) {
        let Some((session, user)) = self.entry.take() else {
            return;
        };
        tracing::debug!(
            connection = self.line().map(|line| line.number),
            session = session.0,
            user = user.load().login,
            "session closed"
        );
        self.hub
            .with_state(|state| state.remove_entry(session, broke_off));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.break_off();
        self.connection.sink.left();
    }
}

/// Those who watch are told what became no event.
fn tell_refusal(sink: &Arc<dyn Sink>, error: &Error) {
    if let Some(tap) = sink.tap() {
        tap.tell(TapEvent::Refused(error.clone()));
    }
}
