//! `config`: an example to begin with, and what holds.

use super::bench::{Bench, run, tolmach};

#[test]
fn an_example_is_a_whole_configuration_and_means_the_default() {
    let bench = Bench::offline();
    let example = run(tolmach().args(["config", "example"]), "").done();
    let bare = |line: &str| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n";
    std::fs::write(
        bench.path("all.toml"),
        example.lines().map(bare).collect::<String>(),
    )
    .unwrap();
    let show = |file: Option<&str>| {
        let mut command = tolmach();
        command.args(["config", "show"]).current_dir(bench.path(""));
        command.env_remove("TOLMACH_HTTP__ADDRESS");
        command.args(file.map(|file| ["-c", file]).into_iter().flatten());
        let shown = run(&mut command, "").done();
        let shown = shown.lines().map(|line| line.rsplit_once('\t').unwrap());
        shown
            .map(|(holds, origin)| (holds.to_owned(), origin.to_owned()))
            .collect::<Vec<_>>()
    };
    let (default, all) = (show(None), show(Some("all.toml")));
    let holds = |of: &[(String, String)]| of.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
    assert_eq!(holds(&all), holds(&default));
    assert!(default.iter().all(|(_, origin)| origin == "default"));
    let unset = all.iter().filter(|(_, origin)| origin == "default");
    let unset = unset.map(|(holds, _)| holds.trim_end()).collect::<Vec<_>>();
    let no_default = [
        "files.endpoint",
        "files.region",
        "files.access_key_id",
        "files.secret_access_key",
        "bus.ca",
        "tls.certificate",
        "tls.key",
        "tls.client_ca",
    ];
    assert_eq!(unset, no_default);
}

#[test]
fn what_holds_is_shown_with_its_origin() {
    let bench = Bench::offline();
    bench.configure("[limits]\nburst = 5\n");
    let mut command = bench.command(&["config", "show"]);
    let shown = run(command.env("TOLMACH_PRESENCE__GRACE", "60s"), "").done();
    let file = bench.path("tolmach.toml").display().to_string();
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap();
    let (burst, origin) = line("limits.burst\t").rsplit_once('\t').unwrap();
    assert_eq!(burst, "limits.burst\t5");
    assert!(origin.starts_with(&format!("{file}:")), "{origin}");
    assert_eq!(
        line("presence.grace"),
        "presence.grace\t\"60s\"\tTOLMACH_PRESENCE__GRACE"
    );
    assert_eq!(line("name"), "name\t\"tolmach\"\tdefault");
    assert_eq!(line("tls.key"), "tls.key\t\tdefault");
    let objects = bench.json(&["config", "show", "--json"]);
    let burst = objects
        .iter()
        .find(|one| one["key"] == "limits.burst")
        .unwrap();
    assert_eq!(burst["value"], "5");
    assert!(burst["origin"].as_str().unwrap().starts_with(&file));
}
