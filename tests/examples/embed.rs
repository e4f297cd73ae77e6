//! `examples/embed.rs`: a JIM client speaks, and the bot answers; the README shows the very file.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::program::Program;

/// Reads on until this was read, too.
fn hears(client: &mut TcpStream, what: &str) {
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains(what) {
        let mut piece = [0; 1024];
        let count = client.read(&mut piece).expect(what);
        let so_far = String::from_utf8_lossy(&heard);
        assert_ne!(count, 0, "it ended before {what}: {so_far}");
        heard.extend_from_slice(&piece[..count]);
    }
}

#[test]
fn the_bot_answers_who_speaks_over_a_socket() {
    let mut program = Program::start("embed", &["127.0.0.1:0"]);
    let ready = program.line();
    let address = ready.strip_prefix("ready jim=").expect(&ready);
    let mut client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    for request in [
        r##"{"action":"presence","time":1,"user":{"account_name":"boris"}}"##,
        r##"{"action":"join","time":1,"room":"#lobby"}"##,
        r##"{"action":"msg","time":1,"to":"#lobby","from":"boris","message":"Good evening"}"##,
    ] {
        client.write_all(request.as_bytes()).unwrap();
    }
    hears(&mut client, r#""message":"I hear you, boris""#);
}

#[test]
fn the_readme_shows_the_example_which_is_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = fs::read_to_string(root.join("examples/embed.rs")).unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Embed it\n").unwrap();
    let (_, shown) = section.split_once("```rust\n").unwrap();
    let (shown, _) = shown.split_once("```\n").unwrap();
    assert_eq!(shown, example);
    assert!(example.lines().count() <= 25);
}
