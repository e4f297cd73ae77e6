//! "No secret and no message's text in it": at `trace`, over all dialects, in whatever form.

use sha2::{Digest, Sha256};

use super::bench::{Bench, read, run};
use super::people::{Client, Tapping, anna_by_jim, by_purpose, by_talker, frame};

fn hash(password: &str) -> String {
    let digest = Sha256::digest(password.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |three: &[u8]| {
        let number = three
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[number >> shift & 63]))
    };
    bytes.chunks_exact(3).flat_map(digits).collect()
}

/// All that would betray a secret.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let list = |form: fn(&u8) -> String, between: &str| {
        bytes.iter().map(form).collect::<Vec<_>>().join(between)
    };
    let mut forms = vec![
        secret.to_lowercase(),
        list(|byte| format!("{byte:02x}"), ""),
        list(|byte| format!("{byte:02x}"), " "),
        list(|byte| format!("0x{byte:02x}"), ", "),
        list(u8::to_string, ", "),
        list(u8::to_string, ","),
    ];
    // Wherever it begins within three bytes.
    forms.extend((0..3).map(|offset| base64(&bytes[offset..]).to_lowercase()));
    forms
}

/// What `chat` says in the lobby as anna, by her password or a token.
fn chats(bench: &Bench, dialect: &str, options: &[&str], lines: &str) {
    let listener = if dialect == "purpose" {
        "purpose.2"
    } else {
        dialect
    };
    let port = bench.gateway.as_ref().unwrap().port(listener).to_string();
    let chat = ["chat", dialect, "127.0.0.1", &port, "--room", "lobby"];
    let mut command = bench.command(&[&chat, options].concat());
    command.env("TOLMACH_PASSWORD", "second-word-of-anna");
    let ran = run(&mut command, lines);
    assert_eq!(ran.code, Some(0), "{dialect}: {}", ran.err);
}

#[test]
fn no_secret_and_no_text_is_logged() {
    let mut bench = Bench::offline();
    bench.configure("[log]\nlevel = \"trace\"\n");
    bench.make_store();
    bench
        .run_with(&["user", "add", "anna"], "first-word-of-anna")
        .done();
    bench.gateway = Some(bench.serve(&[]));
    let tap = Tapping::start(&bench, &["--json"]);
    let imported = "imported-token-of-anna";
    operators(&bench, imported);
    let made = bench.run(&["token", "create", "anna"]).done();
    let made = made.trim_end();
    everybody_chats(&bench, made);
    let by_hand = by_hand(&bench, made);
    tap.until(|entry| {
        entry
            .to_string()
            .contains("text-behind-which-nothing-comes")
    });
    tap.interrupt();
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    gateway.wait();
    let log = read(&bench.path("log"));
    // It is whole.
    assert!(log.contains("starting") && log.contains("stopped"), "{log}");
    let [first, second] = ["first-word-of-anna", "second-word-of-anna"];
    let hashes = [hash(first), hash(second)];
    let mut secrets = vec![first, second, imported, made, &hashes[0], &hashes[1]];
    secrets.extend(by_hand.iter().map(String::as_str));
    secrets.extend(["wrong-word", "word-of-gus", "word-of-tea", "text-"]);
    let lower = log.to_lowercase();
    for secret in secrets {
        // The first digits are enough to know a token again.
        for form in forms(&secret[..secret.len().min(32)]) {
            let at = lower.find(&form);
            let line = at.map(|at| lower[..at].lines().count());
            let line = line.and_then(|number| log.lines().nth(number.saturating_sub(1)));
            assert_eq!(line, None, "{secret} as {form}");
        }
    }
}

/// What operators say that is nobody's business.
fn operators(bench: &Bench, imported: &str) {
    let says = |arguments: &[&str], input: &str| bench.run_with(arguments, input).done();
    says(&["user", "password", "anna"], "second-word-of-anna");
    says(&["user", "add", "boris"], "second-word-of-anna");
    says(&["token", "create", "anna", "--value-stdin"], imported);
    says(&["room", "create", "tea"], "");
    let (title, description) = ("text-of-a-title", "text-of-a-description");
    says(
        &[
            "room",
            "set",
            "tea",
            "--title",
            title,
            "--description",
            description,
        ],
        "",
    );
    says(&["room", "set", "tea", "--password"], "word-of-tea");
    says(
        &["ban", "add", "192.0.2.1", "--reason", "text-of-a-ban"],
        "",
    );
}

