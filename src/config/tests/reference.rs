//! `docs/configuration.md` lists every key, with its default and its variable.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, environment, keys};
use crate::dialects;
use crate::dialects::Settings;
use crate::settings::Key;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

/// A key, its default, its variable and what it is for.
type Row = (String, String, String, String);

/// The rows of the tables there that begin with a key.
fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(REFERENCE).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |line: &str| {
        let mut cells = line.splitn(4, " | ").map(str::to_owned);
        let mut next = || cells.next().unwrap();
        let mut code = || next().trim().trim_matches('`').to_owned();
        (code(), code(), code(), next())
    };
    rows.map(row).collect()
}

fn is_of_listener(row: &Row) -> bool {
    row.0.starts_with("listener.")
}

#[test]
fn the_reference_lists_every_key() {
    let (of_listeners, mut listed): (Vec<_>, Vec<_>) = rows().into_iter().partition(is_of_listener);
    let names = of_listeners
        .iter()
        .map(|row| row.0.replace("listener.", ""));
    let known = keys::LISTENER.map(|(name, _)| name.to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), BTreeSet::from(known));

    let listeners = listed.iter().position(|row| row.0 == "listener").unwrap();
    assert_eq!(listed.remove(listeners).2, "TOLMACH_LISTENER");
    let listed = listed.into_iter().map(|row| (row.0, (row.1, row.2)));
    assert_eq!(listed.collect::<BTreeMap<_, _>>(), in_code());
}

/// As `tolmach config example` says it.
#[test]
fn the_reference_begins_with_what_the_code_says_of_a_key() {
    let of_dialects = dialects::ALL.iter().flat_map(|kind| {
        let keys = kind.settings().shown().into_iter();
        keys.map(|shown| (format!("{}.{}", kind.name(), shown.name), shown.about))
    });
    let general = keys::GENERAL
        .iter()
        .map(|key| (key.name.to_owned(), key.about));
    let listener = keys::LISTENER.map(|(name, about)| (format!("listener.{name}"), about));
    let about: BTreeMap<_, _> = general.chain(of_dialects).chain(listener).collect();
    for (key, _, _, meaning) in rows().into_iter().filter(|row| row.0 != "listener") {
        assert!(
            meaning.starts_with(about[&key]),
            "{key}: {meaning}\n{}",
            about[&key]
        );
    }
}

/// The keys as the code has them, each with its default and its variable.
fn in_code() -> BTreeMap<String, (String, String)> {
    let general = Key::shown(keys::GENERAL, &Config::default())
        .into_iter()
        .map(|shown| (shown.name.to_owned(), shown));
    let dialect = |of: &Settings| {
        of.shown()
            .into_iter()
            .map(|shown| (format!("{}.{}", of.dialect(), shown.name), shown))
            .collect::<Vec<_>>()
    };
    let defaults = dialects::ALL.iter().map(|kind| kind.settings());
    let all = general.chain(defaults.flat_map(|settings| dialect(&settings)));
    all.map(|(key, shown)| {
        (
            key.clone(),
            (
                shown.value().unwrap_or("not set").to_owned(),
                environment::variable(&key),
            ),
        )
    })
    .collect()
}
