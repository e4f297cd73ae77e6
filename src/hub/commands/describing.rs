//! How an account shows to others: its name and its description.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::{DESCRIPTION_CHARS, check_length, display_name};
use super::command::{about, looks_at};
use super::work::Done;
use super::{Caller, Change, Command, Needs, Work};
use crate::model::{Result, User, UserSelector, clean_text};
use crate::store::UserRow;

/// Gives an account another name or description, or both. Operators, or the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribeUser {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// The display name from now on; empty: the login. `None`: it stays.
    pub name: Option<String>,
    /// Free text that others see from now on; it may be empty and have several lines. `None`: it stays.
    pub description: Option<String>,
}

impl Command for DescribeUser {
    type Reply = Arc<User>;
    const NEEDS: Needs = Needs::User;
    about!(texts: name, description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Arc<User>> {
        let user = caller.account(&self.user).await?.user.id;
        self.user = UserSelector::Id(user);
        if let Some(name) = &mut self.name {
            *name = display_name(name, &caller.hub().options().name)?;
        }
        if let Some(description) = &mut self.description {
            *description = cleaned_description(description)?;
        }
        let changed = caller.commit_then(self, |state, row| {
            state.update_user(&row);
            Ok(row.user.clone())
        });
        changed.await
    }
}

/// A description as it is kept.
///
/// # Errors
/// [`Error::Invalid`](crate::model::Error::Invalid): it is too long.
pub(super) fn cleaned_description(description: &str) -> Result<String> {
    let cleaned = clean_text(description).into_owned();
    check_length("description", &cleaned, DESCRIPTION_CHARS)?;
    Ok(cleaned)
}

impl Change for DescribeUser {
    type Outcome = Arc<UserRow>;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<UserRow>> {
        work.change_account(&self.user, |user| {
            if let Some(name) = self.name {
                user.name = match name.is_empty() {
                    true => user.login.clone(),
                    false => name,
                };
            }
            if let Some(description) = self.description {
                user.description = description;
            }
        })
    }
}
