//! What a fuzzer begins with, made of `fixtures/`.

use std::fs;
use std::path::{Path, PathBuf};

use tolmach_uchat::Secret;

use crate::archive;
use crate::session::{ANNAS_PASSWORD, ANNAS_TOKEN, STEP_END};
use crate::web_socket;

/// The longest seed in bytes: what is longer is found soon enough.
const LONGEST: u64 = 8192;

/// The folder of this crate.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All seeds: the target, the file's name, the input.
#[must_use]
pub fn all() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (folder, end, targets) in [
        ("jim/document", "json", &["jim_server", "jim_client"][..]),
        ("jim/field", "json", &["jim_server"]),
        ("jim/streams", "bin", &["jim_server", "jim_client"]),
        ("talker/client", "stream", &["talker_server"]),
        ("talker/server", "stream", &["talker_client"]),
        ("uchat/client", "stream", &["uchat_server"]),
        ("uchat/server", "stream", &["uchat_client"]),
    ] {
        for path in files(folder, end) {
            for target in targets {
                seeds.push((*target, file_name(&path), fs::read(&path).unwrap()));
            }
        }
    }
    seeds.extend(purpose_codec());
    for (target, flavors) in [
        (
            "jim_session",
            &[(0, "jim"), (1, "jim/field"), (0, "matrix/jim")][..],
        ),
        ("talker_session", &[(0, "talker"), (1, "matrix/talker")]),
        (
            "uchat_session",
            &[
                (0, "uchat/field"),
                (1, "uchat/document"),
                (0, "matrix/uchat"),
            ],
        ),
        (
            "purpose_session",
            &[
                (0, "purpose/r1"),
                (1, "purpose/r2"),
                (0, "matrix/purpose.1"),
                (1, "matrix/purpose.2"),
            ],
        ),
    ] {
        for (first, folder) in flavors.iter().copied() {
            for path in files(&format!("transcripts/{folder}"), "txt") {
                let name = format!("{}-{}", folder.replace('/', "-"), file_name(&path));
                seeds.push((
                    target,
                    name,
                    session(target, first, &fs::read_to_string(&path).unwrap()),
                ));
            }
        }
    }
    seeds.extend(control());
    seeds.extend(config());
    for (name, header) in [
        (
            "tcp4",
            &b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"[..],
        ),
        ("tcp6", b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n"),
        ("unknown", b"PROXY UNKNOWN whatever\r\n"),
        ("local", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"),
        (
            "binary",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb",
        ),
    ] {
        seeds.push(("proxy", name.to_owned(), header.to_vec()));
    }
    for (name, input) in web_socket::seeds() {
        seeds.push(("web_socket", name.to_owned(), input));
    }
    seeds.push(("archive", "each-part".to_owned(), archive::seed()));
    seeds
}

/// Of each kind of frame on the pages of fixtures: what clients say, what servers say.
fn purpose_codec() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for revision in ["r1", "r2"] {
        for path in files(&format!("purpose/{revision}"), "txt") {
            let text = fs::read_to_string(&path).unwrap();
            for (side, target) in [("client", "purpose_server"), ("server", "purpose_client")] {
                let parts = text.split("\n\n").filter(|part| part.starts_with(side));
                let bytes: Vec<u8> = parts
                    .flat_map(|part| part.lines().skip(1).flat_map(hex))
                    .collect();
                seeds.push((target, format!("{revision}-{}", file_name(&path)), bytes));
            }
        }
    }
    seeds
}

