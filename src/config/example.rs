//! A configuration for a person to begin with: every key, commented out, with its default and what it is for.

use super::{draft::Draft, keys, listeners};
use crate::dialects::{AnyDialect, Settings};
use crate::settings::{Key, Shown};

const HEAD: &str = "\
## Every key of tolmach with its default. Take the `# ` away in front of a line, and of the line of its section, to
## set it; what stands behind `##` stays a comment.";

const DIALECT: &str = "How every listener of the dialect speaks it; each key also inside a [[listener]] of it, to differ there.";

const LISTENERS: &str = "What is listened on. Any [[listener]] that is given replaces these, which are the default set.";

pub(super) fn example(dialects: &[&dyn AnyDialect]) -> String {
    let (config, dialects) = Draft::new(dialects).into_defaults();
    let mut lines = vec![HEAD.to_owned()];
    let mut section = "";
    for shown in Key::shown(keys::GENERAL, &config) {
        let (inside, key) = shown.name.split_once('.').unwrap_or(("", shown.name));
        if inside != section {
            lines.extend([String::new(), format!("# [{inside}]")]);
            section = inside;
        }
        lines.extend(explained(key, &shown));
    }
    for settings in &dialects {
        let keys = settings.shown();
        if !keys.is_empty() {
            lines.extend([
                String::new(),
                format!("## {DIALECT}"),
                format!("# [{}]", settings.dialect()),
            ]);
        }
        lines.extend(keys.iter().flat_map(|shown| explained(shown.name, shown)));
    }
    lines.extend([String::new(), format!("## {LISTENERS}")]);
    lines.extend(listener_lines(&dialects));
    lines.join("\n") + "\n"
}

/// The default set. A key of a dialect stands there only where it differs from its section; what a key is for is said once.
fn listener_lines(dialects: &[Settings]) -> Vec<String> {
    let mut lines = Vec::new();
    let set = listeners::defaults(dialects, &mut Default::default());
    for (index, listener) in set.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        lines.push("# [[listener]]".to_owned());
        let of_section = listener.settings.kind().settings().shown();
        for shown in listener
            .shown()
            .iter()
            .filter(|shown| !of_section.contains(shown))
        {
            match index {
                0 => lines.extend(explained(shown.name, shown)),
                _ => lines.push(value(shown.name, shown)),
            }
        }
    }
    lines
}

fn explained(key: &str, shown: &Shown) -> [String; 2] {
    [format!("## {}", shown.about), value(key, shown)]
}

fn value(key: &str, shown: &Shown) -> String {
    match shown.value() {
        Some(value) if shown.is_hidden() => format!("## {key} = {value} (a secret)"),
        Some(value) => format!("# {key} = {value}"),
        None => format!("## {key} = … (not set)"),
    }
}
