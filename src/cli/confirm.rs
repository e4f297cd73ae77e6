//! What cannot be undone is asked about on a terminal, and needs `--yes` where nobody can be asked.

use std::io::{self, IsTerminal, Write};

use super::failure::{Failure, Outcome};
use crate::refusal::words;

/// The option of each command that takes something away for good.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Yes {
    /// Do not ask; needed where standard input is no terminal
    #[arg(short, long)]
    yes: bool,
}

impl Yes {
    /// Lets `act` happen, a sentence without its end ("remove the room tea and all that was said in it"): because of the option, or
    /// because somebody says so.
    ///
    /// # Errors
    /// Nobody can be asked, or whoever is asked does not want it.
    pub(super) fn confirm(self, act: &str) -> Outcome<()> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            let reason =
                format!("to {act} cannot be undone; where nobody can be asked, give --yes");
            return Err(Failure::Unusable(reason));
        }
        let unasked =
            |error: io::Error| Failure::because(format!("the terminal: {}", words(&error)));
        let mut terminal = io::stderr();
        write!(terminal, "This cannot be undone: {act}? [y/N] ").map_err(unasked)?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(unasked)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::because("nothing was changed")),
        }
    }
}
