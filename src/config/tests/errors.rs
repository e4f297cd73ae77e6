//! What is wrong in a file is told with file, line, key and a mend.

use std::path::Path;

use super::error;
use crate::config::{Config, Origin};

/// Each case: lines of a file, and the message behind `tolmach.toml:`.
fn assert_errors(cases: &[(&str, &str)]) {
    for (file, message) in cases {
        assert_eq!(error(file), format!("tolmach.toml:{message}"), "{file}");
    }
}

#[test]
fn keys_that_do_not_exist() {
    assert_errors(&[
        (
            "\n[limits]\nburst = 1\nqueue_event = 5",
            "4: limits.queue_event: there is no such key; did you mean limits.queue_events?",
        ),
        (
            "[limit]\nburst = 5",
            "1: limit: there is no such key; did you mean limits?",
        ),
        (
            "nmae = 'x'",
            "1: nmae: there is no such key; did you mean name?",
        ),
        (
            "burst = 5",
            "1: burst: there is no such key; did you mean limits.burst?",
        ),
        (
            "[rooms]\nguests = true",
            "2: rooms.guests: there is no such key; did you mean accounts.guests?",
        ),
        (
            "[jim]\nidle_after = '5s'",
            "2: jim.idle_after: there is no such key; did you mean talker.idle_after?",
        ),
        (
            "[limits.more]\nx = 1",
            "1: limits.more: there is no such key; `tolmach config example` prints all that there are",
        ),
    ]);
}

#[test]
fn what_is_not_toml() {
    let message = error("name = 'x'\n[limits\n");
    assert!(
        message.starts_with("tolmach.toml:2: not TOML: "),
        "{message}"
    );
    let message = error("name = 'x'\nname = 'y'\n");
    assert!(
        message.starts_with("tolmach.toml:2: not TOML: duplicate key"),
        "{message}"
    );
    assert_errors(&[(
        "limits = 5",
        "1: limits: 5 is not a section; write [limits] and its keys below it",
    )]);
}

#[test]
fn numbers() {
    let limit = "write a whole number, or 0 for no limit";
    assert_errors(&[
        (
            "[limits]\nburst = -1",
            &format!("2: limits.burst: -1 is negative; {limit}"),
        ),
        (
            "[limits]\nburst = 1.5",
            &format!("2: limits.burst: 1.5 is not a whole number; {limit}"),
        ),
        (
            "[limits]\nburst = 4294967296",
            &format!("2: limits.burst: 4294967296 is too large; {limit}"),
        ),
        (
            "[limits]\nqueue_bytes = '4M'",
            &format!("2: limits.queue_bytes: \"4M\" is not a whole number; {limit}"),
        ),
        (
            "[limits]\nframe_bytes = 1023",
            "2: limits.frame_bytes: 1023 is too small; write at least 1024, or 0 for no limit",
        ),
        (
            "[talker]\nreplay = -1",
            "2: talker.replay: -1 is negative; write a whole number",
        ),
        (
            "[purpose]\nrevision = 3",
            "2: purpose.revision: 3 is not a revision; write 1 or 2",
        ),
        (
            "[jim]\nnotices = [101,\n 200]",
            "3: jim.notices: 200 is not a notice; write [101], [100, 101] or []",
        ),
        (
            "[jim]\nnotices = 101",
            "2: jim.notices: 101 is not a list; write [101], [100, 101] or []",
        ),
    ]);
}

#[test]
fn durations() {
    let right = "write a number and its unit, as \"30s\", \"500ms\", \"1m 30s\" or \"90d\"";
    assert_errors(&[
        (
            "[presence]\ngrace = 30",
            "2: presence.grace: 30 has no unit; write \"30s\" for seconds",
        ),
        (
            "[presence]\ngrace = '45'",
            "2: presence.grace: 45 has no unit; write \"45s\" for seconds",
        ),
        (
            "[presence]\ngrace = -5",
            "2: presence.grace: -5 has no unit; write \"30s\" for seconds",
        ),
        (
            "[presence]\ngrace = 'soon'",
            &format!("2: presence.grace: \"soon\" is not a duration; {right}"),
        ),
        (
            "[presence]\ngrace = ''",
            &format!("2: presence.grace: \"\" is not a duration; {right}"),
        ),
        (
            "[presence]\ngrace = true",
            &format!("2: presence.grace: true is not a duration; {right}"),
        ),
        (
            "[presence]\ngrace = '101y'",
            "2: presence.grace: \"101y\" is too long; write at most \"36500d\"",
        ),
        (
            "[accounts]\nsession_life = '0s'",
            "2: accounts.session_life: no session could ever be used; write more than \"0s\", as \"90d\"",
        ),
    ]);
}

