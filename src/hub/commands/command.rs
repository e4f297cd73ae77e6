//! What every command says of itself.

use std::fmt;
use std::future::Future;

use super::Caller;
use crate::model::{Error, Result, RoomSelector};

/// Something that is asked of the hub: by a session ([`Session::call`](crate::hub::Session::call)), or by the operator
/// ([`Hub::operate`](crate::hub::Hub::operate)). No `Debug` of one shows a secret.
///
/// Beside its own errors, any may come to [`Error::Unauthenticated`] (the session was ended), [`Error::NotAllowed`] (the
/// [`Policy`](crate::hub::Policy) refused it), [`Error::Unavailable`] (the store, the policy or the authenticator does not answer, or the hub
/// was stopped), [`Error::OutcomeUnknown`] and [`Error::Internal`].
///
/// It can be implemented outside of this crate for what only uses other commands ([`Caller::call`]); a new change of the rows
/// cannot: [`Work`](super::Work) gives nothing to whoever is outside.
///
/// A durable command is a [`Change`](super::Change) too: [`Command::call`] checks what needs no look at what is
/// stored and ends in [`Caller::commit`]; all else is decided in the transaction.
pub trait Command: fmt::Debug + Send + 'static {
    /// What the caller gets for it.
    type Reply: Send + 'static;
    /// Who may ask for it at all; checked before [`Command::call`].
    const NEEDS: Needs;
    /// Whether a connection's [`Policy`](crate::hub::Policy) is asked first: of all that changes something. What only reads
    /// says no, and so does the farewell.
    const IS_DECIDED: bool = true;

    /// What it is called: as its type is.
    #[must_use]
    fn name() -> &'static str {
        let path = std::any::type_name::<Self>();
        path.rsplit("::").next().unwrap_or(path)
    }

    /// As whom a connection wants to be let in; empty where only a token says so. `None`: it is no login.
    fn login(&self) -> Option<&str> {
        None
    }

    /// Every text of it that others would read: a [`Policy`](crate::hub::Policy) is asked about each that is not empty, and may
    /// replace it.
    fn texts(&mut self) -> Vec<Text<'_>> {
        Vec::new()
    }

    /// The room it is about, where the command names one.
    fn room(&self) -> Option<&RoomSelector> {
        None
    }

    /// Carries the command out on behalf of a caller that is what it needs, and yields its reply.
    ///
    /// # Errors
    /// The command's own.
    fn call(self, caller: &mut Caller<'_>) -> impl Future<Output = Result<Self::Reply>> + Send;
}

/// A text of a command that others would read: [`Command::texts`].
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text<'a> {
    /// The field of the command that has it: `title`, `text`…
    pub field: &'static str,
    /// The text, as written.
    pub text: &'a mut String,
    /// It is no plain text but in a notation that another text would break (members of a JSON object): where a policy
    /// would replace it, it is left out.
    pub is_notation: bool,
}

impl<'a> Text<'a> {
    /// A plain text; none where the field is not set.
    pub fn of(field: &'static str, text: impl Into<Option<&'a mut String>>) -> Option<Self> {
        text.into().map(|text| Self {
            field,
            text,
            is_notation: false,
        })
    }

    /// A text in a notation.
    pub fn notation(field: &'static str, text: &'a mut String) -> Self {
        Self {
            field,
            text,
            is_notation: true,
        }
    }
}

/// What somebody must be to ask for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needs {
    /// Anybody, before a login too.
    Nobody,
    /// A connection, before a login too; not the operator.
    Connection,
    /// A connection with an open session; not the operator.
    Session,
    /// A user who is logged in or has shown a token; or the operator, but for what is about oneself: [`Contacts`](super::Contacts),
    /// [`AddContact`](super::AddContact), [`RemoveContact`](super::RemoveContact), [`MyRooms`](super::MyRooms),
    /// [`Memberships`](super::Memberships), [`Waiting`](super::Waiting), [`MarkSeen`](super::MarkSeen), [`Hide`](super::Hide),
    /// [`Direct`](super::Direct), [`Leave`](super::Leave) and [`SetOwnDescription`](super::SetOwnDescription) are
    /// [`Error::Unauthenticated`] for the operator, [`Enter`](super::Enter) is [`Error::Unsupported`].
    User,
    /// The operator: the command line, or whoever embeds the hub.
    Operator,
}

impl Needs {
    /// Lets the caller pass who is what is needed.
    pub(super) fn check(self, caller: &Caller<'_>) -> Result<()> {
        match self {
            Self::Nobody => Ok(()),
            Self::Connection => caller.connection().map(drop),
            Self::Session => {
                caller.connection()?;
                caller.session().map(drop)
            }
            Self::User => caller.actor().map(drop),
            Self::Operator => match caller.actor()?.user() {
                None => Ok(()),
                Some(_) => Err(Error::not_allowed("only the operator may do this")),
            },
        }
    }
}

/// What a command names: [`Command::room`], [`Command::texts`], by its fields.
macro_rules! about {
    ($(room: $room:ident)? $(,)? $(texts: $($text:ident),+)?) => {
        $(fn room(&self) -> Option<&crate::model::RoomSelector> {
            Some(&self.$room)
        })?

        $(fn texts(&mut self) -> Vec<crate::hub::commands::Text<'_>> {
            let texts = [$(crate::hub::commands::Text::of(stringify!($text), &mut self.$text)),+];
            texts.into_iter().flatten().collect()
        })?
    };
}
pub(super) use about;

/// The [`Change::rows`](super::Change::rows) of what its fields name: how each does, and which it is.
macro_rules! looks_at {
    ($($named:ident: $field:ident),*) => {
        fn rows(&self, _keys: &mut crate::store::RowKeys) {
            $(_keys.$named(&self.$field);)*
        }
    };
}
pub(super) use looks_at;

/// The [`Command`] of a user's change that needs no check before the transaction and has nothing to reply.
macro_rules! committed_as_asked {
    ($command:ident $(, $room:ident)?) => {
        impl Command for $command {
            type Reply = ();
            const NEEDS: Needs = Needs::User;
            $(super::command::about!(room: $room);)?

            async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
                caller.commit(self).await
            }
        }
    };
}
pub(super) use committed_as_asked;
