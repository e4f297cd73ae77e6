//! What other nodes have to know, until they have read it.

use super::backend::PostgresBackend;
use super::readers::Moment;
use super::session::query;
use super::values::{Columns, Sql, every, first, from_json, json, text};
use crate::model::News;
use crate::store::{NewsPage, NewsPlace, RowsError};

/// How many are kept: who reads later than that is told that some are gone.
const KEPT: i64 = 10_000;
/// Older ones are removed once in so many.
const SWEPT: i64 = 500;
/// How many are told at a time.
const TOLD: usize = 1_000;

impl PostgresBackend {
    /// Their numbers are gapless: whoever takes one has its counter until the commit.
    pub(super) fn keep_news(&mut self, news: &News) -> Sql<()> {
        let id = self.next_of("news")?;
        let sql = "INSERT INTO news (id, news) VALUES ($1, $2)";
        self.rows.write(query!(sql, id, text(&json(news)?)));
        if id % SWEPT == 0 {
            let sql = "DELETE FROM news WHERE id <= $1";
            self.rows.write(query!(sql, id - KEPT));
        }
        Ok(())
    }
}

pub(super) async fn news(moment: &mut Moment, after: Option<&NewsPlace>) -> Sql<NewsPage> {
    let from = after.map_or(i64::MAX, |place| place.from);
    let sql = "SELECT id, news FROM news WHERE id > $1 ORDER BY id LIMIT $2";
    let asked = vec![
        query!("SELECT value FROM counters WHERE name = 'news'"),
        query!(sql, from, super::limit(TOLD)),
    ];
    let answers = moment.ask_all(asked).await?;
    let [last, kept] = answers.as_slice() else {
        return Err(RowsError("an answer is missing".into()));
    };
    let last: i64 = first(last)?.unwrap_or_default();
    // A later version may tell what this one does not know.
    let kept = every(kept, |row| {
        Ok((row.value::<i64>(0)?, from_json(row, 1).ok()))
    })?;
    let begins = kept.first().map_or(last + 1, |(id, _)| *id);
    let end = kept.last().map_or(last, |(id, _)| *id);
    Ok(NewsPage {
        news: kept.into_iter().filter_map(|(_, news)| news).collect(),
        next: NewsPlace {
            from: end,
            read: Vec::new(),
        },
        // A database that was brought back knows less than what was read.
        is_torn: after.is_some() && begins != from.saturating_add(1),
    })
}