#[test]
fn names() {
    let gateway = "write a name of 1 to 25 characters, as \"tolmach\"";
    let room = "write a room's name of 1 to 25 characters, as \"lobby\"";
    let long = "x".repeat(26);
    assert_errors(&[
        ("name = 5", "1: name: 5 is not text; write it in quotes"),
        (
            "name = ''",
            &format!("1: name: the name is empty; {gateway}"),
        ),
        (
            "name = 'a b'",
            &format!("1: name: \"a b\" has white space in it; {gateway}"),
        ),
        (
            "name = '#a'",
            &format!("1: name: \"#a\" begins with # or @; {gateway}"),
        ),
        (
            "name = 'a,b'",
            &format!("1: name: \"a,b\" has a comma in it; {gateway}"),
        ),
        (
            "name = '42'",
            &format!("1: name: \"42\" is a number; {gateway}"),
        ),
        (
            "name = 'Everyone'",
            &format!("1: name: \"Everyone\" means everyone; {gateway}"),
        ),
        (
            &format!("name = '{long}'"),
            &format!("1: name: \"{long}\" has 26 characters; {gateway}"),
        ),
        (
            "[rooms]\ncreate = [\n'a',\n'b#']",
            &format!("4: rooms.create: \"b#\" has a # in it; {room}"),
        ),
        (
            "[rooms]\ncreate = [\"a\\u0007\"]",
            &format!("2: rooms.create: \"a\\u{{7}}\" has a control character in it; {room}"),
        ),
        (
            "[rooms]\ncreate = ['Ёж', 'ёж']",
            "2: rooms.create: \"ёж\" is there twice; leave one out, case and form make no difference",
        ),
        (
            "[jim]\neveryone = '#lobby'",
            &format!("2: jim.everyone: \"#lobby\" has a # in it; {room}"),
        ),
    ]);
    let longest = "ё".repeat(25);
    assert_eq!(
        Config::from_toml(&format!("name = '{longest}'"))
            .unwrap()
            .name,
        longest
    );
}

#[test]
fn words_and_urls() {
    let files = "write \"file:///PATH\", \"s3://BUCKET/PREFIX\", or \"\" for a directory beside the database";
    let store = "write \"sqlite:PATH\", \"postgres://USER@HOST/DATABASE\" or \"memory:\"";
    assert_errors(&[
        (
            "[accounts]\nregistration = 'no'",
            "2: accounts.registration: \"no\" is unknown here; write \"open\" or \"closed\"",
        ),
        (
            "[accounts]\nguests = 1",
            "2: accounts.guests: 1 is neither true nor false; write true or false",
        ),
        (
            "[uchat]\nflavor = true",
            "2: uchat.flavor: true is unknown here; write \"field\" or \"document\"",
        ),
        (
            "[log]\nlevel = 'inf'",
            "2: log.level: \"inf\" is not a level; write one of off, error, warn, info, debug, trace, or as \"info,tolmach::hub=debug\"",
        ),
        (
            "[store]\nurl = 'postgres://:secret@h/d'",
            &format!("2: store.url: it names no user; {store}"),
        ),
        (
            "[store]\nurl = 'mysql://u:secret@h/d'",
            &format!("2: store.url: there is no store \"mysql\"; {store}"),
        ),
        (
            "[store]\nurl = 'sqlite:'",
            &format!("2: store.url: sqlite: needs a path; {store}"),
        ),
        (
            "[store]\nurl = 'sqlite://x.db'",
            &format!("2: store.url: a path does not begin with //; {store}"),
        ),
        (
            "[store]\nurl = 'tolmach.db'",
            &format!("2: store.url: this is not a store's URL; {store}"),
        ),
        (
            "[store]\nurl = 'memory:x'",
            &format!("2: store.url: memory: takes no path; {store}"),
        ),
        (
            "[store]\nurl = 'sqlite::memory:'",
            &format!("2: store.url: the store in memory has a name of its own; {store}"),
        ),
        (
            "[files]\nurl = 'srv'",
            &format!("2: files.url: this is not a URL of a place for files; {files}"),
        ),
        (
            "[files]\nurl = 'file:srv'",
            &format!("2: files.url: file: needs // and an absolute path behind it; {files}"),
        ),
        (
            "[files]\nurl = 'file://srv'",
            &format!(
                "2: files.url: file:// needs an absolute path behind it, of a directory below /; {files}"
            ),
        ),
        (
            "[files]\nurl = 'file:///'",
            &format!(
                "2: files.url: file:// needs an absolute path behind it, of a directory below /; {files}"
            ),
        ),
        (
            "[files]\nurl = 'ftp://u:secret@h'",
            &format!("2: files.url: there is no place for files of kind \"ftp\"; {files}"),
        ),
        (
            "[files]\nendpoint = 'http://h'",
            "2: files.endpoint: given, and files.url is no s3:// bucket; leave it out, or name a bucket",
        ),
        (
            "[store]\nurl = 'memory:'\n[files]\nurl = 'file:///srv'",
            "4: files.url: given, and store.url is \"memory:\", which keeps nothing; leave it out, or use a store that lasts",
        ),
        (
            "data_dir = ''",
            "1: data_dir: the path is empty; write a path",
        ),
    ]);
}

