//! `tolmach dialects`: what becomes of each meaning in each dialect.

use std::io::{self, Write};

use crate::dialects::Dialects;
use crate::dialects::table::{markdown, translation};
use crate::hub::translation::{Meaning, Translation};
use clap::Args;

use super::failure::Outcome;
use super::output::{Output, unwritable};
use super::table::{Column, Value};

/// A translation, and the dialect that it belongs to.
const COLUMNS: &[Column<(&str, Translation)>] = &[
    Column::json("meaning", |(_, of)| Value::of(of.meaning)),
    Column::shown("meaning", |(_, of)| Value::of(of.meaning.name())),
    Column::json("name", |(_, of)| Value::of(of.meaning.name())),
    Column::both("dialect", |(dialect, _)| Value::of(dialect)),
    Column::both("level", |(_, of)| Value::of(of.level)),
    Column::json("says", |(_, of)| Value::of(of.says)),
    Column::shown("looks like", |(_, of)| Value::of(of.says)),
    Column::json("by", |(_, of)| Value::of(of.by)),
];

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
            return written.map_err(unwritable);
        }
        let mut out = Output::standard();
        let rows: Vec<_> = Meaning::ALL
            .iter()
            .flat_map(|meaning| dialects.iter().map(|dialect| (*meaning, *dialect)))
            .map(|(meaning, dialect)| (dialect.name(), translation(dialect, meaning)))
            .collect();
        out.list(COLUMNS, &rows, self.json)?;
        out.flush()
    }
}
