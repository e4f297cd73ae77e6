//! After a connection was lost: when to try again, and what has to be said again.

use super::failure::Failure;
use crate::dialects::client::{ChatError, Place, Said, Saying};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for the second try, and for each when there were many.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// Who was in for so long was cut off for something new: the pauses begin anew.
const LASTING: Duration = Duration::from_secs(10);

/// So many refusals in a row are meant. The first ones may be for a connection that the server takes to be there still.
const MAX_REFUSALS: u32 = 7;

/// The tries to be connected again.
#[derive(Debug, Default)]
pub(super) struct Tries {
    was_in: bool,
    in_since: Option<Instant>,
    failed: i32,
    refused: u32,
}

impl Tries {
    /// One is in the room.
    pub(super) fn entered(&mut self) {
        self.was_in = true;
        self.in_since = Some(Instant::now());
        self.refused = 0;
    }

    /// How long to wait after this, until the next try; none where there is to be none.
    pub(super) fn pause(&mut self, failure: &Failure) -> Option<Duration> {
        match failure {
            // Who never was in is told at once why not.
            _ if !self.was_in => return None,
            Failure::Client(ChatError::Refused(_)) if self.refused < MAX_REFUSALS => {
                self.refused += 1;
            }
            failure if failure.may_pass() => {}
            _ => return None,
        }
        let lasted = self
            .in_since
            .take()
            .is_some_and(|since| since.elapsed() > LASTING);
        self.failed = if lasted {
            0
        } else {
            self.failed.saturating_add(1)
        };
        let pause = FIRST_PAUSE.mul_f64(2_f64.powi(self.failed.clamp(0, 5)));
        // Not all that were cut off come back in the same instant.
        Some(pause.min(LAST_PAUSE).mul_f64(rand::random_range(0.75..1.0)))
    }
}

/// What was said and has no answer yet, in its order.
#[derive(Debug, Default)]
pub(super) struct Unconfirmed(VecDeque<Saying>);

impl Unconfirmed {
    pub(super) fn said(&mut self, saying: &Saying) {
        self.0.push_back(saying.clone());
    }

    /// One's own words came back: they are accepted. A part of them is as good: the rest was on the same way.
    pub(super) fn heard(&mut self, said: &Said) {
        let is_it = |saying: &Saying| {
            let place = match (&said.place, &saying.to) {
                (Place::Room(_), None) => true,
                (Place::PrivateTo(name), Some(to)) => name.to_lowercase() == to.to_lowercase(),
                _ => false,
            };
            place
                && saying.emote == said.emote
                && comparable(&saying.text).starts_with(&comparable(&said.text))
        };
        if let Some(index) = self.0.iter().position(is_it) {
            self.0.remove(index);
        }
    }

    /// All of it has its answer.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes what has none.
    pub(super) fn take(&mut self) -> VecDeque<Saying> {
        std::mem::take(&mut self.0)
    }
}

/// A text as a server that makes texts clean gives it back.
fn comparable(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::{Failure, LAST_PAUSE, Tries, Unconfirmed};
    use crate::dialects::client::{ChatError, Saying};
    use std::time::Duration;

    #[test]
    fn pauses_grow_up_to_half_a_minute() {
        let mut tries = Tries::default();
        let cut = Failure::CutOff(None);
        assert_eq!(tries.pause(&cut), None);
        tries.entered();
        let pauses: Vec<_> = (0..8).filter_map(|_| tries.pause(&cut)).collect();
        assert_eq!(pauses.len(), 8);
        assert!(pauses[0] <= Duration::from_secs(2) && pauses[0] >= Duration::from_millis(750));
        assert!(pauses[7] <= LAST_PAUSE && pauses[7] >= LAST_PAUSE.mul_f64(0.75));
        let garbled = Failure::Client(ChatError::Garbled(String::new()));
        assert_eq!(tries.pause(&garbled), None);
        let refused = Failure::Client(ChatError::Refused(String::new()));
        assert_eq!((0..9).filter_map(|_| tries.pause(&refused)).count(), 7);
    }

    #[test]
    fn what_came_back_is_not_said_again() {
        let saying = |to: Option<&str>, text: &str| Saying {
            to: to.map(str::to_owned),
            text: text.into(),
            emote: false,
        };
        let mut unconfirmed = Unconfirmed::default();
        let sayings = [
            saying(None, "one"),
            saying(Some("Bob"), "one"),
            saying(None, " two \r\nlines"),
        ];
        sayings.iter().for_each(|saying| unconfirmed.said(saying));
        for (to, text) in [(Some("bob"), "one"), (None, "two \nlines"), (None, "three")] {
            let echo = saying(to, text).echo("me", "lobby", 1);
            if let crate::dialects::client::Arrival::Said(said) = echo {
                unconfirmed.heard(&said);
            }
        }
        assert_eq!(unconfirmed.take(), [saying(None, "one")]);
    }
}
