//! Who may work in a `data_dir`, and when.

use std::os::unix::fs::PermissionsExt;

use tolmach::daemon::lock::DataDirLock;

use super::bench::{Bench, run};

#[test]
fn commands_at_once_wait_for_each_other() {
    let bench = Bench::stopped();
    let names: Vec<String> = (0..6).map(|number| format!("room-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| bench.run(&["room", "create", name]).done());
        }
    });
    assert_eq!(
        bench.json(&["room", "list", "--json"]).len(),
        names.len() + 1
    );
}

#[test]
fn a_lock_that_nobody_gives_back_is_named() {
    let bench = Bench::offline();
    let _lock = DataDirLock::acquire(&bench.data_dir()).unwrap();
    let refused = bench.run(&["user", "list"]).refused();
    let expected = format!(
        "is in use by another tolmach (process {})",
        std::process::id()
    );
    assert!(
        refused.contains(&expected) && refused.contains("data/control.sock"),
        "{refused}"
    );
}

#[test]
fn a_command_waits_for_who_holds_the_lock() {
    let bench = Bench::stopped();
    let lock = DataDirLock::acquire(&bench.data_dir()).unwrap();
    std::thread::scope(|scope| {
        let command = scope.spawn(|| bench.run(&["user", "list"]));
        drop(lock);
        assert_eq!(command.join().unwrap().done(), "");
    });
}

#[test]
fn a_database_of_a_gateway_with_another_data_dir_is_left_alone() {
    let mut bench = Bench::offline();
    let database = bench.path("elsewhere.db");
    let store = format!("[store]\nurl = \"sqlite:{}\"\n", database.display());
    bench.configure(&store);
    let mut gateway = bench.serve(&[]);
    bench.run(&["room", "create", "tea"]).done();
    let elsewhere = || {
        let mut command = bench.command(&["room", "create", "dev"]);
        command.env("TOLMACH_DATA_DIR", bench.path("other"));
        run(&mut command, "")
    };
    let refused = elsewhere().refused();
    for word in ["elsewhere.db", "another tolmach", "data_dir", "-c"] {
        assert!(refused.contains(word), "{refused}");
    }
    // Killed: the file of the lock stays, and nobody has it.
    gateway.signal("KILL");
    gateway.wait();
    assert!(bench.path("elsewhere.db-lock").exists());
    elsewhere().done();
    bench.gateway = Some(bench.serve(&[]));
    assert_eq!(bench.json(&["room", "list", "--json"]).len(), 3);
}

#[test]
fn what_is_only_in_memory_needs_a_gateway() {
    let mut bench = Bench::offline();
    bench.configure("[store]\nurl = \"memory:\"\n");
    let refused = bench.run(&["user", "list"]).refused();
    assert!(
        refused.contains("\"memory:\"") && refused.contains("no gateway runs"),
        "{refused}"
    );
    assert!(!bench.data_dir().exists());
    bench.gateway = Some(bench.serve(&[]));
    bench
        .run_with(&["user", "add", "anna"], "secret word")
        .done();
    assert_eq!(bench.json(&["user", "list", "--json"]).len(), 1);
}

#[test]
fn what_was_done_offline_the_gateway_knows_and_the_other_way_round() {
    let mut bench = Bench::stopped();
    bench.run(&["room", "create", "before"]).done();
    bench.gateway = Some(bench.serve(&[]));
    bench.run(&["room", "create", "meanwhile"]).done();
    // Killed: the socket stays, and nobody is behind it.
    bench.gateway = None;
    assert!(bench.data_dir().join("control.sock").exists());
    let rooms = bench.json(&["room", "list", "--json"]);
    let names: Vec<&str> = rooms
        .iter()
        .map(|room| room["room"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lobby", "before", "meanwhile"]);
    bench.gateway = Some(bench.serve(&[]));
    bench.run(&["user", "list"]).done();
}

#[test]
fn only_the_gateways_user_can_reach_its_data() {
    let bench = Bench::running();
    for (name, mode) in [("", 0o700), ("control.sock", 0o600), ("lock", 0o600)] {
        let found = std::fs::metadata(bench.data_dir().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777;
        assert_eq!(found, mode, "{name:?}");
    }
}
