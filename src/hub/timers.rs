//! What is due without anybody asking for it.

use std::time::{Duration, Instant};

use super::Hub;
use super::commands::{ExpireTokens, TouchToken};
/// When what the store could not do for a gone guest is tried again.
const GUEST_RETRY: Duration = Duration::from_secs(5);
/// How often tokens that nobody used are looked for.
const TOKEN_ROUND: Duration = Duration::from_secs(3600);

impl Hub {
    /// Makes absent whose grace is over, as long as the hub runs.
    pub(super) async fn watch_departures(self) {
        loop {
            let (departure, unended) =
                self.with_state(|state| (state.next_departure(), !state.unended_guests.is_empty()));
            tokio::select! {
                () = self.inner.departures.notified() => {}
                () = until(departure) => {
                    self.with_state(|state| state.depart());
                }
                () = tokio::time::sleep(GUEST_RETRY), if unended => {
                    for user in self.with_state(|state| std::mem::take(&mut state.unended_guests)) {
                        self.end_guest(user);
                    }
                }
            }
        }
    }

    /// Touches the tokens in use and ends those that nobody used, as long as the hub runs.
    pub(super) async fn expire_tokens(self) {
        loop {
            // An open connection is use.
            for id in self.with_state(|state| {
                state
                    .sessions
                    .values()
                    .filter_map(|entry| entry.token)
                    .collect::<Vec<_>>()
            }) {
                self.keep_house(TouchToken { id });
            }
            let before = self.time().before(self.options().session_life);
            self.keep_house(ExpireTokens { before });
            tokio::time::sleep(TOKEN_ROUND).await;
        }
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
