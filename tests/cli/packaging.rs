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

/// The instructions of a Containerfile, those that go on in a further line whole, in order: name and arguments.
fn instructions(file: &str) -> Vec<(String, String)> {
    let whole = file.replace("\\\n", " ");
    let lines = whole.lines().filter(|line| !line.is_empty());
    let instructions = lines.filter(|line| !line.starts_with('#')).map(|line| {
        let (name, arguments) = line.split_once(' ').unwrap();
        (name.to_owned(), arguments.trim().to_owned())
    });
    instructions.collect()
}

/// The words of a COPY that are no options: what is copied, and where to.
fn copied(arguments: &str) -> (&str, &str) {
    let mut words = arguments.split(' ').filter(|word| !word.starts_with("--"));
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn the_container_is_built_of_what_is_there_and_runs_as_the_program_does() {
    let file = packaged("packaging/Containerfile");
    let all = instructions(&file);
    let of = |wanted: &str| -> Vec<&str> {
        let found = all.iter().filter(|(name, _)| name == wanted);
        found.map(|(_, arguments)| &**arguments).collect()
    };
    let [from, base] = of("FROM")[..] else {
        panic!("{file}");
    };
    let (_, stage) = from.split_once(" AS ").unwrap();
    // What the first stage builds is what the manifest and the lock file are for.
    let build = of("RUN").join(" ");
    for part in ["--locked", "--release", "--bin tolmach", "mkdir /data"] {
        assert!(build.contains(part), "{build}");
    }
    assert_eq!(of("WORKDIR"), ["/src"]);
    let (ours, others): (Vec<&str>, Vec<&str>) = of("COPY")
        .into_iter()
        .partition(|arguments| !arguments.starts_with("--from="));
    assert_eq!(ours, [". ."]);
    let ignored = packaged(".dockerignore");
    for needed in ["Cargo.toml", "Cargo.lock", "src", "protocols", "load"] {
        assert!(ignored.lines().all(|line| line != needed), "{needed}");
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        assert!(root.join(needed).exists(), "{needed}");
    }
    // A program that was built here, or data of a gateway that was tried here, has no place in an image.
    for line in packaged(".gitignore").lines() {
        let line = line.trim_start_matches('/');
        assert!(ignored.lines().any(|ignored| ignored == line), "{line}");
    }
    let mut places = BTreeSet::new();
    for arguments in others {
        assert!(
            arguments.starts_with(&format!("--from={stage} ")),
            "{arguments}"
        );
        let (source, place) = copied(arguments);
        assert!(
            ["/src/target/release/tolmach", "/data"].contains(&source),
            "{arguments}"
        );
        // Directories are the user's of the image, and nobody else's.
        let (_, user) = base.rsplit_once(':').unwrap();
        let own = format!("--chown={user}:{user} --chmod=0700 ");
        assert_eq!(source == "/data", arguments.contains(&own), "{arguments}");
        places.insert(place);
    }
    assert!(of("USER").is_empty(), "the base's is not root");
    let word = |arguments: &str| -> Vec<String> { serde_json::from_str(arguments).unwrap() };
    let program = word(of("ENTRYPOINT")[0]);
    assert!(
        program.len() == 1 && places.contains(&*program[0]),
        "{program:?}"
    );
    let bench = Bench::offline();
    let command = word(of("CMD")[0]);
    takes(
        &bench,
        &command.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    // Its data are on a volume, and in a directory that the user has.
    let (key, data_dir) = of("ENV")[0].split_once('=').unwrap();
    assert_eq!(of("VOLUME"), [data_dir]);
    assert!(places.contains(data_dir), "{places:?}");
    let shown = run(bench.command(&["config", "show"]).env(key, data_dir), "").done();
    let holds = format!("data_dir\t{data_dir:?}\t{key}");
    assert!(shown.lines().any(|line| line == holds), "{shown}");
    // Where volumes are in the example of several containers.
    let compose = packaged("packaging/compose.yaml");
    let volumes = compose
        .lines()
        .filter(|line| line.contains("node") && line.contains("volumes:"));
    for volume in volumes
        .flat_map(|line| line.split('"'))
        .filter(|word| word.contains(":/"))
    {
        let (_, place) = volume.split_once(':').unwrap();
        assert!(places.contains(place), "{volume}");
    }
    // The signal by which it is stopped.
    let signal = of("STOPSIGNAL")[0].strip_prefix("SIG").unwrap();
    let mut gateway = bench.serve(&[]);
    gateway.signal(signal);
    assert_eq!(gateway.wait().0.code(), Some(0));
}
