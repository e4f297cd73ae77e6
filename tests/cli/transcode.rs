//! `tolmach transcode`: what comes out beside the conversation itself, and what can go wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use bytes::BytesMut;
use serde_json::Value;
use tolmach_purpose::{Request, Revision};

use super::bench::{run, tolmach};

/// What a run came to; its output need not be text.
pub(crate) struct Transcoded {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

/// Transcodes this.
pub(crate) fn transcode(arguments: &[&str], input: &[u8]) -> Transcoded {
    let mut command = tolmach();
    let piped = command
        .arg("transcode")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end before it has read all.
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    Transcoded {
        code: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The objects of lines, without their times.
pub(crate) fn untimed(out: &[u8]) -> Vec<Value> {
    let mut all = Vec::new();
    for line in std::str::from_utf8(out).unwrap().lines() {
        let mut object: Value = serde_json::from_str(line).unwrap();
        for time in ["time", "date"] {
            object.as_object_mut().unwrap().remove(time);
        }
        all.push(object);
    }
    all
}

/// The texts that a JIM observer is told, with their speakers.
fn heard(arguments: &[&str], input: &str) -> (Vec<String>, String) {
    let ran = transcode(&[arguments, &["--to", "jim"]].concat(), input.as_bytes());
    let told = untimed(&ran.out).into_iter();
    let told = told.map(|told| {
        let field = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        format!("{} to {}: {}", field("from"), field("to"), field("message"))
    });
    (told.collect(), ran.err)
}

fn said(from: &str, to: &str, text: &str) -> String {
    let msg =
        serde_json::json!({"action": "msg", "time": 1, "from": from, "to": to, "message": text});
    format!("{msg}\n")
}

#[test]
fn everybody_speaks_in_their_own_name_in_the_one_room() {
    let input = said("anna", "#tea", "one") + &said("Борис", "#coffee", "two");
    let (told, err) = heard(&["--from", "jim", "--room", "den"], &input);
    assert_eq!(told, ["anna to #den: one", "Борис to #den: two"]);
    assert_eq!(err, "");
}

#[test]
fn jim_to_jim_keeps_unknown_fields() {
    let input = br##"{"action":"msg","time":1,"to":"#tea","from":"anna","message":"hi","mood":{"calm":1}}"##;
    let ran = transcode(&["--from", "jim", "--to", "jim"], input);
    assert_eq!(untimed(&ran.out)[0]["mood"], serde_json::json!({"calm": 1}));
}

#[test]
fn private_messages_are_told_to_nobody_else() {
    let input = said("anna", "boris", "psst")
        + &said("anna", "ear", "hello")
        + &said("anna", "#tea", "all");
    let told = ["anna to #lobby: all"];
    assert_eq!(
        heard(&["--from", "jim"], &input),
        (told.map(String::from).to_vec(), String::new())
    );
    let told = ["anna to ear: hello", "anna to #lobby: all"];
    let (heard, err) = heard(&["--from", "jim", "--observer", "ear"], &input);
    assert_eq!(
        (heard.as_slice(), err.as_str()),
        (&told.map(String::from)[..], "")
    );
    let talker = "{\"type\":\"message\",\"content\":\"psst\",\"to\":7}{\"type\":\"message\",\"content\":\"all\"}";
    let (heard, err) = super::transcode::heard(&["--from", "talker", "--as", "dora"], talker);
    assert_eq!(
        (heard, err),
        (vec!["dora to #lobby: all".to_owned()], String::new())
    );
}

#[test]
fn tokens_and_login_frames_name_people() {
    let token = "0f".repeat(32);
    let talker = format!(
        "{{\"type\":\"connect\",\"room\":1,\"token\":\"{token}anna\"}}{{\"type\":\"message\",\"content\":\"a\"}}\
         {{\"type\":\"close\"}}{{\"type\":\"connect\",\"room\":1,\"token\":\"x\"}}{{\"type\":\"message\",\"content\":\"b\"}}"
    );
    let (told, err) = heard(&["--from", "talker", "--as", "boris"], &talker);
    assert_eq!(told, ["anna to #lobby: a", "boris to #lobby: b"]);
    assert_eq!(err, "");
    let uchat = format!(
        "{{\"type\":2,\"token\":\"{token}anna\"}}\n{{\"type\":3,\"room_id\":1,\"message\":\"a\",\"msg_type\":0}}"
    );
    assert_eq!(heard(&["--from", "uchat"], &uchat).0, ["anna to #lobby: a"]);
}

#[test]
fn who_went_may_come_again() {
    let log_in = "{\"type\":0,\"login\":\"anna\",\"pass\":\"x\"}\n";
    let says = "{\"type\":3,\"room_id\":1,\"message\":\"hi\",\"msg_type\":0}\n";
    let log_out = "{\"type\":26,\"token\":\"x\"}\n";
    let (told, err) = heard(
        &["--from", "uchat"],
        &[log_in, says, log_out].concat().repeat(3),
    );
    assert_eq!(
        (told, err),
        (vec!["anna to #lobby: hi".to_owned(); 3], String::new())
    );
    let input = said("anna", "#a", "hi") + "{\"action\":\"quit\"}" + &said("boris", "anna", "psst");
    let ran = transcode(
        &["--from", "jim", "--to", "talker"],
        input.repeat(2).as_bytes(),
    );
    let told: Vec<_> = untimed(&ran.out)
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert_eq!(
        told,
        ["join", "message", "leave", "join", "message", "leave"]
    );
}

#[test]
fn a_refused_frame_is_a_warning_that_names_its_line() {
    let long = "x".repeat(801);
    let uchat = |text: &str| {
        format!("{{\"type\":3,\"room_id\":1,\"message\":\"{text}\",\"msg_type\":0}}\n")
    };
    let edit = "{\"type\":4,\"room_id\":1,\"msg_id\":7,\"msg\":\"new\"}\n";
    let input = format!("{}\n{}{edit}{}", uchat("one"), uchat(&long), uchat("two"));
    let (told, err) = heard(&["--from", "uchat"], &input);
    assert_eq!(told, ["someone to #lobby: one", "someone to #lobby: two"]);
    let warnings: Vec<_> = err.lines().collect();
    assert_eq!(warnings.len(), 2, "{err}");
    assert!(
        warnings[0].starts_with("tolmach: warning: line 3: ") && warnings[0].contains("800 bytes"),
        "{err}"
    );
    assert!(
        warnings[1].starts_with("tolmach: warning: line 4: message 7 "),
        "{err}"
    );
    let (told, err) = heard(
        &["--from", "jim"],
        &(said("all", "#tea", "x") + &said("anna", "#tea", "y")),
    );
    assert_eq!(told, ["anna to #lobby: y"]);
    // Its text has no lines.
    assert!(err.starts_with("tolmach: warning: byte 0: "), "{err}");
}

#[test]
fn a_malformed_frame_ends_it_after_all_output_before() {
    let one = said("someone", "#tea", "good").len();
    let dances = format!("byte {}: action dance is unknown", one + 1);
    let cut = format!("byte {one}: the stream ended inside an object");
    for (from, good, bad, says) in [
        (
            "jim",
            said("someone", "#tea", "good"),
            "\n{\"action\":\"dance\",\"time\":1}",
            dances.as_str(),
        ),
        (
            "jim",
            said("someone", "#tea", "good"),
            "{\"action\":",
            cut.as_str(),
        ),
        (
            "talker",
            "{\"type\":\"message\",\"content\":\"good\"}\r\n".into(),
            "{\"type\":\"message\"}",
            "line 2: message: `content` is missing",
        ),
        (
            "talker",
            "{\"type\":\"message\",\"content\":\"good\"}".into(),
            "{]",
            "line 1: Invalid JSON",
        ),
        (
            "uchat",
            "{\"type\":3,\"room_id\":1,\"message\":\"good\",\"msg_type\":0}\n".into(),
            "{\"type\":3}\n",
            "line 2: RQ_MSG: `room_id` is missing",
        ),
        (
            "uchat",
            "{\"type\":3,\"room_id\":1,\"message\":\"good\",\"msg_type\":0}\n".into(),
            "x",
            "line 2: the line is not a JSON object",
        ),
    ] {
        let (told, err) = heard(&["--from", from], &(good + bad));
        assert_eq!(told, ["someone to #lobby: good"], "{from}");
        assert!(
            err.starts_with(&format!("tolmach: {says}")) && err.lines().count() == 1,
            "{from}: {err}"
        );
    }
}

#[test]
fn a_malformed_binary_frame_is_named_by_its_offset() {
    let mut good = BytesMut::new();
    let text = "good".into();
    assert!(Request::Send { chat: 1, text }.write(Revision::Two, 1, &mut good));
    assert_eq!(good.len(), 15);
    for (bad, says) in [
        (
            &b"\x01\0\0\0\x40\x01\0"[..],
            "tolmach: byte 15: SEND_CHAT_MSG: chat_id: 1 of 4 bytes",
        ),
        (
            b"\0\0\0\0\xee\x01",
            "tolmach: byte 15: unknown purpose 0xEE",
        ),
        (
            b"\x01\0",
            "tolmach: byte 15: the stream ended inside a frame",
        ),
    ] {
        let ran = transcode(
            &["--from", "purpose", "--to", "talker"],
            &[&good, bad].concat(),
        );
        assert_eq!(ran.code, Some(1));
        assert_eq!(untimed(&ran.out).len(), 2);
        assert!(ran.err.starts_with(says), "{}", ran.err);
    }
    let mut refused = good.clone();
    assert!(Request::DeleteMessage { message: 3 }.write(Revision::Two, 1, &mut refused));
    let ran = transcode(
        &["--from", "purpose", "--to", "talker", "--revision", "2"],
        &refused,
    );
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.err.starts_with("tolmach: warning: byte 15: message 3 "),
        "{}",
        ran.err
    );
}

#[test]
fn files_pass() {
    let input = b"{\"type\":24,\"name\":\"a/notes.txt\",\"size\":5,\"room_id\":1,\"token\":\"x\"}\nhello{\"type\":5,\"room_id\":1,\"msg_id\":1}\n";
    let ran = transcode(&["--from", "uchat", "--to", "uchat"], input);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let told = untimed(&ran.out);
    assert_eq!(
        (&told[1]["file_name"], &told[1]["file_size"]),
        (&"notes.txt".into(), &5.into()),
        "{told:?}"
    );
    assert_eq!(
        (&told[2]["type"], &told[2]["msg_id"]),
        (&5.into(), &1.into())
    );
    let ran = transcode(
        &["--from", "uchat", "--to", "uchat"],
        &input[..input.len() - 36],
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("bytes of the file are missing"),
        "{}",
        ran.err
    );
}

#[test]
fn more_flows_than_may_be_unanswered() {
    let input: String = (0..500)
        .map(|n| said("anna", "#tea", &n.to_string()))
        .collect();
    let ran = transcode(&["--from", "jim", "--to", "purpose"], input.as_bytes());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let mut rest = &ran.out[..];
    let mut frames = 0;
    while let Some(length) = tolmach_purpose::frame_length(rest) {
        rest = &rest[length..];
        frames += 1;
    }
    assert_eq!((frames, rest.len()), (500, 0));
}

#[test]
fn output_comes_as_the_input_does() {
    let mut command = tolmach();
    command.args(["transcode", "--from", "jim", "--to", "jim"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for text in ["one", "two"] {
        stdin
            .write_all(said("anna", "#tea", text).as_bytes())
            .unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains(text), "{line}");
    }
    drop(stdin);
    assert_eq!(stdout.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = tolmach();
    command
        .args(["transcode", "--from", "jim", "--to", "jim"])
        .stdout(writer);
    let piped = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Its input stays open: that the output is closed is enough.
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(said("anna", "#tea", "hello").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..])
    );
}

#[test]
fn a_wrong_command_line_is_answered_with_the_usage() {
    for wrong in [
        &["--from", "jim"][..],
        &["--from", "jim", "--to", "irc"],
        &["--from", "jim", "--to", "purpose.3"],
        &["--from", "jim", "--to", "talker", "--revision", "1"],
        &["--from", "purpose", "--to", "talker", "--revision", "3"],
        &["--from", "jim", "--to", "talker", "--as", "all"],
        &["--from", "jim", "--to", "talker", "--room", "two words"],
    ] {
        let ran = run(tolmach().arg("transcode").args(wrong), "");
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(ran.err.contains("Usage: tolmach transcode"), "{}", ran.err);
    }
    let help = run(tolmach().args(["transcode", "--help"]), "").done();
    for word in [
        "--from",
        "--to",
        "--revision",
        "--as",
        "--room",
        "--observer",
        "Private messages",
        "n-th message",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
