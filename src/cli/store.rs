//! `tolmach store`: whether what is kept is whole.

use std::process::ExitCode;

use crate::config::Config;
use crate::copies;
use crate::store::{DatabaseCopy, Fault};
use clap::Subcommand;

use super::failure::{Failure, Outcome};
use super::output::Output;
use super::progress::watched;
use super::source::Source;
use super::table::{Column, Value};

const COLUMNS: &[Column<Fault>] = &[
    Column::both("kind", |fault| Value::of(fault.kind)),
    Column::both("name", |fault| Value::of(&fault.name)),
    Column::both("what", |fault| Value::of(&fault.what)),
];

#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Read everything, and say what does not hold, a line each: of what kind, which, what
    ///
    /// The database as a whole, the numbers of each room's changes, who and what is named in it, the files of messages and
    /// their lengths, and whether searches find a sample of what was said. Nothing is changed; a gateway may serve meanwhile.
    /// Exit code 1: something does not hold. What is said of `search` mends itself where that file is removed while no gateway runs; for
    /// the rest there is a copy (`tolmach restore`).
    Verify {
        /// One object a line: kind, name, what
        #[arg(long)]
        json: bool,
    },
}

impl StoreAction {
    pub(super) async fn run(self, config: &Config) -> Outcome<ExitCode> {
        let Self::Verify { json } = self;
        let source = Source::of(config).await?;
        let places = source.places.clone();
        let verified = watched(move |progress| copies::verify(&places, progress)).await?;
        let verified = verified.map_err(|error| Failure::because(error.to_string()))?;
        let mut out = Output::standard();
        out.list(COLUMNS, &verified.faults, json)?;
        let is_whole = verified.faults.is_empty();
        if is_whole && !json {
            out.line(&format!(
                "all holds in {}: {} messages, {} files",
                source, verified.messages, verified.files
            ))?;
        }
        out.flush()?;
        if verified.faults.iter().any(Fault::is_damage) {
            let recovery = DatabaseCopy::recovery(&source.places.database);
            return Err(Failure::because(format!(
                "the database is damaged; {recovery}"
            )));
        }
        Ok(if is_whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
