//! What the source promises of itself: "no dialect's name occurs outside its crate, its adapter, the list of dialects
//! and configuration; the model imports nothing else; nothing under `protocols/` depends on a runtime."

use std::fs;
use std::path::{Path, PathBuf};

const DIALECTS: [&str; 4] = ["jim", "talker", "purpose", "uchat"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(path);
        }
    }
    found
}

/// Lines of these files in which one of the words occurs as a word, without regard to case.
fn lines_with(files: &[PathBuf], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files {
        for (number, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            let lower = line.to_lowercase();
            let mut said = lower.split(|c: char| !c.is_alphanumeric());
            if said.any(|word| words.contains(&word)) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    found
}

#[test]
fn the_hub_and_what_it_stands_on_name_no_dialect() {
    let parts = ["model", "ledger", "store", "bus", "hub"];
    let files: Vec<PathBuf> = parts
        .iter()
        .flat_map(|part| files(&root().join("src").join(part), "rs"))
        .collect();
    assert!(files.len() > 40, "these are not the sources");
    assert_eq!(lines_with(&files, &DIALECTS), Vec::<String>::new());
}

/// What iterates the list of dialects and names none: but for what a person reads as an example, and for comments.
#[test]
fn what_iterates_the_dialects_names_none() {
    let parts = ["config", "control", "gateway", "settings", "cli"];
    let is_own = |path: &Path| {
        // Clients of the dialects, and what is held against all of them.
        let path = path.strip_prefix(root()).unwrap();
        ["src/cli/chat", "src/cli/transcode", "src/config/tests"]
            .iter()
            .any(|own| path.starts_with(own))
    };
    let files: Vec<PathBuf> = parts
        .iter()
        .flat_map(|part| files(&root().join("src").join(part), "rs"))
        .filter(|path| !is_own(path))
        .collect();
    assert!(files.len() > 50, "these are not the sources");
    let is_read_by_a_person = |line: &String| {
        let code = line.splitn(3, ':').nth(2).unwrap_or_default().trim_start();
        code.starts_with("//")
            || code.contains("as \\\"jim.inside\\\"")
            || code.contains("\"JIM_PORT\"")
    };
    let mut lines = lines_with(&files, &DIALECTS);
    lines.retain(|line| !is_read_by_a_person(line));
    assert_eq!(lines, Vec::<String>::new());
}

#[test]
fn the_model_imports_nothing_else_of_the_crate() {
    for path in files(&root().join("src/model"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let elsewhere: Vec<&str> = code
            .filter(|line| line.contains("crate::") && !line.contains("crate::model"))
            .collect();
        assert_eq!(elsewhere, Vec::<&str>::new(), "{}", path.display());
    }
}

#[test]
fn no_protocol_depends_on_a_runtime() {
    for entry in fs::read_dir(root().join("protocols")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let (_, dependencies) = text
            .split_once("[dependencies]")
            .expect("a protocol has dependencies");
        let table = dependencies.split("\n[").next().unwrap_or_default();
        let names = table
            .lines()
            .filter_map(|line| line.split(['=', '.', ' ']).next());
        for runtime in ["tokio", "async-std", "smol", "mio", "async-io"] {
            assert!(
                names.clone().all(|name| name.trim_matches('"') != runtime),
                "{} depends on {runtime}",
                manifest.display()
            );
        }
    }
}
