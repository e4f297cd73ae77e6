//! Somebody who has appeared.

use crate::hub::Session;
use bytes::BytesMut;

use super::client_task::{Answered, ClientTask};
use crate::dialects::client::Account;

pub(super) struct Person {
    pub(super) who: Account,
    /// The connection over which it speaks, while it has one.
    pub(super) client_task: Option<ClientTask>,
    /// What makes it present for private messages, once it got one.
    pub(super) ear: Option<Session>,
    pub(super) place: Place,
}

/// Where somebody is, as seen from the one room there is.
///
/// ```text
///  Nowhere ──enters──▶ There ──leaves──▶ Left ──enters──▶ There
///     ▲                  │
///     └──────goes────────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In no room yet: whoever says something in the room enters it first.
    Nowhere,
    There,
    /// Out of the room, as the recording said: nothing is said in it.
    Left,
}

impl Person {
    /// Who is nowhere yet.
    pub(super) fn new(who: Account) -> Self {
        Self {
            who,
            client_task: None,
            ear: None,
            place: Place::Nowhere,
        }
    }

    /// Lets this person ask for something, as bytes of its dialect.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) async fn ask(&mut self, bytes: BytesMut) -> Result<(), String> {
        let answered = match &self.client_task {
            Some(client_task) => client_task.ask(bytes).await,
            None => Answered::default(),
        };
        if answered.closed {
            self.client_task = None;
            self.place = Place::Nowhere;
            if answered.refused.is_empty() {
                return Err("the connection was closed".to_owned());
            }
        }
        outcome(answered)
    }

    /// Lets this person say farewell, as bytes of its dialect.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) async fn go(&mut self, bytes: BytesMut) -> Result<(), String> {
        self.place = Place::Nowhere;
        match self.client_task.take() {
            Some(client_task) => outcome(client_task.go(bytes).await),
            None => Ok(()),
        }
    }
}

fn outcome(answered: Answered) -> Result<(), String> {
    if answered.refused.is_empty() {
        Ok(())
    } else {
        Err(answered.refused.join("; "))
    }
}
