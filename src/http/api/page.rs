//! Lists that are answered page by page, in the order of a key that each entry has: `after` is that of the last entry of the
//! page before.

use super::input::Parameters;
use crate::model::{Result, fold_login};

/// Most entries of a page.
pub(super) const PAGE: usize = 500;

/// Which entries of a list are wanted.
pub(super) struct Page<K> {
    /// Those whose keys are greater; none: from the first one on.
    after: Option<K>,
    /// How many of these at most.
    pub(super) limit: usize,
}

impl<K: Ord> Page<K> {
    /// What a request wants, whose `after` was read.
    pub(super) fn new(after: Option<K>, parameters: &mut Parameters) -> Result<Self> {
        let limit = parameters.limit()?;
        Ok(Self { after, limit })
    }

    /// The entries behind `after`, each with its key, in the order of the keys: those of the page, and all that follow.
    pub(super) fn behind<T>(&self, list: impl Iterator<Item = (K, T)>) -> impl Iterator<Item = T> {
        let is_behind = |(key, _): &(K, T)| self.after.as_ref().is_none_or(|after| key > after);
        let mut behind: Vec<_> = list.filter(is_behind).collect();
        behind.sort_by(|(one, _), (other, _)| one.cmp(other));
        behind.into_iter().map(|(_, entry)| entry)
    }

    /// The entries of the page.
    pub(super) fn of<T>(&self, list: impl Iterator<Item = (K, T)>) -> impl Iterator<Item = T> {
        self.behind(list).take(self.limit)
    }
}

/// The key of an account in a list that is in the order of logins: any text has its place there.
pub(super) fn place_of(login: &str) -> String {
    fold_login(login).unwrap_or_else(|_| login.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_whatever_comes_and_goes_between_them() {
        let mut list = vec![5, 1, 4, 2, 3];
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = Page { after, limit: 2 };
            let page: Vec<i32> = page.of(list.iter().map(|n| (*n, *n))).collect();
            let Some(last) = page.last() else { break };
            after = Some(*last);
            // The last one is gone, and another one came before it.
            list.retain(|n| n != last);
            list.push(0);
            all.extend(page);
        }
        assert_eq!(all, [1, 2, 3, 4, 5]);
    }
}
