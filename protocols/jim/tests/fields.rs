//! Every row of the table of actions: what is taken, and how what is wrong is named.
//! The rules are those of PROTOCOL.md 3 and 4.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use feed::{client_frame, refusal};
use tolmach_jim::{ClientFrame, Encoding};

fn encoding(json: &str) -> Encoding {
    let object = format!(r#"{{"action":"msg","time":1,"to":"a","from":"b","message":"m"{json}}}"#);
    match client_frame(&object) {
        Ok(ClientFrame::Msg { encoding, .. }) => encoding,
        other => panic!("{object} was taken as {other:?}"),
    }
}

fn extra(json: &str) -> String {
    let object = format!(r#"{{"action":"msg","time":1,"to":"a","from":"b","message":"m"{json}}}"#);
    match client_frame(&object) {
        Ok(ClientFrame::Msg { extra, .. }) => extra.as_json().to_owned(),
        other => panic!("{object} was taken as {other:?}"),
    }
}

#[test]
fn action() {
    assert_eq!(
        refusal("{}"),
        "action is missing: it must be the name of an action"
    );
    assert_eq!(
        refusal(r#"{"action":7}"#),
        "action is a number: it must be the name of an action"
    );
    assert_eq!(
        refusal(r#"{"action":null,"time":1}"#),
        "action is null: it must be the name of an action"
    );
    let unknown =
        "action dance is unknown: it must be authenticate, presence, msg, join, leave or quit";
    assert_eq!(refusal(r#"{"action":"dance","time":1}"#), unknown);
    assert!(refusal(r#"{"action":"da\nce\u001b"}"#).starts_with("action da\u{fffd}ce\u{fffd} is"));
    assert!(refusal(r#"{"action":"MSG","time":1}"#).starts_with("action MSG is unknown"));
    assert!(refusal(r#"{"action":"exit","time":1}"#).starts_with("action exit is unknown"));
}

#[test]
fn an_escaped_action_is_the_action() {
    assert_eq!(
        client_frame(r#"{"\u0061ction":"qu\u0069t"}"#),
        Ok(ClientFrame::Quit)
    );
}

#[test]
fn time() {
    let join = |time: &str| format!(r##"{{"action":"join",{time}"room":"#a"}}"##);
    for time in [
        "0",
        "-1",
        "1.5",
        "1e999",
        "\"\"",
        "\"now\"",
        "99999999999999999999",
    ] {
        assert!(
            client_frame(&join(&format!("\"time\":{time},"))).is_ok(),
            "{time}"
        );
    }
    assert!(refusal(&join("")).starts_with("time is missing: it must be a number"));
    for (time, found) in [
        ("null", "null"),
        ("true", "a boolean"),
        ("[1]", "a list"),
        ("{}", "an object"),
    ] {
        let refusal = refusal(&join(&format!("\"time\":{time},")));
        assert!(
            refusal.starts_with(&format!("time is {found}: it must be")),
            "{refusal}"
        );
    }
}

#[test]
fn every_action_but_quit_needs_time() {
    for action in ["authenticate", "presence", "msg", "join", "leave", "probe"] {
        let refusal = refusal(&format!(r#"{{"action":"{action}"}}"#));
        assert!(
            refusal.starts_with("time is missing"),
            "{action}: {refusal}"
        );
    }
    assert_eq!(client_frame(r#"{"action":"quit"}"#), Ok(ClientFrame::Quit));
    assert_eq!(
        client_frame(r#"{"action":"quit","time":null}"#),
        Ok(ClientFrame::Quit)
    );
}

/// `{ACTION}` with these members is refused with a text that begins so.
fn assert_refused(action: &str, rows: &[(&str, &str)]) {
    for (members, begins) in rows {
        let object = format!(r#"{{"action":"{action}","time":1{members}}}"#);
        let refusal = refusal(&object);
        assert!(refusal.starts_with(begins), "{object}: {refusal}");
    }
}

#[test]
fn authenticate() {
    let rows = [
        ("", "user is missing: it must be"),
        (r#","user":"ann""#, "user is a text: it must be an object"),
        (r#","user":[]"#, "user is a list"),
        (r#","user":null"#, "user is null"),
        (r#","user":{}"#, "user.account_name is missing"),
        (
            r#","user":{"account_name":1,"password":"p"}"#,
            "user.account_name is a number",
        ),
        (
            r#","user":{"account_name":"a"}"#,
            "user.password is missing",
        ),
        (
            r#","user":{"account_name":"a","password":1}"#,
            "user.password is a number",
        ),
    ];
    assert_refused("authenticate", &rows);
}

#[test]
fn presence() {
    let presence = |account_name: Option<&str>, status: Option<&str>| {
        Ok(ClientFrame::Presence {
            account_name: account_name.map(Into::into),
            status: status.map(Into::into),
        })
    };
    let object = |members: &str| format!(r#"{{"action":"presence","time":1{members}}}"#);
    assert_eq!(client_frame(&object("")), presence(None, None));
    assert_eq!(client_frame(&object(r#","user":{}"#)), presence(None, None));
    assert_eq!(
        client_frame(&object(r#","user":{"account_name":"a"}"#)),
        presence(Some("a"), None)
    );
    assert_eq!(
        client_frame(&object(r#","user":{"status":""}"#)),
        presence(None, Some(""))
    );
    let typed = object(r#","type":"away","user":{"account_name":"a","status":"s"},"more":[{}]"#);
    assert_eq!(client_frame(&typed), presence(Some("a"), Some("s")));
    let rows = [
        (r#","type":1"#, "type is a number"),
        (r#","user":"ann""#, "user is a text"),
        (
            r#","user":{"account_name":null}"#,
            "user.account_name is null",
        ),
        (
            r#","user":{"account_name":"a","status":7}"#,
            "user.status is a number",
        ),
    ];
    assert_refused("presence", &rows);
}

#[test]
fn msg() {
    let rows = [
        ("", "to is missing"),
        (r#","to":1"#, "to is a number"),
        (r#","to":"a""#, "from is missing"),
        (r#","to":"a","from":{}"#, "from is an object"),
        (r#","to":"a","from":"b""#, "message is missing"),
        (
            r#","to":"a","from":"b","message":["m"]"#,
            "message is a list",
        ),
        (
            r#","to":"a","from":"b","message":"m","encoding":1"#,
            "encoding is a number",
        ),
        (
            r#","to":"a","from":"b","message":"m","encoding":"koi8-r\u0007, with love""#,
            "encoding koi8-r\u{fffd}, with l is unknown: it must be \"ascii\" or \"utf-8\"",
        ),
    ];
    assert_refused("msg", &rows);
}

#[test]
fn encodings() {
    assert_eq!(encoding(""), Encoding::Ascii);
    for name in ["ascii", "ASCII", "us-ascii", "US-ASCII"] {
        assert_eq!(
            encoding(&format!(r#","encoding":"{name}""#)),
            Encoding::Ascii
        );
    }
    for name in ["utf-8", "UTF-8", "utf8", "Utf8"] {
        assert_eq!(
            encoding(&format!(r#","encoding":"{name}""#)),
            Encoding::Utf8
        );
    }
}

#[test]
fn ascii_with_other_text_is_accepted() {
    let object =
        r#"{"action":"msg","time":1,"to":"a","from":"b","encoding":"ascii","message":"\u0436ж"}"#;
    assert!(
        matches!(client_frame(object), Ok(ClientFrame::Msg { message, .. }) if message == "жж")
    );
}

#[test]
fn unknown_fields_of_a_msg_are_kept() {
    assert_eq!(extra(""), "");
    assert_eq!(
        extra(r#", "mood" : { "a" : [ 1 , "x y" ] },"n":null"#),
        r#""mood":{"a":[1,"x y"]},"n":null"#
    );
    assert_eq!(
        extra(r#","response":200,"error":"x","user":{},"password":"p","sender":"root""#),
        ""
    );
}

#[test]
fn join_and_leave() {
    let joined = client_frame(r##"{"action":"join","time":1,"room":"#a","password":"p","x":1}"##);
    assert_eq!(
        joined,
        Ok(ClientFrame::Join {
            room: "#a".into(),
            password: Some("p".into())
        })
    );
    let rows = [
        (
            "",
            "room is missing: it must be the room's name with # in front",
        ),
        (r#","room":5"#, "room is a number"),
        (
            r#","room":"lobby""#,
            "room does not begin with #: it must be the room's name with # in front",
        ),
        (r#","room":"""#, "room does not begin with #"),
    ];
    assert_refused("join", &rows);
    assert_refused("leave", &rows);
    assert_refused(
        "join",
        &[(r##","room":"#a","password":1"##, "password is a number")],
    );
}

#[test]
fn probe() {
    assert_eq!(
        client_frame(r#"{"action":"probe","time":1}"#),
        Ok(ClientFrame::Probe)
    );
}

#[test]
fn of_equal_keys_the_last_holds() {
    assert_eq!(
        client_frame(r#"{"action":"msg","action":"quit"}"#),
        Ok(ClientFrame::Quit)
    );
    let left = client_frame(r##"{"room":1,"action":"leave","time":null,"time":1,"room":"#b"}"##);
    assert_eq!(left, Ok(ClientFrame::Leave { room: "#b".into() }));
}

#[test]
fn a_password_is_not_shown() {
    let object =
        r#"{"action":"authenticate","time":1,"user":{"account_name":"a","password":"secret"}}"#;
    assert!(!format!("{:?}", client_frame(object)).contains("secret"));
    let object = r##"{"action":"join","time":1,"room":"#a","password":"secret"}"##;
    assert!(!format!("{:?}", client_frame(object)).contains("secret"));
}