/// A conversation in every dialect, with a private message and a file, in plain and through TLS.
fn everybody_chats(bench: &Bench, token: &str) {
    std::fs::write(bench.path("file.bin"), "text-in-a-file").unwrap();
    let user: &[&str] = &["--user", "anna"];
    let _boris = by_purpose(bench, "boris", "second-word-of-anna");
    chats(bench, "jim", user, "text-by-jim\n");
    chats(
        bench,
        "talker",
        &["--token", token],
        "text-by-talker\n/me text-by-talker\n",
    );
    chats(
        bench,
        "purpose",
        user,
        "text-by-purpose\n/msg boris text-for-boris\n",
    );
    chats(bench, "uchat", user, "text-by-uchat\n/upload file.bin\n");
    if cfg!(feature = "tls") {
        chats(
            bench,
            "jim",
            &["--user", "anna", "--tls", "--insecure"],
            "text-by-tls\n",
        );
    }
}

/// Frames that no client would write; the secrets that the gateway gave for some.
fn by_hand(bench: &Bench, token: &str) -> Vec<String> {
    let mut guest = Client::connect(bench, "jim");
    for text in [
        r##"{"action":"authenticate","time":1,"user":{"account_name":"anna","password":"wrong-word"}}"##,
        r##"{"action":"authenticate","user":{"account_name":"anna","password":["second-word-of-anna"]}}"##,
        r##"{"action":"authenticate","password":"second-word-of-anna" "broken"}"##,
        r##"{"action":"presence","time":1,"type":"status","user":{"account_name":"gus","status":"text-of-a-status"}}"##,
        r##"{"action":"msg","time":1,"to":"tolmach","from":"gus","message":"register word-of-gus"}"##,
    ] {
        guest.say(text);
        guest.hear();
    }
    guest.hear_of("is an account now");
    let mut talker = by_talker(bench, "lobby", token);
    talker.say("{\"type\":\"message\",\"content\":\"text-of-a-frame\",\"to\":\"nobody\",}\n");
    talker.say("{\"type\":\"connect\",\"token\":\"wrong-word\"}\n");
    talker.rest();
    let mut purpose = Client::connect(bench, "purpose.2");
    purpose.say(frame(0x20, 1, &[&[0, 1]]));
    purpose.frame();
    purpose.say(frame(0x21, 2, &[b"anna\0second-word-of-anna\0"]));
    let (accepted, body) = purpose.frame();
    assert_eq!(accepted, 0);
    let session = body[4..].split(|byte| *byte == 0).next().unwrap();
    let session = String::from_utf8(session.to_vec()).unwrap();
    // A room's password, a frame that none is known for, and one that breaks off.
    for (what, body) in [
        (0x30, &b"tea\0word-of-tea\0"[..]),
        (0x99, b"second-word-of-anna\0"),
    ] {
        purpose.say(frame(what, 3, &[body]));
        purpose.frame();
    }
    purpose.say(
        [255, 255, 255, 127]
            .iter()
            .chain(b"\x21\x03second-word-of-anna")
            .copied()
            .collect::<Vec<u8>>(),
    );
    purpose.rest();
    let mut uchat = Client::connect(bench, "uchat");
    let pass = hash("second-word-of-anna");
    uchat.say(format!(
        "{{\"type\":0,\"login\":\"anna\",\"pass\":\"{pass}\",\"name\":\"\",\"desc\":\"\"}}\n"
    ));
    let told: serde_json::Value = serde_json::from_str(&uchat.hear_of("token")).unwrap();
    uchat.say(format!(
        "{{\"type\":0,\"login\":\"anna\",\"pass\":\"{pass}\n"
    ));
    uchat.rest();
    let mut last = anna_by_jim(bench, "anna", "second-word-of-anna");
    last.ask(r##"{"action":"msg","time":1,"to":"#lobby","from":"anna","message":"text-behind-which-nothing-comes"}"##);
    vec![session, told["token"].as_str().unwrap().to_owned()]
}
