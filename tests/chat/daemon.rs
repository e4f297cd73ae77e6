//! Against a real gateway.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use tempfile::TempDir;

use super::support::TOO_LONG;

/// A gateway in a directory of its own; killed when dropped.
pub(crate) struct Gateway {
    pub(crate) dir: TempDir,
    child: Child,
    ready: String,
}

/// The password of every account.
pub(crate) const PASSWORD: &str = "CorrectHorseBatteryStaple";

impl Gateway {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listeners: String = [
            ("jim", ""),
            ("talker", ""),
            ("purpose", "revision = 1\n"),
            ("purpose", "revision = 2\n"),
            ("uchat", ""),
        ]
        .iter()
        .map(|(dialect, more)| {
            format!("[[listener]]\ndialect = \"{dialect}\"\naddress = \"127.0.0.1:0\"\n{more}")
        })
        .collect();
        let config = format!("data_dir = {:?}\n{listeners}", dir.path().join("data"));
        std::fs::write(dir.path().join("tolmach.toml"), config).unwrap();
        let mut child = command(&dir, &["serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("ready"), "{ready:?}");
        let gateway = Self { dir, child, ready };
        for login in ["alice", "bob"] {
            gateway.run(&["user", "add", login], PASSWORD);
        }
        gateway
    }

    pub(crate) fn port(&self, listener: &str) -> String {
        let words = self.ready.split_whitespace();
        let mut listeners = words.filter_map(|word| word.split_once('='));
        let (_, address) = listeners.find(|(name, _)| *name == listener).unwrap();
        address.rsplit_once(':').unwrap().1.to_owned()
    }

    /// Runs a command to its end; what it printed.
    pub(crate) fn run(&self, words: &[&str], input: &str) -> String {
        let mut child = command(&self.dir, words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        stdin.unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn chat(&self, dialect: &str, listener: &str, options: &[&str]) -> Chat {
        let mut command = command(&self.dir, &["chat", dialect, "127.0.0.1"]);
        command.arg(self.port(listener)).args(options);
        if !options.contains(&"--token") {
            command.env("TOLMACH_PASSWORD", PASSWORD);
        }
        Chat::start(&mut command)
    }

    fn alice(&self, dialect: &str, listener: &str, options: &[&str]) -> Chat {
        let options = [&["--user", "alice"], options].concat();
        self.chat(dialect, listener, &options)
    }

    pub(crate) fn bob(&self) -> Chat {
        let mut bob = self.chat("purpose", "purpose.2", &["--user", "bob"]);
        bob.expect_err("#lobby: entered");
        bob
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

pub(crate) fn command(dir: &TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tolmach"));
    command.args(words).current_dir(dir.path());
    // Several of them run at once.
    command.env("TOLMACH_HTTP__ADDRESS", "");
    command.env_remove("TOLMACH_PASSWORD");
    command.env_remove("TOLMACH_ROOM_PASSWORD");
    command.env_remove("TOLMACH_TOKEN");
    if words.first() != Some(&"chat") {
        command.args(["-c", "tolmach.toml"]);
    }
    command
}

/// A running client, whose lines can be waited for.
pub(crate) struct Chat {
    child: Child,
    input: Option<ChildStdin>,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Chat {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Self {
            child,
            input,
            out,
            err,
        }
    }

    pub(crate) fn write(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of standard output.
    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str) {
        match self.out.recv_timeout(TOO_LONG) {
            Ok(found) => assert_eq!(found, line),
            Err(error) => panic!(
                "{error}: no {line}; {:?}",
                self.err.try_iter().collect::<Vec<_>>()
            ),
        }
    }

    /// A line of standard error that comes sooner or later.
    #[track_caller]
    fn expect_err(&mut self, part: &str) -> String {
        loop {
            match self.err.recv_timeout(TOO_LONG) {
                Ok(found) if found.contains(part) => return found,
                Ok(_) => {}
                Err(error) => panic!("{error}: no {part}"),
            }
        }
    }

    /// Ends the input and waits for the end; nothing more is printed.
    #[track_caller]
    pub(crate) fn end(mut self, code: i32) -> Vec<String> {
        self.input = None;
        let status = self.child.wait().unwrap();
        let err: Vec<_> = self.err.iter().collect();
        assert_eq!(status.code(), Some(code), "{err:?}");
        assert_eq!(self.out.iter().collect::<Vec<_>>(), [""; 0]);
        err
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn tokens(gateway: &Gateway) -> usize {
    gateway.run(&["token", "list", "alice"], "").lines().count()
}

#[test]
fn purpose_2_says_hears_and_leaves_nothing_behind() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    let mut alice = gateway.alice("purpose", "purpose.2", &[]);
    alice.expect_err("#lobby: entered");
    alice.write("hello");
    alice.write("/me waves");
    alice.write("/msg bob psst");
    bob.expect("#lobby <alice> hello");
    bob.expect("#lobby <alice> /me waves");
    bob.expect("<alice> psst");
    bob.write("/msg alice yes?");
    alice.expect("<bob> yes?");
    assert_eq!(tokens(&gateway), 1);
    alice.end(0);
    assert_eq!(tokens(&gateway), 0);
    bob.end(0);
}

#[test]
fn purpose_1_has_numbers_for_names() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    let mut alice = gateway.alice("purpose", "purpose.1", &["--revision", "1"]);
    alice.expect_err("#lobby: entered");
    bob.write("hi");
    let line = alice.out.recv_timeout(TOO_LONG).unwrap();
    assert!(
        line.starts_with("#lobby <user ") && line.ends_with("> hi"),
        "{line}"
    );
    alice.write("hello bob");
    bob.expect("#lobby <alice> hello bob");
    alice.write("/msg bob psst");
    alice.expect_err("not accepted: to bob: revision 1 has no request");
    alice.end(1);
    assert_eq!(tokens(&gateway), 0);
    let alone = gateway.alice(
        "purpose",
        "purpose.1",
        &["--revision", "1", "--room", "new"],
    );
    let err = alone.end(1);
    assert!(
        err.last()
            .unwrap()
            .contains("revision 1 cannot make a room"),
        "{err:?}"
    );
}

#[test]
fn purpose_takes_a_token_and_keeps_it() {
    let gateway = Gateway::start();
    let token = gateway.run(&["token", "create", "alice"], "");
    let list = gateway.run(&["token", "list", "alice"], "");
    let id = list.split('\t').next().unwrap();
    let proof = format!("{id}:{}", token.trim());
    for _ in 0..2 {
        let mut alice = gateway.chat(
            "purpose",
            "purpose.2",
            &["--token", &proof, "--room", "tea"],
        );
        alice.expect_err("logged in as alice");
        alice.expect_err("#tea: entered");
        alice.write("still there");
        alice.end(0);
    }
    assert_eq!(tokens(&gateway), 1);
}

#[test]
fn a_room_with_a_password_asks_for_it() {
    let gateway = Gateway::start();
    gateway.run(&["room", "create", "den"], "");
    gateway.run(&["room", "set", "den", "--password"], "open sesame");
    for (dialect, listener, revision) in
        [("purpose", "purpose.1", "1"), ("purpose", "purpose.2", "2")]
    {
        let options = ["--room", "den", "--revision", revision];
        let err = gateway.alice(dialect, listener, &options).end(1);
        assert!(
            err.last().unwrap().contains("TOLMACH_ROOM_PASSWORD"),
            "{err:?}"
        );
        let mut with = command(&gateway.dir, &["chat", dialect, "127.0.0.1"]);
        with.arg(gateway.port(listener)).args(options);
        with.args(["--user", revision_user(revision)]);
        with.env("TOLMACH_PASSWORD", PASSWORD);
        with.env("TOLMACH_ROOM_PASSWORD", "open sesame");
        let mut chat = Chat::start(&mut with);
        chat.expect_err("#den: entered");
        chat.end(0);
    }
}

/// Who was let in once is a member and is not asked again.
fn revision_user(revision: &str) -> &'static str {
    if revision == "1" { "bob" } else { "alice" }
}

#[test]
fn uchat_says_hears_and_leaves_nothing_behind() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    let mut alice = gateway.alice("uchat", "uchat", &[]);
    alice.expect_err("#lobby: entered");
    bob.write("hi");
    alice.expect("#lobby <bob> hi");
    alice.write("hello");
    alice.write("/me waves");
    bob.expect("#lobby <alice> hello");
    bob.expect("#lobby <alice> /me waves");
    bob.write("/msg alice psst");
    alice.expect("<bob> psst");
    alice.write("/msg bob yes?");
    bob.expect("<alice> yes?");
    assert_eq!(tokens(&gateway), 1);
    alice.end(0);
    assert_eq!(tokens(&gateway), 0);
}

#[test]
fn uchat_signs_up_once() {
    let gateway = Gateway::start();
    let refused = gateway.chat("uchat", "uchat", &["--user", "eve"]).end(1);
    assert!(refused.last().unwrap().contains("--signup"), "{refused:?}");
    for _ in 0..2 {
        let mut eve = gateway.chat("uchat", "uchat", &["--user", "eve", "--signup"]);
        eve.expect_err("logged in as eve");
        eve.expect_err("#lobby: entered");
        eve.end(0);
    }
}

#[test]
fn uchat_has_commands() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    let mut alice = gateway.alice("uchat", "uchat", &["--commands"]);
    alice.expect_err("#lobby: entered");
    alice.write("teh tea");
    bob.expect("#lobby <alice> teh tea");
    alice.write("/history 1");
    let line = alice.expect_err("<alice> teh tea");
    let shown = line.rsplit(" ⏎ ").next().unwrap();
    let id = shown.split(' ').next().unwrap();
    alice.write(&format!("/edit {id} the tea"));
    bob.expect("#lobby <alice> ✎ the tea");
    alice.expect("#lobby <alice> ✎ the tea");
    alice.write("/search THE");
    alice.expect_err("the tea");
    alice.write(&format!("/delete {id}"));
    bob.expect_err("a message of alice in #lobby was deleted");
    alice.write("/members");
    let members = alice.expect_err("members of #lobby: ");
    assert!(
        members.contains("alice") && members.contains("bob"),
        "{members}"
    );
    alice.write("/new tea");
    alice.expect_err("#tea: entered");
    alice.write("/rooms");
    alice.expect_err("#tea");
    alice.write("/dance");
    alice.expect_err("/dance is unknown");
    alice.write("/membres");
    alice.expect_err("did you mean /members?");
    alice.end(0);
}

#[test]
fn uchat_sends_files_both_ways() {
    let gateway = Gateway::start();
    let file = |name: &str| gateway.dir.path().join(name);
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(file("a.bin"), &content).unwrap();
    let mut alice = gateway.alice("uchat", "uchat", &["--commands"]);
    alice.expect_err("#lobby: entered");
    alice.write("/upload a.bin");
    alice.expect("#lobby <alice> [file] a.bin (3000000 bytes)");
    let hint = alice.expect_err("/download");
    let id = hint.split(' ').nth(1).unwrap();
    for _ in 0..2 {
        alice.write(&format!("/download {id} b.bin"));
        let told = alice.expect_err("b.bin: ");
        assert!(
            told.contains("3000000 bytes were fetched") || told.contains("exists"),
            "{told}"
        );
    }
    assert!(std::fs::read(file("b.bin")).unwrap() == content);
    alice.write("/download 999 c.bin");
    alice.expect_err("not accepted: c.bin: ");
    assert!(!file("c.bin").exists());
    alice.end(1);
}

/// The certificate that a gateway makes for itself is vouched for by nobody but its own file.
#[test]
fn through_tls_whom_to_trust_has_to_be_said() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    let trusted = ["--tls", "--ca", "data/tls/certificate.pem"];
    for (text, options) in [
        ("checked", &trusted[..]),
        ("unchecked", &["--tls", "--insecure"]),
    ] {
        let mut alice = gateway.alice("jim", "jim", options);
        alice.write(text);
        bob.expect(&format!("#lobby <alice> {text}"));
        alice.end(0);
    }
    let refused = |options: &[&str]| {
        let chat = gateway.alice("jim", "jim", options);
        chat.end(1).join("\n")
    };
    let by_the_system = refused(&["--tls"]);
    assert!(by_the_system.contains("--ca FILE"), "{by_the_system}");
    let other = tempfile::NamedTempFile::new().unwrap();
    let path = other.path().to_str().unwrap();
    let empty = refused(&["--tls", "--ca", path]);
    assert!(
        empty.contains(&format!("{path}: it holds no certificate")),
        "{empty}"
    );
    std::fs::write(
        path,
        std::fs::read(gateway.dir.path().join("data/tls/certificate.pem")).unwrap(),
    )
    .unwrap();
    let mut command = command(&gateway.dir, &["chat", "jim", "127.0.0.2"]);
    command.args([
        &gateway.port("jim"),
        "--user",
        "alice",
        "--tls",
        "--ca",
        path,
    ]);
    let nobody = Chat::start(&mut command).end(1).join("\n");
    assert!(nobody.contains("cannot reach 127.0.0.2"), "{nobody}");
}

/// "One wrong /join loses the session": the person is in the room before again, and what it says there arrives.
#[test]
fn a_talker_whose_join_is_refused_is_back_in_its_room() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    let token = gateway.run(&["token", "create", "alice"], "");
    let options = ["--token", token.trim(), "--commands"];
    let mut alice = gateway.chat("talker", "talker", &options);
    // What a platform writes in front of its texts is no part of one.
    alice.write("\u{feff}first");
    bob.expect("#lobby <alice> first");
    alice.write("/join a b");
    let told = alice.expect_err("not accepted: /join a b: ");
    assert!(told.ends_with("; back to #lobby"), "{told}");
    alice.write("second");
    bob.expect("#lobby <alice> second");
    alice.end(1);
}
