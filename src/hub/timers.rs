//! What is due without anybody asking for it.

use std::time::{Duration, Instant};

use super::Hub;
use super::commands::{ExpireTokens, TouchTokens};

/// When what the store could not do for a gone guest is tried again.
const GUEST_RETRY: Duration = Duration::from_secs(5);
/// How often tokens that nobody used are looked for, and the use of the others is recorded at least.
const TOKEN_ROUND: Duration = Duration::from_secs(3600);
/// How often the use of an open connection is recorded while a token lives: a crash takes no more than that part of its life.
const USES_IN_A_LIFE: u32 = 16;
/// The shortest time between two such records.
const LEAST_STEP: Duration = Duration::from_millis(100);
/// The uses of so many tokens are recorded by one write.
const TOKENS_AT_ONCE: usize = 500;

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

    /// Records the use of tokens whose connections are open, and ends those that nobody used, as long as the hub runs.
    pub(super) async fn expire_tokens(self) {
        let life = self.options().session_life;
        let step = (life / USES_IN_A_LIFE).clamp(LEAST_STEP, TOKEN_ROUND);
        let mut expired: Option<Instant> = None;
        loop {
            // An open connection is use, also of one that is killed before it can record its end.
            let open = self.with_state(|state| {
                let tokens = state.sessions.values().filter_map(|entry| entry.token);
                tokens.collect::<Vec<_>>()
            });
            for tokens in open.chunks(TOKENS_AT_ONCE) {
                let tokens = tokens.to_vec();
                self.keep_house(TouchTokens { tokens });
            }
            let now = tokio::time::Instant::now().into_std();
            if expired.is_none_or(|last| now.duration_since(last) >= TOKEN_ROUND) {
                expired = Some(now);
                let before = self.time().before(life);
                self.keep_house(ExpireTokens { before });
            }
            tokio::time::sleep(step).await;
        }
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
