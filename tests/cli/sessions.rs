//! `tolmach session`.

use super::bench::Bench;

#[test]
fn nobody_is_connected() {
    let bench = Bench::running();
    assert_eq!(bench.run(&["session", "list"]).done(), "");
    assert_eq!(bench.json(&["session", "list", "--json"]).len(), 0);
    let unknown = bench.run(&["session", "close", "7"]).refused();
    assert!(
        unknown.contains("no session 7 is open; `tolmach session list`"),
        "{unknown}"
    );
}

#[test]
fn without_a_gateway_nobody_can_be_connected() {
    for bench in [Bench::offline(), Bench::stopped()] {
        for command in [
            &["session", "list"][..],
            &["session", "list", "--json"],
            &["session", "close", "7"],
        ] {
            let refused = bench.run(command).refused();
            let place = bench.data_dir().display().to_string();
            assert!(
                refused.contains("no gateway runs on") && refused.contains(&place),
                "{refused}"
            );
        }
    }
}

mod jim {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;
    use crate::people::{Client, anna_by_jim, by_purpose};

    #[test]
    fn who_is_connected_is_listed_and_can_be_closed() {
        let bench = Bench::running();
        let mut client =
            TcpStream::connect(("127.0.0.1", bench.gateway.as_ref().unwrap().port("jim"))).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let presence = r#"{"action":"presence","time":1,"type":"status","user":{"account_name":"guest","status":"here"}}"#;
        client.write_all(presence.as_bytes()).unwrap();
        let mut answer = [0; 1];
        client.read_exact(&mut answer).unwrap();

        let list = bench.run(&["session", "list"]).done();
        let cells: Vec<&str> = list.trim_end().split('\t').collect();
        assert_eq!(cells[1..4], ["guest", "jim", "127.0.0.1"], "{list}");
        assert_eq!(cells[5..7], ["no", "jim"], "{list}");
        let sessions = bench.json(&["session", "list", "--json"]);
        assert_eq!(
            (&sessions[0]["user"], &sessions[0]["listener"]),
            (&"guest".into(), &"jim".into())
        );

        assert_eq!(
            bench.run(&["session", "close", cells[0]]).done(),
            format!("closed session {}\n", cells[0])
        );
        let mut rest = String::new();
        client.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("closed by the operator"), "{rest}");
    }

    #[test]
    fn all_sessions_of_somebody_are_closed() {
        let bench = Bench::running();
        bench
            .run_with(&["user", "add", "anna"], "secret word")
            .done();
        let mut by_jim = anna_by_jim(&bench, "anna", "secret word");
        let mut by_purpose = by_purpose(&bench, "anna", "secret word");
        let _other = Client::guest(&bench, "guest");
        let closed = bench.run(&["session", "close", "--user", "ANNA"]).done();
        assert_eq!(closed, "closed 2 sessions of anna\n");
        by_jim.hear_of("closed by the operator");
        by_purpose.rest();
        let none = bench.run(&["session", "close", "--user", "anna"]).refused();
        assert!(none.contains("anna has no session open"), "{none}");
        let nobody = bench.run(&["session", "close", "--user", "ana"]).refused();
        assert!(nobody.contains("did you mean anna?"), "{nobody}");
        assert_eq!(
            bench.json(&["session", "list", "--json"])[0]["user"],
            "guest"
        );
        for wrong in [
            &["session", "close"][..],
            &["session", "close", "7", "--user", "anna"],
        ] {
            assert_eq!(bench.run(wrong).code, Some(2));
        }
    }
}
