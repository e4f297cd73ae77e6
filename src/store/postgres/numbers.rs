//! The numbers that users, rooms, tokens, messages and news get.

use super::backend::PostgresBackend;
use super::session::query;
use super::values::{Sql, first};
use super::wanted::numbers;
use crate::store::batch::NumbersUsed;

impl PostgresBackend {
    /// The next number of users, rooms or tokens.
    pub(super) fn next(&mut self, of: &str) -> Sql<Result<i32, NumbersUsed>> {
        if self.last_of(of)? >= i64::from(i32::MAX) {
            return Ok(Err(NumbersUsed));
        }
        Ok(i32::try_from(self.next_of(of)?).map_err(|_| NumbersUsed))
    }

    /// The last number that was given.
    fn last_of(&mut self, of: &str) -> Sql<i64> {
        if !self.rows.counters.contains_key(of) {
            let sql = "SELECT value FROM counters WHERE name = $1 FOR UPDATE";
            let found = self.fetch(query!(sql, of.to_owned()))?;
            let last = first(&found)?.unwrap_or_default();
            self.rows.counters.insert(of.to_owned(), last);
        }
        Ok(self.rows.counters.get(of).copied().unwrap_or_default())
    }

    /// The next number of whatever has a counter, which is kept from others until the commit.
    pub(super) fn next_of(&mut self, of: &str) -> Sql<i64> {
        let next = self.last_of(of)? + 1;
        self.rows.counters.insert(of.to_owned(), next);
        let sql = "UPDATE counters SET value = $2 WHERE name = $1";
        self.rows.write(query!(sql, of.to_owned(), next));
        Ok(next)
    }

    /// The first messages' numbers of those that this batch may need.
    pub(super) fn more_numbers(&mut self) -> Sql<()> {
        self.load(numbers(self.numbers).into_iter().collect())
    }
}
