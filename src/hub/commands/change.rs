//! What lasts: a change with all that a store needs to carry it out, in one box.

use std::any::Any;
use std::mem;
use std::time::Instant;

use super::Work;
use crate::model::{Error, Origin, Result, RoomEvent, Timestamp, UserId};
use crate::store::{ApplyError, Footing, Limits, RowKeys, Transaction, Write};

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
    actor: Actor,
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
        actor: Actor,
        origin: Option<Origin>,
        at: Timestamp,
        change: C,
        then: F,
    ) -> Box<Self> {
        Box::new(Self {
            actor,
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
            keys.begin(self.actor.user());
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
        let mut work = Work::begin(limits, rows, self.actor, self.origin, self.at)?;
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
