//! What of a transcript cannot be done here.

use super::file::{Transcript, What, Wrong};

/// The first thing of a file that this program cannot do, and why.
///
/// `runs`: it is to be done on a gateway that runs; true where the file's lines of configuration hold there.
#[must_use]
pub fn left_out(transcript: &Transcript, runs: Option<bool>) -> Option<Wrong> {
    let is_beyond = |step: &str| step == "shutdown" || step.starts_with("reply ");
    transcript.items.iter().find_map(|item| {
        let why = match &item.what {
            What::ClockPaused => "the clock is paused only in tests".to_owned(),
            What::Config(line) if runs == Some(false) => {
                format!("{line} does not hold on the gateway that runs; it does with --own")
            }
            What::Operator(step) if runs.is_some() && is_beyond(step) => {
                format!("{step} is not done to a gateway that runs; it is with --own")
            }
            _ => return None,
        };
        Some((item.line, why))
    })
}
