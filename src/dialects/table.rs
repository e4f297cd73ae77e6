//! The table of translations: what becomes of each meaning in each dialect of this build.

use std::fmt::Write;

use crate::hub::translation::{By, Level, Meaning, Translation};

/// A dialect's column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The dialect.
    pub dialect: &'static str,
    /// What it declares, a row for each meaning.
    pub translations: &'static [Translation],
}

impl Column {
    /// What it declares of a meaning.
    #[must_use]
    pub fn of(&self, meaning: Meaning) -> Translation {
        Translation::of(self.translations, meaning)
    }
}

/// The dialects of this build, each with what it declares.
pub const COLUMNS: &[Column] = &[
    #[cfg(feature = "jim")]
    Column {
        dialect: "jim",
        translations: super::jim::TRANSLATIONS,
    },
    #[cfg(feature = "talker")]
    Column {
        dialect: "talker",
        translations: super::talker::TRANSLATIONS,
    },
    #[cfg(feature = "purpose")]
    Column {
        dialect: "purpose",
        translations: super::purpose::TRANSLATIONS,
    },
    #[cfg(feature = "uchat")]
    Column {
        dialect: "uchat",
        translations: super::uchat::TRANSLATIONS,
    },
];

/// The table as Markdown: what docs/dialects.md holds.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(HEAD);
    text += "| in the hub |";
    for column in COLUMNS {
        text += &format!(" {} |", column.dialect);
    }
    text += "\n|---|";
    text += &"---|".repeat(COLUMNS.len());
    text.push('\n');
    for meaning in Meaning::ALL {
        text += &format!("| {meaning} |");
        for column in COLUMNS {
            // Writing to a String cannot fail.
            let _ = write!(text, " {} |", cell(column.of(*meaning)));
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
