//! A transcript as text: who is there, what each says, and what all are told because of it.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Most accounts that are named only for the numbers of those behind them.
const MOST_FILLERS: i32 = 64;

/// One thing that is done, and what it causes.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// What a person should know before it.
    pub(super) comments: Vec<String>,
    /// As the file has it, without its newline; empty: what was told came of nothing that was seen.
    pub(super) text: String,
    /// Who is told what.
    pub(super) told: Vec<(String, Vec<String>)>,
}

/// A frame behind its connection's name.
pub(super) fn framed(name: &str, sign: char, lines: &[String]) -> String {
    let head = format!("{name} {sign} ");
    let between = format!("\n{}", " ".repeat(head.len()));
    format!("{head}{}", lines.join(&between))
}

/// The accounts that must be named before all others so that each gets its number, in order.
pub(super) fn accounts(
    logins: &BTreeMap<i32, String>,
    in_order_of_coming: &[String],
) -> Vec<String> {
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
    numbered
        .iter()
        .map(|name| format!("{name}: account"))
        .collect()
}

/// The whole file.
pub(super) fn written(comments: &[String], header: &[String], steps: &[Step]) -> String {
    let mut out = String::new();
    for comment in comments {
        let _ = writeln!(out, "# {comment}");
    }
    for line in header {
        let _ = writeln!(out, "{line}");
    }
    for step in steps {
        // Nobody is told anything before something was done.
        let is_orphan = step.text.is_empty();
        if !is_orphan || !step.told.is_empty() || !step.comments.is_empty() {
            out.push('\n');
        }
        for comment in &step.comments {
            let _ = writeln!(out, "# {comment}");
        }
        if !is_orphan {
            let _ = writeln!(out, "{}", step.text);
        }
        for (name, lines) in &step.told {
            let frame = framed(name, '<', lines);
            let sign = if is_orphan { "# " } else { "" };
            let frame = frame.replace('\n', &format!("\n{sign}"));
            let _ = writeln!(out, "{sign}{frame}");
        }
    }
    out
}