#[cfg(feature = "s3")]
#[test]
fn a_bucket_and_its_key() {
    let right = "write \"file:///PATH\", \"s3://BUCKET/PREFIX\", or \"\" for a directory beside the database";
    let name = "a bucket's name is 3 to 63 letters, digits, - and . (keys have keys of their own)";
    let prefix = "a prefix is letters, digits, -, _ and ., with / between";
    for (url, wrong) in [
        ("s3:tea", "s3: needs // and a bucket behind it"),
        ("s3://", name),
        ("s3://id:secret@tea", name),
        ("s3://tea/../x", prefix),
        ("s3://tea/a//b", prefix),
        ("s3://tea/a?secret", prefix),
    ] {
        let text = format!("[files]\nurl = '{url}'");
        assert_errors(&[(&text, &format!("2: files.url: {wrong}; {right}"))]);
    }
    let both = "give both, or neither for what the environment says";
    let endpoint =
        "write \"https://HOST\" or, where nobody else is on the network, \"http://HOST:PORT\"";
    assert_errors(&[
        (
            "[files]\nurl = 's3://tea'\naccess_key_id = 'i'",
            &format!("3: files.access_key_id: given without files.secret_access_key; {both}"),
        ),
        (
            "[files]\nurl = 's3://tea'\nsecret_access_key = 'hush'",
            &format!("3: files.secret_access_key: given without files.access_key_id; {both}"),
        ),
        (
            "[files]\nurl = 's3://tea'\nendpoint = 'minio:9000'",
            &format!("3: files.endpoint: this is no server's URL; {endpoint}"),
        ),
        (
            "[files]\nurl = 's3://tea'\nendpoint = 'http://u:secret@h'",
            &format!("3: files.endpoint: this is no server's URL; {endpoint}"),
        ),
        (
            "[files]\nurl = 's3://tea'\nregion = ''",
            "3: files.region: this is no word; write it without spaces, or leave it out",
        ),
        (
            "[store]\nurl = 'memory:'\n[files]\nurl = 's3://tea'",
            "4: files.url: given, and store.url is \"memory:\", which keeps nothing; leave it out, or use a store that lasts",
        ),
    ]);
    let text = "[files]\nurl = 's3://tea/a/b/'\naccess_key_id = 'i'\nsecret_access_key = 'hush'";
    let config = Config::from_toml(text).unwrap();
    assert!(!format!("{config:?}{}", config.describe()).contains("hush"));
    assert_eq!(config.files.bucket().unwrap().to_string(), "s3://tea/a/b");
}

#[cfg(not(feature = "nats"))]
#[test]
fn a_bus_that_this_build_has_not() {
    assert_errors(&[(
        "[bus]\nurl = 'nats://h'",
        "2: bus.url: this build has no NATS bus; write \"local:\"",
    )]);
}

#[cfg(feature = "nats")]
#[test]
fn a_bus_has_servers_and_a_store_that_nodes_share() {
    let right = "write \"local:\", or \"nats://HOST:PORT\", several with commas between";
    assert_errors(&[
        (
            "[bus]\nurl = 'nats://u:secret@a:4222,b:4222'",
            &format!("2: bus.url: each server begins with nats:// or tls://; {right}"),
        ),
        (
            "[bus]\nurl = 'nats://u:secret@'",
            &format!("2: bus.url: a server is a host and a port; {right}"),
        ),
        (
            "[bus]\nurl = 'nats://u:one@a,nats://u:two@b'",
            &format!("2: bus.url: all servers take the credentials of the first; {right}"),
        ),
        (
            "[bus]\nprefix = 'a..b'",
            "2: bus.prefix: \"a..b\" is not the beginning of a subject; write letters, digits, - and _, with dots between",
        ),
        (
            "[bus]\nurl = 'nats://u:secret@a:4222,nats://b:4222'",
            "2: bus.url: several nodes cannot share the store that store.url names; use a store.url that begins with postgres://; for one node, write \"local:\"",
        ),
    ]);
}

#[test]
fn threads_are_a_number_within_reason() {
    let right = "write a whole number from 1 to 1024, or \"auto\"";
    for wrong in ["0", "1025", "-1", "'many'"] {
        let shown = wrong.replace('\'', "\"");
        assert_errors(&[(
            &format!("[runtime]\nthreads = {wrong}"),
            &format!("2: runtime.threads: {shown} is no number of threads; {right}"),
        )]);
    }
}

