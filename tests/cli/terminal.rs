//! What is said and asked on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use nix::pty::{Winsize, openpty};

use super::bench::Bench;

/// A command whose standard input, output and error are a terminal.
struct Terminal {
    child: Child,
    screen: File,
}

impl Terminal {
    fn start(mut command: Command, width: u16) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: width,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None).unwrap();
        let end = || Stdio::from(pair.slave.try_clone().unwrap());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn();
        Self {
            child: child.unwrap(),
            screen: pair.master.into(),
        }
    }

    /// What is shown, up to this.
    fn until(&mut self, what: &str) -> String {
        let mut shown = Vec::new();
        while !String::from_utf8_lossy(&shown).contains(what) {
            let mut byte = [0];
            self.screen.read_exact(&mut byte).unwrap();
            shown.extend(byte);
        }
        String::from_utf8(shown).unwrap()
    }

    /// What is still shown, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        // When nobody has the other end open any more, reading fails.
        let _ = self.screen.read_to_end(&mut rest);
        let code = self.child.wait().unwrap().code();
        (String::from_utf8(rest).unwrap().replace("\r\n", "\n"), code)
    }
}

#[test]
fn what_cannot_be_undone_is_asked() {
    let bench = Bench::stopped();
    bench
        .run_with(&["user", "add", "anna"], "secret word")
        .done();
    bench.run(&["room", "create", "tea"]).done();
    for (arguments, question, gone) in [
        (
            ["room", "remove", "tea"],
            "remove the room tea and all that was said in it?",
            "removed the room tea",
        ),
        (
            ["user", "remove", "anna"],
            "remove the account anna",
            "removed the account anna",
        ),
    ] {
        for (answer, code, said) in [
            ("n", 1, "nothing was changed"),
            ("", 1, "nothing was changed"),
            ("y", 0, gone),
        ] {
            let mut terminal = Terminal::start(bench.command(&arguments), 80);
            let asked = terminal.until("[y/N] ");
            assert!(asked.contains(question), "{asked}");
            writeln!(terminal.screen, "{answer}").unwrap();
            let (rest, ended) = terminal.end();
            assert!(rest.contains(said), "{rest}");
            assert_eq!(ended, Some(code), "{rest}");
        }
    }
    // Who is not there is not asked about.
    let terminal = Terminal::start(bench.command(&["room", "remove", "tea"]), 80);
    let (said, code) = terminal.end();
    assert_eq!(code, Some(1));
    assert!(
        said.contains("no room called tea") && !said.contains("[y/N]"),
        "{said}"
    );
}

#[test]
fn a_list_fits_a_narrow_terminal() {
    let bench = Bench::stopped();
    let title = "A title of many words that no narrow terminal has room for";
    bench
        .run(&["room", "set", "lobby", "--title", title])
        .done();
    let (list, code) = Terminal::start(bench.command(&["room", "list"]), 79).end();
    assert_eq!(code, Some(0));
    assert!(list.lines().count() > 2, "{list}");
    assert!(
        list.lines().all(|line| line.chars().count() <= 79),
        "{list}"
    );
    assert!(!list.contains('\u{1b}'), "{list}");
    let piped = bench.run(&["room", "list"]).done();
    assert!(
        piped.contains(title) && piped.lines().count() == 1,
        "{piped}"
    );
}

#[test]
fn bytes_are_escaped_for_a_terminal() {
    let bench = Bench::offline();
    let said =
        "{\"action\":\"msg\",\"time\":1,\"from\":\"anna\",\"to\":\"#tea\",\"message\":\"hello\"}";
    std::fs::write(bench.path("recorded"), said).unwrap();
    let mut command = super::bench::tolmach();
    command.args(["transcode", "--from", "jim", "--to", "purpose"]);
    let terminal = {
        let size = None;
        let pair = openpty(size, None).unwrap();
        let recorded = File::open(bench.path("recorded")).unwrap();
        let child = command.stdin(recorded).stdout(pair.slave).spawn().unwrap();
        Terminal {
            child,
            screen: pair.master.into(),
        }
    };
    // The command holds the other end, too.
    drop(command);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("\\x00") && shown.contains("hello"),
        "{shown}"
    );
    assert!(
        shown.chars().all(|c| "\t\n".contains(c) || !c.is_control()),
        "{shown:?}"
    );
}
