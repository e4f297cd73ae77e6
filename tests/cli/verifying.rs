//! `tolmach store verify`, and what copies say of what is wrong with their places.

use std::fs;

use super::bench::Bench;
#[cfg(target_os = "linux")]
use super::bench::{Ran, run};
use super::copies::{elsewhere, guest_in_tea, say, with_anna};
use super::moving::{lines, lively};
use super::people::Client;

/// "Reads everything, and says what does not hold, naming room, user or file, one line each; exit 1."
#[test]
fn what_does_not_hold_is_named() {
    let (mut bench, tea) = lively();
    let whole = bench.run(&["store", "verify"]).done();
    assert!(
        whole.starts_with("all holds in ") && whole.contains("2 files"),
        "{whole}"
    );
    assert_eq!(bench.run(&["store", "verify", "--json"]).done(), "");
    let area = bench.data_dir().join("tolmach.files").join(tea.to_string());
    let mut files: Vec<_> = fs::read_dir(&area)
        .unwrap()
        .flatten()
        .map(|it| it.path())
        .collect();
    files.sort_by_key(|path| fs::metadata(path).unwrap().len());
    let mut content = fs::read(&files[1]).unwrap();
    content[50_000] ^= 1;
    fs::write(&files[1], content).unwrap();
    let ran = bench.run(&["store", "verify"]);
    let changed = format!("file\t{}\thas another content", files[1].display());
    assert!(
        ran.code == Some(1) && ran.out.starts_with(&changed),
        "{}",
        ran.out
    );
    fs::remove_file(&files[0]).unwrap();
    fs::write(&files[1], "short").unwrap();
    bench.gateway = None;
    let conn = rusqlite::Connection::open(bench.database()).unwrap();
    conn.execute_batch(
        "DELETE FROM messages WHERE text = '/me waves' OR text = 'waves'; \
        UPDATE messages SET sender = 4711 WHERE text = 'hello'; \
        DELETE FROM users WHERE login = 'Борис'",
    )
    .unwrap();
    drop(conn);
    let ran = bench.run(&["store", "verify"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    for (kind, name, what) in [
        ("file", files[0].display().to_string(), "is not there"),
        (
            "file",
            files[1].display().to_string(),
            "has 5 bytes, and its message says 100000",
        ),
        ("room", "tea".to_owned(), "no change has the place"),
        ("room", "tea".to_owned(), "user 4711, who is not there"),
        ("room", "tea".to_owned(), "is no user"),
    ] {
        let begins = format!("{kind}\t{name}\t");
        let found = ran
            .out
            .lines()
            .any(|line| line.starts_with(&begins) && line.contains(what));
        assert!(found, "{begins}{what}: {}", ran.out);
    }
    let json = bench.run(&["store", "verify", "--json"]);
    assert_eq!(json.code, Some(1));
    assert_eq!(lines(&json.out).len(), ran.out.lines().count());
    assert!(lines(&json.out)[0]["kind"].is_string());
}

/// A search index that does not say what the rows say is found out.
#[test]
fn an_index_that_misses_something_is_named() {
    let (mut bench, _) = with_anna();
    let mut guest: Client = guest_in_tea(&bench, "dora");
    for number in 0..2_100 {
        say(&mut guest, "dora", &format!("message {number}"));
    }
    let index = bench.data_dir().join("tolmach.db-search");
    let begun = std::time::Instant::now();
    let covered = || {
        let conn = rusqlite::Connection::open(&index).ok()?;
        let sql = "SELECT room, covered FROM rooms";
        conn.query_row(sql, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
        .ok()
    };
    let (room, _) = loop {
        match covered() {
            Some((room, upto)) if upto > 2_000 => break (room, upto),
            _ => assert!(begun.elapsed() < super::people::PATIENCE),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    bench.run(&["store", "verify"]).done();
    bench.gateway = None;
    let conn = rusqlite::Connection::open(&index).unwrap();
    conn.execute_batch(&format!("DELETE FROM room_{room} WHERE rowid < 1000"))
        .unwrap();
    drop(conn);
    let ran = bench.run(&["store", "verify"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.out.starts_with("search\ttea\tthe message at place "),
        "{}",
        ran.out
    );
}

/// Columns that stand for nothing are named, and an export with such a row is not taken in.
#[test]
fn what_no_gateway_could_read_is_named_and_not_taken_in() {
    let (mut bench, tea) = lively();
    bench.gateway = None;
    let before = bench.run(&["export"]).done();
    let conn = rusqlite::Connection::open(bench.database()).unwrap();
    conn.execute_batch(&format!(
        "UPDATE messages SET kind = 'song' WHERE text = 'hello'; \
        UPDATE messages SET file = json_set(file, '$.stored', '../../tls/key.pem') WHERE file ->> 'name' = 'cat.png'; \
        UPDATE messages SET file = '{{' WHERE file ->> 'name' = 'nothing'; \
        UPDATE rooms SET messages = 1 WHERE id = {tea}; UPDATE rooms SET kind = 'pink' WHERE name = 'den'; \
        UPDATE members SET role = 'emperor' WHERE room = {tea}; \
        UPDATE changes SET change = '[]' WHERE room = {tea} AND seq = 1; \
        UPDATE users SET kind = 'emperor' WHERE login = 'Борис'; UPDATE tokens SET kind = 'ring'; \
        UPDATE guest_bans SET network = 'home'; UPDATE bans SET ban = '[]'"
    ))
    .unwrap();
    drop(conn);
    let ran = bench.run(&["store", "verify"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    for (begins, what) in [
        ("room\ttea\tmessage ", "MessageKind: \"song\""),
        ("room\ttea\tmessage ", "EOF while parsing"),
        ("room\ttea\tmessage ", "no file can be stored as"),
        ("room\ttea\tit says that 1 messages were said", "number "),
        ("room\ttea\tits member ", "Role: \"emperor\""),
        ("room\ttea\tthe change at place 1 cannot be read", ""),
        ("room\ttea\tthe ban of the guest dora cannot be read", ""),
        ("room\tden\tits row cannot be read: ", "RoomKind: \"pink\""),
        ("user\tБорис\tits row ", "UserKind: \"emperor\""),
        ("user\tanna\ttoken ", "TokenKind: \"ring\""),
        ("ban\t", "it cannot be read"),
    ] {
        let mut lines = ran.out.lines();
        let found = lines.any(|line| line.starts_with(begins) && line.contains(what));
        assert!(found, "{begins}{what}: {}", ran.out);
    }
    let other = elsewhere();
    let after = bench.run(&["export"]);
    assert_eq!(after.code, Some(0), "{after:?}");
    let refused = other.run_with(&["import"], &after.out).refused();
    assert!(!other.data_dir().exists(), "{refused}");
    // The files fit the messages.
    let mut all: Vec<_> = before.lines().map(str::to_owned).collect();
    let file = |line: &str| line.starts_with("{\"file\"");
    for line in all.iter_mut().filter(|line| file(line)) {
        *line = line.replace(&format!("\"room\":{tea},"), "\"room\":4711,");
    }
    let refused = other
        .run_with(&["import"], &(all.join("\n") + "\n"))
        .refused();
    assert!(
        refused.contains("2 of its files belong to no message"),
        "{refused}"
    );
    assert!(!other.data_dir().exists(), "{refused}");
    all.retain(|line| !file(line));
    let end = all.pop().unwrap();
    all.push(end.replace("\"files\":2", "\"files\":0"));
    let said = other.run_with(&["import"], &(all.join("\n") + "\n")).done();
    assert!(
        said.contains("; 2 files that messages have are not in this export"),
        "{said}"
    );
}

/// Runs a command with a full disk at a place below the bench, which must be empty in the end. `None`: no disk can be made here.
#[cfg(target_os = "linux")]
fn where_full(bench: &Bench, place: &str, arguments: &[&str]) -> Option<Ran> {
    let mut unshared = std::process::Command::new("unshare");
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs {place} || exit 77; \"$@\"; code=$?; ls {place} | grep -v '^lock$'; exit $code"
    );
    fs::create_dir_all(bench.path(place)).unwrap();
    let program = bench.command(arguments);
    unshared
        .current_dir(bench.path(""))
        .args(["-m", "sh", "-c", &script, "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    for name in program.get_envs().map(|(name, _)| name) {
        unshared.env_remove(name);
    }
    let ran = run(&mut unshared, "");
    let is_made = ran.code != Some(77) && !ran.err.starts_with("unshare");
    is_made.then_some(ran)
}

/// Where a copy has no room, it says what place is full, and leaves nothing there.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_and_left_empty() {
    let (mut bench, _) = lively();
    bench.gateway = None;
    bench.run(&["backup", "copy.tar"]).done();
    for command in ["backup", "export"] {
        let Some(ran) = where_full(&bench, "small", &[command, "small/copy"]) else {
            eprintln!("left out: no disk can be made here");
            return;
        };
        let refused = ran.refused();
        assert!(refused.contains("small/copy.partial"), "{refused}");
        assert!(refused.contains("no storage space"), "{refused}");
    }
    let (other, archive) = (elsewhere(), bench.path("copy.tar"));
    let ran = where_full(&other, "data", &["restore", archive.to_str().unwrap()]);
    let refused = ran.unwrap().refused();
    let place = other.data_dir().display().to_string();
    assert!(
        refused.starts_with(&format!("tolmach: {place}: No space left")),
        "{refused}"
    );
}

/// What the schema says must hold of rows, each broken by hand.
#[test]
fn every_contradiction_of_rows_is_named() {
    let (mut bench, _) = lively();
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    gateway.wait();
    let whole = fs::read(bench.database()).unwrap();
    for (broken, name, what) in [
        (
            "UPDATE rooms SET seq = 3 WHERE name = 'tea'",
            "tea",
            "and it says 3",
        ),
        (
            "UPDATE rooms SET cleared = 999 WHERE name = 'tea'",
            "tea",
            "cleared up to 999",
        ),
        (
            "UPDATE rooms SET pruned = 999 WHERE name = 'tea'",
            "tea",
            "nothing up to 999 is kept",
        ),
        (
            "UPDATE rooms SET last_message = 1 WHERE name = 'tea'",
            "tea",
            "it says 1",
        ),
        (
            "UPDATE rooms SET kind = 'direct' WHERE name = 'tea'",
            "tea",
            "it is direct",
        ),
        (
            "UPDATE members SET since = 999 WHERE user = 1",
            "tea",
            "sees what came after 999",
        ),
        (
            "UPDATE users SET folded = NULL WHERE login = 'anna'",
            "tea",
            "is gone",
        ),
        (
            "UPDATE users SET folded = NULL WHERE login = 'anna'",
            "anna",
            "has token",
        ),
        (
            "UPDATE users SET spoke = 0 WHERE login = 'anna'",
            "anna",
            "said something",
        ),
        (
            "UPDATE messages SET file = NULL WHERE kind = 'file'",
            "tea",
            "is a file, and has none",
        ),
        (
            "UPDATE messages SET kind = 'text' WHERE kind = 'file'",
            "tea",
            "has a file, and is none",
        ),
        (
            "UPDATE messages SET created = 1 WHERE text = 'hello'",
            "tea",
            "bears no later time",
        ),
        (
            "INSERT INTO hidden SELECT 4711, room, id FROM messages LIMIT 1",
            "tea",
            "user 4711 hid",
        ),
        (
            "INSERT INTO hidden VALUES (1, 4711, 1)",
            "number 4711",
            "messages of it are hidden",
        ),
        (
            "INSERT INTO falls VALUES (4711, 1, 1)",
            "number 4711",
            "falls of its time",
        ),
        (
            "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'rooms'",
            "tea",
            "may be given again",
        ),
        (
            "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'users'",
            "anna",
            "may be given again",
        ),
        (
            "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'tokens'",
            "anna",
            "may be given again",
        ),
    ] {
        fs::write(bench.database(), &whole).unwrap();
        let conn = rusqlite::Connection::open(bench.database()).unwrap();
        conn.execute_batch(broken).unwrap();
        drop(conn);
        let ran = bench.run(&["store", "verify"]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{broken}");
        let is_meant = |line: &str| line.split('\t').nth(1) == Some(name) && line.contains(what);
        assert!(ran.out.lines().any(is_meant), "{broken}: {}", ran.out);
    }
}

/// Each says in words of its own what there is instead of a database, and what to do.
#[test]
fn what_is_no_database_is_told_with_the_way_back() {
    let bench = Bench::stopped();
    let whole = fs::read(bench.database()).unwrap();
    let verify = || bench.run(&["store", "verify"]);
    fs::write(bench.database(), &whole[..whole.len() / 2]).unwrap();
    let ran = verify();
    assert!(
        ran.code == Some(1) && ran.out.starts_with("database\t\t"),
        "{ran:?}"
    );
    assert!(
        ran.err.contains("bring back a backup (`tolmach restore`)")
            && !ran.err.contains("store verify"),
        "{}",
        ran.err
    );
    for (command, copied) in [("backup", "copy.tar"), ("export", "copy.jsonl")] {
        fs::write(bench.database(), "").unwrap();
        for ran in [verify(), bench.run(&[command, copied])] {
            let refused = ran.refused();
            assert!(
                refused.contains("the file is empty; remove it"),
                "{refused}"
            );
        }
        fs::remove_file(bench.database()).unwrap();
        fs::create_dir(bench.database()).unwrap();
        for ran in [verify(), bench.run(&[command, copied])] {
            let refused = ran.refused();
            assert!(refused.contains("this is a directory"), "{refused}");
        }
        fs::remove_dir(bench.database()).unwrap();
    }
}

/// What is on a file system that is mounted read-only can be looked at and copied.
#[test]
#[cfg(target_os = "linux")]
fn a_store_that_cannot_be_written_is_checked_and_copied() {
    let (mut bench, _) = lively();
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    gateway.wait();
    let read_only = |arguments: &[&str]| {
        let script = "mount --bind data data && mount -o remount,bind,ro data || exit 77; \"$@\"";
        let program = bench.command(arguments);
        let mut unshared = std::process::Command::new("unshare");
        unshared
            .current_dir(bench.path(""))
            .args(["-m", "sh", "-c", script, "sh"])
            .arg(program.get_program())
            .args(program.get_args());
        let ran = run(&mut unshared, "");
        (ran.code != Some(77) && !ran.err.starts_with("unshare")).then_some(ran)
    };
    let Some(verified) = read_only(&["store", "verify"]) else {
        eprintln!("left out: nothing can be mounted here");
        return;
    };
    assert!(verified.done().starts_with("all holds in "));
    read_only(&["backup", "copy.tar"]).unwrap().done();
    read_only(&["export", "copy.jsonl"]).unwrap().done();
    fs::write(bench.data_dir().join("tolmach.db-wal"), "a log").unwrap();
    let refused = read_only(&["store", "verify"]).unwrap().refused();
    assert!(refused.contains("mount it for writing"), "{refused}");
}
