//! `tolmach dialects`: what becomes of each meaning in each dialect.

use std::io::{self, Write};

use crate::dialects::Dialects;
use crate::dialects::table::{markdown, translation};
use crate::hub::translation::{By, Level, Meaning};
use clap::Args;
use serde::Serialize;

use super::failure::{Failure, Outcome};
use super::output::Output;
use super::table::Row;

/// What is to be printed.
#[derive(Debug, Args)]
pub(crate) struct DialectsArgs {
    /// One JSON object per meaning and dialect
    #[arg(long)]
    json: bool,
    /// Print the page docs/dialects.md, in Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

impl DialectsArgs {
    pub(super) fn run(&self, dialects: Dialects) -> Outcome<()> {
        if self.markdown {
            let written = io::stdout().write_all(markdown(dialects).as_bytes());
            return written.map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Failure::OutputClosed,
                _ => Failure::because(format!("standard output: {error}")),
            });
        }
        let mut out = Output::standard();
        let rows: Vec<Translated> = Meaning::ALL
            .iter()
            .flat_map(|meaning| dialects.iter().map(|dialect| (*meaning, *dialect)))
            .map(|(meaning, dialect)| {
                let translation = translation(dialect, meaning);
                Translated {
                    meaning,
                    name: meaning.name(),
                    dialect: dialect.name(),
                    level: translation.level,
                    says: translation.says,
                    by: translation.by,
                }
            })
            .collect();
        out.list(&rows, self.json)?;
        out.flush()
    }
}

#[derive(Serialize)]
struct Translated {
    meaning: Meaning,
    name: &'static str,
    dialect: &'static str,
    level: Level,
    says: &'static str,
    by: By,
}

impl Row for Translated {
    const COLUMNS: &'static [&'static str] = &["meaning", "dialect", "level", "looks like"];

    fn cells(&self) -> Vec<String> {
        let cells = [self.name, self.dialect, self.level.as_str(), self.says];
        cells.map(str::to_owned).to_vec()
    }
}
