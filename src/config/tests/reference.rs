//! `docs/configuration.md` lists every key, with its default and its variable.

use std::collections::BTreeMap;

use crate::config::{Config, environment, keys};
use crate::dialects;
use crate::dialects::Settings;
use crate::settings::Key;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

/// The rows of the tables there that begin with a key: its default, its variable.
fn rows(text: &str) -> BTreeMap<String, (String, String)> {
    let code = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let cells = |line: &str| line.split(" | ").map(code).collect::<Vec<_>>();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(cells);
    rows.map(|cells| (cells[0].clone(), (cells[1].clone(), cells[2].clone())))
        .collect()
}

#[test]
fn the_reference_lists_every_key() {
    let text = std::fs::read_to_string(REFERENCE).unwrap();
    let (of_listeners, mut listed): (BTreeMap<_, _>, BTreeMap<_, _>) = rows(&text)
        .into_iter()
        .partition(|(key, _)| key.starts_with("listener."));
    let names: Vec<_> = of_listeners
        .keys()
        .map(|key| key.replace("listener.", ""))
        .collect();
    let mut known = keys::LISTENER;
    known.sort_unstable();
    assert_eq!(names, known);

    let listeners = listed.remove("listener").unwrap();
    assert_eq!(listeners.1, "TOLMACH_LISTENER");
    assert_eq!(listed, in_code());
}

/// The keys as the code has them, each with its default and its variable.
fn in_code() -> BTreeMap<String, (String, String)> {
    let general = Key::shown(keys::GENERAL, &Config::default())
        .into_iter()
        .map(|(key, shown)| (key.to_owned(), shown));
    let dialect = |of: &Settings| {
        of.shown()
            .into_iter()
            .map(|(key, shown)| (format!("{}.{key}", of.dialect()), shown))
            .collect::<Vec<_>>()
    };
    let defaults = dialects::ALL.iter().map(|kind| kind.settings());
    let all = general.chain(defaults.flat_map(|settings| dialect(&settings)));
    all.map(|(key, shown)| {
        (
            key.clone(),
            (
                shown.unwrap_or("not set".into()),
                environment::variable(&key),
            ),
        )
    })
    .collect()
}
