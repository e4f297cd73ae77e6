//! The table of translations: what becomes of each meaning in each dialect.

mod check;

use std::fmt::Write;

use crate::dialects::AnyDialect;
use crate::hub::translation::{By, Level, Meaning, Translation};

pub use check::check;

/// What a dialect declares of a meaning.
#[must_use]
pub fn translation(dialect: &dyn AnyDialect, meaning: Meaning) -> Translation {
    Translation::of(dialect.translations(), meaning)
}

/// The table of these dialects as Markdown: what docs/dialects.md holds.
#[must_use]
pub fn markdown(dialects: &[&dyn AnyDialect]) -> String {
    let mut text = String::from(HEAD);
    text += "| in the hub |";
    for dialect in dialects {
        text += &format!(" {} |", dialect.name());
    }
    text += "\n|---|";
    text += &"---|".repeat(dialects.len());
    text.push('\n');
    for meaning in Meaning::ALL {
        text += &format!("| {meaning} |");
        for dialect in dialects {
            // Writing to a String cannot fail.
            let _ = write!(text, " {} |", cell(translation(*dialect, *meaning)));
        }
        text.push('\n');
    }
    text
}

fn cell(translation: Translation) -> String {
    if translation.level == Level::Dropped {
        return "–".to_owned();
    }
    let by = match translation.by {
        By::Event => "",
        By::Answer => ", the answer",
        By::Another(_) => ", told as “goes offline”",
    };
    format!(
        "{} *({}{by})*",
        translation.says,
        translation.level.as_str()
    )
}

const HEAD: &str = "\
# What one dialect's meaning becomes in another

This page is made by `tolmach dialects --markdown`; a test fails when it is stale. The levels: *native*: the dialect has its own
way to say it; *rendered*: it is said in words; *partial*: some of it arrives; –: the dialect cannot say it, and it is left out.
What is declared here is what the hub holds the dialects to: no frame is asked for where nothing is declared.

";

#[cfg(test)]
mod tests;