/// The bytes at the beginning of a line of a page: `04000000 30 01  what they are`.
fn hex(line: &str) -> Vec<u8> {
    let words = line
        .trim()
        .split(' ')
        .take_while(|word| word.len() % 2 == 0 && is_hex(word));
    let digits: String = words.collect();
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn is_hex(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What people on a transcript's connections say, as two connections would; in between the others act.
fn session(target: &str, first: u8, text: &str) -> Vec<u8> {
    let mut input = vec![first];
    let mut step = |what: u8, with: &[u8]| {
        input.push(what);
        input.extend_from_slice(with);
        input.push(STEP_END);
    };
    for frame in coming_in(target) {
        step(b'0', &frame);
    }
    if target == "jim_session" {
        step(
            b'1',
            br#"{"action":"presence","time":1,"user":{"account_name":"dora"}}"#,
        );
    }
    let mut others = [
        b's', b'e', b'B', b's', b'A', b'p', b'K', b's', b'U', b'R', b'd',
    ]
    .iter()
    .cycle();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((who, said)) = line.split_once(" > ") else {
            continue;
        };
        let mut frame = match target {
            "purpose_session" => hex(said),
            _ => said
                .replace("lobby", "tea")
                .replace("boris", "dora")
                .into_bytes(),
        };
        while let Some(more) = lines.next_if(|next| next.starts_with(' ')) {
            frame.extend(hex(more));
        }
        if target == "uchat_session" {
            frame.push(b'\n');
        }
        step(if who == "anna" { b'0' } else { b'1' }, &frame);
        step(*others.next().unwrap(), b"");
    }
    input
}

/// What anna says to come in and to enter the room.
fn coming_in(target: &str) -> Vec<Vec<u8>> {
    let text = match target {
        "jim_session" => vec![
            format!(
                r#"{{"action":"authenticate","time":1,"user":{{"account_name":"anna","password":"{ANNAS_PASSWORD}"}}}}"#
            ),
            r##"{"action":"join","time":1,"room":"#tea"}"##.to_owned(),
        ],
        "talker_session" => vec![format!(
            r#"{{"type":"connect","room":"tea","token":"{ANNAS_TOKEN}"}}"#
        )],
        "uchat_session" => vec![
            format!(
                "{{\"type\":0,\"login\":\"anna\",\"pass\":\"{}\",\"name\":\"\",\"desc\":\"\"}}\n",
                Secret::of_password(ANNAS_PASSWORD).0
            ),
            "{\"type\":14,\"room_id\":1}\n".to_owned(),
        ],
        _ => {
            let log_in = format!("anna\0{ANNAS_PASSWORD}\0");
            let length = u8::try_from(log_in.len()).unwrap();
            let head = |length, purpose| [length, 0, 0, 0, purpose, 1];
            return vec![
                [&head(2, 0x20)[..], &[0, 1]].concat(),
                [&head(length, 0x21)[..], log_in.as_bytes()].concat(),
                [&head(4, 0x27)[..], &[1, 0, 0, 0]].concat(),
                [&head(4, 0x30)[..], &[1, 0, 0, 0]].concat(),
            ];
        }
    };
    text.into_iter().map(String::into_bytes).collect()
}

/// A request of each kind.
fn control() -> Vec<(&'static str, String, Vec<u8>)> {
    let requests = [
        r#"{"version":2,"command":{"users":null}}"#,
        r#"{"version":2,"command":{"create_room":{"name":"tea","title":"","description":"","kind":"public","password":null}}}"#,
        r#"{"version":2,"command":{"tokens":{"user":{"login":"anna"}}}}"#,
        r#"{"version":2,"command":{"members":{"room":{"direct":["a","b"]}}}}"#,
        r#"{"version":2,"command":{"send":{"to":{"room":{"name":"tea"}},"kind":"text","text":"hi"}}}"#,
        r#"{"version":2,"command":{"set_role":{"room":{"id":1},"user":{"id":1},"role":"admin"}}}"#,
        r#"{"version":2,"listeners":true}"#,
        r#"{"version":2,"tap":{}}"#,
        r#"{"version":1,"command":"dance"}"#,
    ];
    let single = requests.iter().enumerate();
    let mut seeds: Vec<_> = single
        .map(|(number, request)| {
            (
                "control",
                format!("request-{number}"),
                format!("{request}\n").into_bytes(),
            )
        })
        .collect();
    seeds.push((
        "control",
        "all".to_owned(),
        requests.join("\n").into_bytes(),
    ));
    seeds
}

/// The reference's examples, and what holds when nothing is set.
fn config() -> Vec<(&'static str, String, Vec<u8>)> {
    let reference = fs::read_to_string(root().join("../docs/configuration.md")).unwrap();
    let blocks = reference
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut seeds: Vec<_> = blocks
        .enumerate()
        .map(|(number, block)| {
            (
                "config",
                format!("reference-{number}"),
                block.as_bytes().to_vec(),
            )
        })
        .collect();
    seeds.push((
        "config",
        "defaults".to_owned(),
        tolmach::config::Config::default().describe().into_bytes(),
    ));
    seeds
}

fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = root().join("../fixtures").join(folder);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|own| own == end))
        .collect();
    paths.retain(|path| fs::metadata(path).unwrap().len() <= LONGEST);
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}
