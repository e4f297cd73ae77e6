//! A transcript as text: who is there, what each says, and what all are told because of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::cli::transcript::{Block, Person, What, written};
use crate::dialects::client::Entry;

/// Most accounts that are named only for the numbers of those behind them.
const MOST_FILLERS: i32 = 64;

/// One thing that is done, and what it causes.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// What a person should know before it.
    pub(super) comments: Vec<String>,
    /// None: what was told came of what was before, or of nothing that was seen.
    pub(super) what: Option<What>,
    /// Who is told what.
    pub(super) told: Vec<Block>,
    /// The number of the connection that said it, if one did.
    pub(super) by: Option<u64>,
    /// An event is known that came of it.
    pub(super) has_happened: bool,
}

/// The accounts that must be named before all others so that each gets its number, in order.
pub(super) fn accounts(logins: &BTreeMap<i32, String>, in_order_of_coming: &[String]) -> Vec<What> {
    let last = logins.keys().next_back().copied().unwrap_or(0);
    let is_dense = last as usize == logins.len();
    if is_dense && logins.values().eq(in_order_of_coming) {
        return Vec::new();
    }
    let numbered: Vec<String> = if last <= MOST_FILLERS {
        let name = |id| logins.get(&id).cloned().unwrap_or(format!("user-{id}"));
        (1..=last).map(name).collect()
    } else {
        logins.values().cloned().collect()
    };
    let account = |name| {
        What::Person(Person {
            name,
            listener: None,
            room: None,
            entry: Entry::Account,
        })
    };
    numbered.into_iter().map(account).collect()
}

/// The whole text of a transcript: comments, header and steps.
pub(super) fn file(comments: &[String], header: &[What], steps: &[Step]) -> String {
    let mut out = String::new();
    for comment in comments {
        let _ = writeln!(out, "# {comment}");
    }
    out.extend(header.iter().map(written));
    let mut has_begun = false;
    for step in steps {
        has_begun |= step.what.is_some();
        if step.what.is_some() || !step.told.is_empty() || !step.comments.is_empty() {
            out.push('\n');
        }
        for comment in &step.comments {
            let _ = writeln!(out, "# {comment}");
        }
        out.extend(step.what.as_ref().map(written));
        for block in &step.told {
            let told = written(&What::Told(block.clone()));
            match has_begun {
                true => out.push_str(&told),
                // Nobody is told anything before something was done.
                false => out.extend(told.lines().map(|line| format!("# {line}\n"))),
            }
        }
    }
    out
}
