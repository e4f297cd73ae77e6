//! `tolmach completions` and `tolmach manual`.

use std::collections::BTreeSet;
use std::process::Command;

use super::bench::{Bench, Ran, read, run};

/// Runs a program of the system's; `None` where it is not here.
fn tool(name: &str, arguments: &[&str], input: &str) -> Option<Ran> {
    let mut command = Command::new(name);
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\"", name])
        .output();
    if !found.unwrap().status.success() {
        eprintln!("left out: there is no {name} here");
        return None;
    }
    command
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .env("MANWIDTH", "100");
    Some(run(&mut command, input))
}

/// The commands that `--help` lists, and those below them, as `user add`.
fn commands(bench: &Bench, of: &[&str]) -> Vec<String> {
    let help = bench.run(&[of, &["--help"]].concat()).done();
    let Some((_, list)) = help.split_once("Commands:\n") else {
        return Vec::new();
    };
    let rows = list.lines().take_while(|line| !line.is_empty());
    let names = rows.filter_map(|row| row.strip_prefix("  ")?.split(' ').next());
    let mut all = Vec::new();
    for name in names.filter(|name| !name.is_empty() && *name != "help") {
        let path = [of, &[name]].concat();
        all.push(path.join(" "));
        all.extend(commands(bench, &path));
    }
    all
}

#[test]
fn shells_take_their_completions() {
    let bench = Bench::offline();
    let all = commands(&bench, &[]);
    assert!(all.iter().any(|command| command == "user add"), "{all:?}");
    for (shell, arguments) in [
        ("bash", ["-n", "/dev/stdin"]),
        ("zsh", ["-n", "/dev/stdin"]),
        ("fish", ["-n", "/dev/stdin"]),
    ] {
        let script = bench.run(&["completions", shell]).done();
        for word in all.iter().flat_map(|command| command.split(' ')) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        if let Some(ran) = tool(shell, &arguments, &script) {
            ran.done();
        }
    }
    let wrong = bench.run(&["completions", "cmd"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("bash, zsh, fish"), "{}", wrong.err);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let bench = Bench::offline();
    let directory = bench.path("man");
    let directory = directory.to_str().unwrap();
    bench.run(&["manual", directory]).done();
    let pages: BTreeSet<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    let page = |command: &String| format!("tolmach-{}.1", command.replace(' ', "-"));
    let mut expected: BTreeSet<String> = commands(&bench, &[]).iter().map(page).collect();
    expected.insert("tolmach.1".to_owned());
    assert_eq!(pages, expected);
    for page in &pages {
        let path = format!("{directory}/{page}");
        let text = read(path.as_ref());
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
        if let Some(ran) = tool("man", &["--warnings", "-l", "-E", "UTF-8", &path], "") {
            assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{page}");
            assert!(ran.out.contains("tolmach"), "{page}");
        }
    }
    let refused = bench.run(&["manual", "/dev/null/man"]).refused();
    assert!(refused.contains("/dev/null/man"), "{refused}");
}
