//! `tolmach session`.

use super::bench::{Bench, either_way};

either_way! {
    fn nobody_is_connected(bench) {
        assert_eq!(bench.run(&["session", "list"]).done(), "");
        assert_eq!(bench.json(&["session", "list", "--json"]).len(), 0);
        let unknown = bench.run(&["session", "close", "7"]).refused();
        assert!(unknown.contains("no session 7 is open; `tolmach session list`"), "{unknown}");
    }
}

#[cfg(feature = "jim")]
mod jim {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

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
        let sessions = bench.json(&["session", "list", "--json"]);
        assert_eq!(
            (&sessions[0]["user"], &sessions[0]["dialect"]),
            (&"guest".into(), &"jim".into())
        );

        assert_eq!(bench.run(&["session", "close", cells[0]]).done(), "");
        let mut rest = String::new();
        client.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("closed by the operator"), "{rest}");
    }
}
