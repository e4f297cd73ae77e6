//! What only nodes on one store know.

use super::command::looks_at;
use super::work::Done;
use super::{Actor, Change, Work};
use crate::hub::Hub;
use crate::model::Result;
use crate::store::SecretBytes;

/// Finds what is kept under a name, or keeps this.
pub(crate) struct FindSecret {
    pub(crate) name: &'static str,
    pub(crate) new: SecretBytes,
}

impl Change for FindSecret {
    type Outcome = SecretBytes;
    const NEEDS_ROOM: bool = false;
    looks_at!();

    fn apply(self, work: &mut Work<'_>) -> Done<SecretBytes> {
        Ok(work.rows.secret(self.name, self.new)?)
    }
}

impl Hub {
    /// A key under this name that all nodes on the store share, and nobody else knows. It is made when it is first asked
    /// for, and in no export.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::model::Error::Unavailable), and where it is not known whether it is kept.
    pub async fn secret(&self, name: &'static str) -> Result<SecretBytes> {
        let new = rand::random();
        let find = FindSecret { name, new };
        self.commit(Actor::Operator, None, find, |_, secret| Ok(secret))
            .await
    }
}
