//! Contact lists: whom a user keeps in sight. Nobody else is told, and nobody else may change one's list.

use super::Outcome;
use super::apply::{Done, Work};
use crate::model::{Error, UserId};

/// Most names of one list.
const CONTACTS: usize = 1000;

impl Work<'_> {
    /// Whom one has already stays as it is.
    pub(super) fn add_contact(&mut self, contact: UserId) -> Done {
        let own = self.acting_user()?.user.id;
        // Who is gone cannot be found by name any more.
        if self.existing_user(contact)?.folded.is_none() {
            return Err(Error::NoSuchUser.into());
        }
        let contacts = self.rows.contacts(own)?;
        if contacts.contains(&contact) {
            return Ok(Outcome::Done);
        }
        if contacts.len() >= CONTACTS {
            let limit = CONTACTS as u64;
            return Err(Error::TooLarge { limit }.into());
        }
        self.rows.add_contact(own, contact)?;
        Ok(Outcome::Done)
    }

    pub(super) fn remove_contact(&mut self, contact: UserId) -> Done {
        let own = self.acting_user()?.user.id;
        if !self.rows.contacts(own)?.contains(&contact) {
            return Err(Error::NoSuchUser.into());
        }
        self.rows.remove_contact(own, contact)?;
        Ok(Outcome::Done)
    }
}
