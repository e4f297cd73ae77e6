//! A database that cannot be written, or belongs to another user: what a start says of it, and what is left for the gateway of that user.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::bench::{Bench, Ran, Running, read, run};

/// `nobody` of most systems: some user that is not root.
const SOMEBODY: u32 = 65534;

/// The user that runs the gateway: not root, whom no mode of a file keeps out.
fn gateways_user(bench: &Bench) -> u32 {
    match fs::metadata(bench.path("")).unwrap().uid() {
        0 => SOMEBODY,
        user => user,
    }
}

/// A store that was made, and belongs with its directory to the gateway's user.
fn store() -> (Bench, u32) {
    let bench = Bench::stopped();
    let user = gateways_user(&bench);
    fs::set_permissions(bench.path(""), Permissions::from_mode(0o755)).unwrap();
    for place in everything(&bench.data_dir()) {
        chown(place, Some(user), Some(user)).unwrap();
    }
    (bench, user)
}

/// A directory and all that is in it.
fn everything(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut all = vec![directory.to_owned()];
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(everything(&path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}

/// The program as the gateway's user runs it.
fn command(bench: &Bench, user: u32, arguments: &[&str]) -> Command {
    let mut command = bench.command(arguments);
    if fs::metadata(bench.path("")).unwrap().uid() != user {
        command.uid(user).gid(user);
    }
    command
}

fn start(bench: &mut Bench, user: u32) {
    let log = File::create(bench.path("log")).unwrap();
    bench.gateway = Some(Running::start(&mut command(bench, user, &["serve"]), log));
}

/// A start came to nothing: why, which its last line says.
#[track_caller]
fn refused(ran: &Ran) -> &str {
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    let last = ran.err.lines().next_back().unwrap();
    assert!(last.starts_with("tolmach: "), "{}", ran.err);
    last
}

#[test]
fn what_operators_do_while_none_runs_is_kept_for_the_gateways_user_alone() {
    let (mut bench, user) = store();
    let kept = bench.data_dir().join("audit.jsonl");
    for (number, login) in ["anna", "boris"].into_iter().enumerate() {
        let password = "secret-of-somebody";
        bench.run_with(&["user", "add", login], password).done();
        let file = fs::metadata(&kept).unwrap();
        assert_eq!(
            (file.uid(), file.gid(), file.mode() & 0o7777),
            (user, fs::metadata(bench.data_dir()).unwrap().gid(), 0o600)
        );
        let lines = read(&kept);
        assert_eq!(lines.lines().count(), number + 1, "{lines}");
        assert!(!lines.contains(password), "{lines}");
    }
    start(&mut bench, user);
    let log = read(&bench.path("log"));
    for login in ["anna", "boris"] {
        let line = log.lines().find(|line| {
            line.contains("act=\"register\"") && line.contains(&format!("user=\"{login}\""))
        });
        assert!(line.is_some_and(|line| line.contains(" at=")), "{log}");
    }
    assert!(!kept.exists(), "it was not said once and for all");
}

#[test]
fn a_start_on_a_database_that_its_user_cannot_write_says_so_and_leaves_nothing() {
    let (mut bench, user) = store();
    let mode = |mode| {
        fs::set_permissions(bench.database(), Permissions::from_mode(mode)).unwrap();
    };
    mode(0o400);
    let before = everything(&bench.data_dir());
    let database = bench.database().display().to_string();
    let remedy = format!("`chmod u+w {database}`");
    let ran = run(&mut command(&bench, user, &["serve"]), "");
    let said = refused(&ran);
    for part in [&*database, "permission denied", &remedy] {
        assert!(said.contains(part), "{said}");
    }
    let checked = run(&mut command(&bench, user, &["check"]), "");
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    assert!(checked.err.contains(&remedy), "{}", checked.err);
    assert_eq!(everything(&bench.data_dir()), before);
    mode(0o600);
    start(&mut bench, user);
}

#[test]
#[cfg(target_os = "linux")]
fn a_start_on_a_file_system_that_is_mounted_read_only_says_so_and_the_next_one_works() {
    let (mut bench, user) = store();
    let script = "mount --bind data data && mount -o remount,bind,ro data || exit 77; \"$@\"";
    let program = bench.command(&["serve"]);
    let mut unshared = Command::new("unshare");
    unshared
        .current_dir(bench.path(""))
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    let before = everything(&bench.data_dir());
    let ran = run(&mut unshared, "");
    if ran.code == Some(77) || ran.err.starts_with("unshare") {
        eprintln!("left out: nothing can be mounted here");
        return;
    }
    let said = refused(&ran);
    let data_dir = bench.data_dir().display().to_string();
    for part in [
        &*data_dir,
        "mount it for writing, or name a place elsewhere",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(everything(&bench.data_dir()), before);
    start(&mut bench, user);
}
