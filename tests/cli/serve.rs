//! `tolmach serve`.

use std::net::TcpListener;

use super::bench::{Bench, read};

#[test]
fn it_is_ready_once_and_ends_in_good_order() {
    for signal in ["TERM", "INT"] {
        let bench = Bench::offline();
        let mut gateway = bench.serve(&[]);
        let listeners = gateway
            .ready
            .split_whitespace()
            .skip(1)
            .map(|word| word.split_once('=').unwrap().0)
            .map(|name| name.strip_suffix(".2").unwrap_or(name));
        let all = tolmach::dialects::ALL.iter().map(|dialect| dialect.name());
        assert_eq!(listeners.collect::<Vec<_>>(), all.collect::<Vec<_>>());
        gateway.signal(signal);
        let (status, rest) = gateway.wait();
        assert_eq!(
            (status.code(), rest.as_str()),
            (Some(0), ""),
            "{}",
            read(&bench.path("log"))
        );
        assert!(!bench.data_dir().join("control.sock").exists());
    }
}

#[test]
fn a_second_one_is_refused() {
    let bench = Bench::running();
    let refused = bench.run(&["serve"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(
        refused.err.contains("is in use by another tolmach"),
        "{}",
        refused.err
    );
}

#[test]
fn an_address_that_is_taken_is_named() {
    let bench = Bench::offline();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = bench.run(&["serve", "-p", &port]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(
        refused.err.contains("jim") && refused.err.contains(&format!("127.0.0.1:{port}")),
        "{}",
        refused.err
    );
}

#[test]
fn the_command_line_moves_listeners() {
    let bench = Bench::offline();
    let gateway = bench.serve(&["-a", "127.0.0.2", "-p", "0"]);
    let addresses = gateway.ready.split_whitespace().skip(1);
    assert!(
        addresses
            .into_iter()
            .all(|word| word.contains("=127.0.0.2:")),
        "{}",
        gateway.ready
    );
}

#[test]
fn no_address_is_all_addresses() {
    let has_ipv6 = TcpListener::bind("[::1]:0").is_ok();
    let all = if has_ipv6 { "=[::]:" } else { "=0.0.0.0:" };
    for arguments in [["-a", ""], ["-a", "::"], ["-a", "[::]"]] {
        let bench = Bench::offline();
        let gateway = bench.serve(&arguments);
        assert!(
            gateway
                .ready
                .split_whitespace()
                .skip(1)
                .all(|word| word.contains(all)),
            "{}",
            gateway.ready
        );
    }
    let named = Bench::offline().run(&["serve", "-a", "localhost"]);
    assert_eq!(named.code, Some(2));
    assert!(named.err.contains("127.0.0.1"), "{}", named.err);
}

#[test]
fn logs_are_text_or_json_on_standard_error() {
    let bench = Bench::offline();
    bench.configure("[log]\nformat = \"json\"\nlevel = \"info\"\n[store]\nurl = \"memory:\"\n");
    let mut gateway = bench.serve(&[]);
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
    let log = read(&bench.path("log"));
    assert!(log.contains("memory"), "{log}");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn a_damaged_database_is_refused_with_the_way_back() {
    let bench = Bench::offline();
    let mut gateway = bench.serve(&[]);
    gateway.signal("TERM");
    gateway.wait();
    let path = bench.database();
    let mut bytes = std::fs::read(&path).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0x5a);
    std::fs::write(&path, &bytes).unwrap();
    let refused = bench.run(&["serve"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    for part in ["damaged", ".recover", &path.display().to_string()] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    assert!(
        std::fs::read(&path).unwrap() == bytes,
        "it is left as it was"
    );
}
