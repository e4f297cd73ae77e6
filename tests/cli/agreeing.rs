//! What `check` finds wrong, `serve` refuses, and the other way round.

use std::fs;
use std::os::unix::fs::symlink;

use super::bench::Bench;

/// What both say of a configuration; nothing is there afterwards that was not before.
#[track_caller]
fn refused_by_both(bench: &Bench, what: &str) {
    for command in ["check", "serve"] {
        let ran = bench.run(&[command]);
        assert!(matches!(ran.code, Some(1 | 2)), "{command}: {}", ran.err);
        assert!(ran.err.contains(what), "{command}: {}", ran.err);
    }
}

/// A database at the place of another file of the gateway's would be replaced, or removed by the stop.
#[test]
fn the_database_is_none_of_the_gateways_other_files() {
    let bench = Bench::offline();
    for own in [
        "lock",
        "control.sock",
        "./control.sock",
        "tls",
        "tls/x",
        "audit.jsonl",
    ] {
        bench.configure(&format!("[store]\nurl = \"sqlite:{own}\"\n"));
        refused_by_both(&bench, "where the gateway has a file of its own");
        refused_by_both(&bench, "name another file, as \"sqlite:tolmach.db\"");
        assert!(!bench.data_dir().exists(), "{own}");
    }
    bench.configure("[store]\nurl = \"sqlite:locks.db\"\n");
    bench.run(&["check"]);
    bench.make_store();
}

#[test]
fn a_link_that_leads_nowhere_is_no_data_directory() {
    let bench = Bench::offline();
    symlink(bench.path("nowhere"), bench.data_dir()).unwrap();
    refused_by_both(&bench, &bench.data_dir().display().to_string());
}

/// Files that are given are read, though no listener encrypts: a reload may need them.
#[test]
#[cfg(feature = "tls")]
fn a_key_that_does_not_fit_is_refused_where_nobody_encrypts() {
    let bench = Bench::offline();
    for name in ["one", "other"] {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        fs::write(bench.path(&format!("{name}.pem")), made.cert.pem()).unwrap();
        fs::write(
            bench.path(&format!("{name}.key")),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
    }
    let with = |key: &str| {
        let text = format!(
            "data_dir = {:?}\n[tls]\ncertificate = {:?}\nkey = {:?}\n[[listener]]\ndialect = \"{}\"\naddress = \"127.0.0.1:0\"\ntls = \"off\"\n",
            bench.data_dir(),
            bench.path("one.pem"),
            bench.path(key),
            tolmach::dialects::ALL[0].name(),
        );
        fs::write(bench.path("tolmach.toml"), text).unwrap();
    };
    with("other.key");
    refused_by_both(&bench, "the key does not fit the certificate");
    with("one.key");
    bench.run(&["check"]);
    bench.make_store();
}