#[test]
fn a_certificate_needs_its_key() {
    let right = "give both, or neither for a self-signed certificate";
    assert_errors(&[
        (
            "[tls]\ncertificate = 'c'",
            &format!("2: tls.certificate: given without tls.key; {right}"),
        ),
        (
            "[tls]\n\nkey = 'k'",
            &format!("3: tls.key: given without tls.certificate; {right}"),
        ),
    ]);
}

#[test]
fn certificates_that_clients_must_show_are_shown_at_every_listener() {
    let tls = "[tls]\nclient_ca = 'ca'\nclient = 'required'\n";
    let jim = |tls: &str| format!("[[listener]]\ndialect = 'jim'\ntls = '{tls}'\n");
    let wrong = "3: tls.client: \"required\", but the listener jim lets in who does not encrypt, without a certificate; \
                 write tls = \"required\" (or, for plain alone, \"off\") in each [[listener]]";
    assert_errors(&[(tls, wrong), (&format!("{tls}{}", jim("auto")), wrong)]);
    for mode in ["required", "off"] {
        Config::from_toml(&format!("{tls}{}", jim(mode))).unwrap();
    }
}

#[test]
fn a_file_that_cannot_be_read() {
    let error =
        Config::load::<String, String>(Some(Path::new("/nowhere/t.toml")), [], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/nowhere/t.toml: cannot be read: No such file or directory"
    );
    assert_eq!(error.key(), None);
}

#[test]
fn a_file_is_named_as_it_was_given() {
    let path = std::env::temp_dir().join(format!("tolmach-config-{}.toml", std::process::id()));
    std::fs::write(&path, "name = 'gate'\n\nbus = 1\n").unwrap();
    let error = Config::load::<String, String>(Some(&path), [], &[])
        .unwrap_err()
        .to_string();
    std::fs::write(&path, "name = 'gate'\n").unwrap();
    let config = Config::load::<String, String>(Some(&path), [], &[]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        error,
        format!(
            "{}:3: bus: 1 is not a section; write [bus] and its keys below it",
            path.display()
        )
    );
    assert_eq!(config.unwrap().name, "gate");
}

#[test]
fn text_without_a_file_is_told_by_its_line() {
    let error = Config::from_toml("\n\nname = 1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3: name: 1 is not text; write it in quotes"
    );
    assert_eq!(
        (error.origin(), error.key()),
        (&Origin::Text { line: 3 }, Some("name"))
    );
}

#[test]
fn all_that_is_wrong_is_said() {
    let file = "nmae = 'x'\n[limits]\nburst = 'many'\n[[listener]]\ndialect = 'jmi'\n[[listener]]\ndialect = 'jim'\nflavor = 1\ntls = 2\n[tls]\nkey = 'k'";
    let error = super::load(file, &[("TOLMACH_LOG__LEVL", "info")]).unwrap_err();
    let places: Vec<String> = error.all().map(|one| one.origin().to_string()).collect();
    let expected = [
        "tolmach.toml:1",
        "tolmach.toml:3",
        "TOLMACH_LOG__LEVL",
        "tolmach.toml:5",
        "tolmach.toml:8",
        "tolmach.toml:9",
        "tolmach.toml:11",
    ];
    assert_eq!(places, expected);
}

#[test]
fn http_is_listened_on_once_and_named_by_nobody_else() {
    assert_errors(&[
        (
            "[[listener]]\ndialect = 'jim'\naddress = '127.0.0.1:9'\n[http]\naddress = '127.0.0.1:9'",
            "5: http.address: 127.0.0.1:9 is the address of the listener jim too; give each its own port",
        ),
        (
            "[[listener]]\ndialect = 'jim'\nname = 'http'",
            "2: listener.name: only the listener of [http] is called http; give it another name",
        ),
        (
            "[http]\naddress = 7070",
            "2: http.address: \"7070\" has no IP address; write \"[::]:7070\" for all addresses, \"127.0.0.1:7070\" for this machine alone",
        ),
    ]);
}

#[test]
fn urls_and_origins_are_whole_ones() {
    let origin =
        "is not an origin; write a scheme, a host and perhaps a port, as \"https://chat.example\"";
    assert_errors(&[
        (
            "[http]\norigins = ['chat.example']",
            &format!("2: http.origins: \"chat.example\" {origin}"),
        ),
        (
            "[http]\norigins = ['https://chat.example/a']",
            &format!("2: http.origins: \"https://chat.example/a\" {origin}"),
        ),
        (
            "[http]\npublic_url = 'ftp://chat.example'",
            "2: http.public_url: \"ftp://chat.example\" is not a URL; write how others reach it, as \"https://chat.example\", or \"\"",
        ),
    ]);
}
