//! What `packaging/` says of the program, held against the program.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::bench::{Bench, read, run};

fn packaged(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    read(&root.join(name))
}

/// What follows this at the beginning of each line that has it.
fn said<'a>(text: &'a str, beginning: &str) -> Vec<&'a str> {
    let lines = text.lines();
    lines
        .filter_map(|line| line.strip_prefix(beginning))
        .collect()
}

/// The program takes these words.
fn takes(bench: &Bench, words: &[&str]) {
    let help = bench.run(&[words[0], "--help"]).done();
    let options = words[1..].iter().filter(|word| word.starts_with('-'));
    for option in options {
        assert!(help.contains(&format!("{option},")), "{words:?}: {help}");
    }
}

#[test]
fn the_unit_names_what_is_packaged_and_what_the_program_takes() {
    let bench = Bench::offline();
    let (unit, manifest) = (
        packaged("packaging/tolmach.service"),
        packaged("Cargo.toml"),
    );
    let mut commands = said(&unit, "ExecStart=");
    commands.extend(said(&unit, "ExecReload="));
    assert!(!commands.is_empty());
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "/usr/bin/tolmach");
        takes(&bench, &words[1..]);
        assert_eq!(words[2..], ["-c", "/etc/tolmach/tolmach.toml"]);
    }
    for packaged in [
        "\"usr/bin/\"",
        "\"etc/tolmach/tolmach.toml\"",
        "\"/etc/tolmach/tolmach.toml\"",
    ] {
        assert!(manifest.contains(packaged), "{packaged}");
    }
    // Its user is the one that is made, and the state is where the configuration says.
    let user = said(&unit, "User=")[0];
    let sysusers = packaged("packaging/tolmach.sysusers");
    assert!(sysusers.starts_with(&format!("u {user} ")), "{sysusers}");
    let state = format!("/var/lib/{}", said(&unit, "StateDirectory=")[0]);
    let configuration = packaged("packaging/tolmach.toml");
    assert_eq!(said(&configuration, "data_dir = "), [format!("{state:?}")]);
    assert_eq!(said(&unit, "WorkingDirectory="), [state]);
}

#[test]
fn the_packaged_configuration_is_the_example_with_a_place_for_the_data() {
    let example = Bench::offline().run(&["config", "example"]).done();
    let line = "# data_dir = \"tolmach-data\"\n";
    assert!(example.contains(line));
    let expected = example.replace(line, "data_dir = \"/var/lib/tolmach\"\n");
    let packaged = packaged("packaging/tolmach.toml");
    assert!(
        packaged == expected,
        "write `tolmach config example` there, with data_dir"
    );
}

#[test]
fn the_container_has_the_ports_and_its_health_check_tells_whether_the_gateway_answers() {
    let file = packaged("packaging/Containerfile");
    let exposed: BTreeSet<&str> = said(&file, "EXPOSE ")[0].split(' ').collect();
    let configuration = Bench::offline().run(&["config", "example"]).done();
    let addresses = configuration
        .lines()
        .filter(|line| line.contains("address = \"[::]:"));
    let ports: BTreeSet<&str> = addresses
        .map(|line| {
            let port = line.rsplit(':').next().unwrap();
            port.trim_end_matches('"')
        })
        .collect();
    assert_eq!(exposed, ports);
    let rust = format!("rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(file.contains(&rust), "{rust}");
    let (_, check) = file.split_once("HEALTHCHECK ").unwrap();
    let check = check.lines().next().unwrap().split_once("CMD ").unwrap().1;
    let words: Vec<String> = serde_json::from_str(check).unwrap();
    assert_eq!(words[0], "/usr/bin/tolmach");
    let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let mut bench = Bench::running();
    bench.run(&words).done();
    // The gateway has ended in bad order, and something else holds its data.
    bench.gateway = None;
    let _lock = tolmach::daemon::lock::DataDirLock::acquire(&bench.data_dir()).unwrap();
    assert_eq!(run(&mut bench.command(&words), "").code, Some(1));
}
