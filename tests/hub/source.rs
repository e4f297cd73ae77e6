//! What the source promises of itself: "no dialect's name occurs outside its crate, its adapter, the list of dialects
//! and configuration; the model imports nothing else; nothing under `protocols/` depends on a runtime."

use std::collections::{BTreeMap, BTreeSet};
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
    let parts = ["model", "store", "bus", "files", "hub"];
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
        // What is held against all of them.
        let path = path.strip_prefix(root()).unwrap();
        path.starts_with("src/config/tests") || path.ends_with("src/cli/chat/recognition/tests.rs")
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

/// The folders of `src/` that stand on each other, as their imports say; test code is not looked at.
struct Floors {
    folders: Vec<String>,
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl Floors {
    fn of_the_sources() -> Self {
        let source = root().join("src");
        let files: Vec<PathBuf> = files(&source, "rs")
            .into_iter()
            .filter(|path| !is_test_code(path))
            .collect();
        let path_of = |path: &Path| {
            let path = path.strip_prefix(&source).unwrap().with_extension("");
            let path = path.to_str().unwrap().replace('/', "::");
            path.trim_end_matches("::mod").to_owned()
        };
        let mut floors = Self {
            folders: Vec::new(),
            imports: BTreeMap::new(),
        };
        for file in &files {
            let module = path_of(file);
            for (end, _) in module.match_indices("::") {
                floors.folders.push(module[..end].to_owned());
            }
        }
        floors.folders.sort();
        floors.folders.dedup();
        for file in &files {
            floors.add(&path_of(file), &fs::read_to_string(file).unwrap());
        }
        floors
    }

    fn add(&mut self, module: &str, text: &str) {
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| [line.trim(), " "])
            .collect();
        let from = self.folder_of(module);
        for path in paths(module, &code) {
            let to = self.folder_of(&path);
            if !to.is_empty() && !is_within(&from, &to) && !is_within(&to, &from) {
                self.imports.entry(from.clone()).or_default().insert(to);
            }
        }
    }

    /// The innermost folder that holds a module or an item.
    fn folder_of(&self, path: &str) -> String {
        let holds = |folder: &&String| is_within(path, folder);
        let innermost = self
            .folders
            .iter()
            .filter(holds)
            .max_by_key(|folder| folder.len());
        innermost.cloned().unwrap_or_default()
    }

    fn reaches(&self, from: &str, to: &str, seen: &mut BTreeSet<String>) -> bool {
        let next = self.imports.get(from).into_iter().flatten();
        next.into_iter()
            .any(|next| next == to || (seen.insert(next.clone()) && self.reaches(next, to, seen)))
    }
}

fn is_test_code(path: &Path) -> bool {
    let path = path.to_str().unwrap();
    ["/tests/", "/contract/", "tests.rs"]
        .iter()
        .any(|part| path.contains(part))
}

fn is_within(path: &str, folder: &str) -> bool {
    path == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// The paths that code begins with `crate::` or `super::`, of a group each one, from the crate's root.
fn paths(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, root) in code
        .match_indices("crate::")
        .chain(code.match_indices("super::"))
    {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') {
            continue;
        }
        let mut base: Vec<&str> = Vec::new();
        let mut rest = &code[at..];
        if root == "super::" {
            base = module.split("::").collect();
            while let Some(above) = rest.strip_prefix("super::") {
                base.pop();
                rest = above;
            }
        } else {
            rest = &rest["crate::".len()..];
        }
        let base: String = base.iter().map(|part| format!("{part}::")).collect();
        let plain = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        let (plain, after) = rest.split_at(plain.unwrap_or(rest.len()));
        let items = match after.strip_prefix('{') {
            Some(group) if plain.is_empty() || plain.ends_with("::") => {
                let group = group.split('}').next().unwrap_or_default();
                group
                    .split(',')
                    .map(|item| item.trim().to_owned())
                    .collect()
            }
            _ => vec![String::new()],
        };
        for item in items {
            let path = format!("{base}{plain}{item}").replace("commands::", "hub::commands::");
            let path = path.replace("hub::hub::", "hub::");
            found.push(path.trim_end_matches(':').to_owned());
        }
    }
    found
}

#[test]
fn no_folder_stands_on_one_that_stands_on_it() {
    let floors = Floors::of_the_sources();
    assert!(floors.imports["dialects::jim"].contains("hub"));
    assert!(floors.imports["hub::commands"].contains("hub::state"));
    assert!(floors.imports["hub::commands"].contains("store"));
    let circles: Vec<&String> = floors
        .imports
        .keys()
        .filter(|folder| floors.reaches(folder, folder, &mut BTreeSet::new()))
        .collect();
    assert_eq!(circles, Vec::<&String>::new());
}
