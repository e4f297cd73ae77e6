//! The news that other hubs over the same rows have not read yet.

use std::collections::VecDeque;

use crate::model::News;
use crate::store::{NewsPage, NewsPlace};

/// How many are kept: who reads later than that is told that some are gone.
const MAX_KEPT: usize = 4096;

/// The last news, as many as are kept.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptNews {
    kept: VecDeque<News>,
    /// How many there were before those.
    gone: usize,
}

impl KeptNews {
    pub(super) fn add(&mut self, news: News) {
        self.kept.push_back(news);
    }

    /// The last one was not to be.
    pub(super) fn take_back(&mut self) {
        self.kept.pop_back();
    }

    pub(super) fn forget_old(&mut self) {
        let old = self.kept.len().saturating_sub(MAX_KEPT);
        self.kept.drain(..old);
        self.gone += old;
    }

    pub(super) fn page(&self, after: Option<&NewsPlace>) -> NewsPage {
        let end = self.gone + self.kept.len();
        let after = after.map_or(end, |place| usize::try_from(place.from).unwrap_or(0));
        NewsPage {
            news: self
                .kept
                .iter()
                .skip(after.saturating_sub(self.gone))
                .cloned()
                .collect(),
            next: NewsPlace {
                from: i64::try_from(end).unwrap_or(i64::MAX),
                read: Vec::new(),
            },
            is_torn: after < self.gone,
        }
    }
}
