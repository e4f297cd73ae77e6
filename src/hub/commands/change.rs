//! What lasts: a change with all that a store needs to carry it out, in one box.

use std::any::Any;
use std::mem;
use std::net::IpAddr;
use std::time::Instant;

use super::Work;
use crate::model::{Error, Origin, Result, RoomEvent, Timestamp, TokenId, UserId, UserSelector};
use crate::store::{ApplyError, Footing, Limits, RowKey, RowKeys, Transaction, Write};

/// On whose behalf a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A user; the rules hold.
    User(UserId),
    /// The command line or the gateway itself; may do all.
    Operator,
}

impl Actor {
    /// The user, if it is one.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Operator => None,
        }
    }
}

/// On whose behalf a change is made, and what must still hold when it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mandate {
    /// As whom it is done.
    pub actor: Actor,
    /// Of who asked by a token, outside of a session, which would end with the token.
    pub warrant: Option<Warrant>,
}

/// By what somebody asked who has no session: what is withdrawn before the change is made is not there for it, and whom a ban
/// from the gateway keeps out by then changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warrant {
    /// Whose account it is.
    pub user: UserId,
    /// From where it was asked; none: from inside the process.
    pub address: Option<IpAddr>,
    /// The token that was shown; none of one that another than the hub knows.
    pub token: Option<TokenId>,
    /// It was asked as an operator, which the account must be.
    pub operates: bool,
}

impl From<Actor> for Mandate {
    fn from(actor: Actor) -> Self {
        let warrant = None;
        Self { actor, warrant }
    }
}

impl Mandate {
    fn rows(&self, keys: &mut RowKeys) {
        keys.begin(self.actor.user());
        if let Some(warrant) = &self.warrant {
            keys.user(&UserSelector::Id(warrant.user));
            warrant.token.iter().for_each(|token| keys.token(token));
            keys.add(RowKey::Bans);
        }
    }
}

/// What is to last. Texts in it are clean already, names checked, passwords hashed; what depends on what is stored is
/// decided in [`Change::apply`], so that two changes that arrive together cannot both win.
pub trait Change: Send + 'static {
    /// What came of it.
    type Outcome: Send + 'static;
    /// Whether it is refused where the disk has no room. Not what ends or removes something, what lets a person in who is
    /// known, and what looks itself.
    const NEEDS_ROOM: bool = true;

    /// Whether all that it changes lies in rooms that it names: see [`Write::stays_in_rooms`].
    const STAYS_IN_ROOMS: bool = false;

    /// The rows it will look at, as far as they can be told from itself. The actor's is named already.
    fn rows(&self, keys: &mut RowKeys);

    /// Carries it out inside a store's transaction, once.
    ///
    /// # Errors
    /// [`ApplyError::Refused`]: a rule or the present state forbids it, and no row was touched.
    fn apply(self, work: &mut Work<'_>) -> Result<Self::Outcome, ApplyError>;

    /// Where it found users to be members, if sessions take their places by that.
    fn footings(_outcome: &Self::Outcome) -> Vec<Footing> {
        Vec::new()
    }
}

/// A change on its way through a store, and `then`: who is to hear what came of it, with the state of whoever is told
/// of commits.
pub struct Submission<C: Change, F> {
    mandate: Mandate,
    origin: Option<Origin>,
    at: Timestamp,
    submitted: Instant,
    progress: Progress<C>,
    has_news: bool,
    then: F,
}

enum Progress<C: Change> {
    Asked(C),
    Applied(C::Outcome),
    /// It was begun, and refused or broken off.
    Begun,
}

impl<C, F> Submission<C, F>
where
    C: Change,
    F: FnOnce(&mut dyn Any, Result<C::Outcome>) + Send + 'static,
{
    /// A change that is asked for at this time; `origin` is the session that asked, if one did.
    pub fn new(
        mandate: impl Into<Mandate>,
        origin: Option<Origin>,
        at: Timestamp,
        change: C,
        then: F,
    ) -> Box<Self> {
        Box::new(Self {
            mandate: mandate.into(),
            origin,
            at,
            submitted: Instant::now(),
            progress: Progress::Asked(change),
            has_news: false,
            then,
        })
    }
}

impl<C, F> Write for Submission<C, F>
where
    C: Change,
    F: FnOnce(&mut dyn Any, Result<C::Outcome>) + Send + 'static,
{
    fn name(&self) -> &'static str {
        std::any::type_name::<C>()
    }

    fn submitted(&self) -> Option<Instant> {
        Some(self.submitted)
    }

    fn needs_room(&self) -> bool {
        C::NEEDS_ROOM
    }

    fn stays_in_rooms(&self) -> bool {
        C::STAYS_IN_ROOMS
    }

    fn rows(&self, keys: &mut RowKeys) {
        if let Progress::Asked(change) = &self.progress {
            self.mandate.rows(keys);
            change.rows(keys);
        }
    }

    fn apply(
        &mut self,
        limits: &Limits,
        rows: &mut dyn Transaction,
    ) -> Result<Vec<RoomEvent>, ApplyError> {
        let Progress::Asked(change) = mem::replace(&mut self.progress, Progress::Begun) else {
            return Err(Error::Internal.into());
        };
        let mut work = Work::begin(limits, rows, self.mandate, self.origin, self.at)?;
        self.progress = Progress::Applied(change.apply(&mut work)?);
        self.has_news = work.has_news();
        Ok(work.into_events())
    }

    fn footings(&self) -> Vec<Footing> {
        match &self.progress {
            Progress::Applied(outcome) => C::footings(outcome),
            Progress::Asked(_) | Progress::Begun => Vec::new(),
        }
    }

    fn has_news(&self) -> bool {
        self.has_news
    }

    fn complete(self: Box<Self>, committed: Result<()>, state: &mut dyn Any) {
        let outcome = match (committed, self.progress) {
            (Ok(()), Progress::Applied(outcome)) => Ok(outcome),
            (Ok(()), Progress::Asked(_) | Progress::Begun) => Err(Error::Internal),
            (Err(error), _) => Err(error),
        };
        (self.then)(state, outcome);
    }
}
