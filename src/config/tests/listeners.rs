//! Listeners: what one says, what they are together, and what the command line does to them.

use super::{error, load, load_on, only};
use crate::config::{Config, TlsMode};
use crate::dialects::Settings;
use crate::dialects::purpose::Purpose;

const DIALECTS: [&str; 4] = ["jim", "talker", "purpose", "uchat"];

fn shown(config: &Config) -> Vec<String> {
    config
        .listeners
        .iter()
        .map(|one| format!("{}={}", one.name, one.address))
        .collect()
}

fn on(known: &[&str], has_ipv6: fn() -> bool, file: &str) -> Config {
    load_on(&only(known), has_ipv6, file, &[]).unwrap()
}

#[test]
fn the_default_set() {
    let all = [
        "jim=[::]:7777",
        "talker=[::]:8500",
        "purpose.1=[::]:9600",
        "purpose.2=[::]:9601",
        "uchat=[::]:3333",
    ];
    assert_eq!(shown(&Config::default()), all);
    assert_eq!(
        shown(&on(&["jim", "uchat"], || true, "")),
        ["jim=[::]:7777", "uchat=[::]:3333"]
    );
    assert_eq!(shown(&on(&[], || true, "")), [""; 0]);
    // It has both revisions, whatever the section says.
    assert_eq!(shown(&load("[purpose]\nrevision = 1", &[]).unwrap()), all);
}

#[test]
fn without_ipv6_all_addresses_are_those_of_ipv4() {
    let file = "[[listener]]\ndialect='jim'\n[[listener]]\ndialect='talker'\naddress='[::1]:1'";
    assert_eq!(
        shown(&on(&DIALECTS, || false, file)),
        ["jim=0.0.0.0:7777", "talker=[::1]:1"]
    );
    let v4 = "[[listener]]\ndialect='jim'\naddress='0.0.0.0:1'";
    assert_eq!(
        shown(&on(&DIALECTS, || panic!("nobody asked"), v4)),
        ["jim=0.0.0.0:1"]
    );
}

#[test]
fn any_listener_given_replaces_the_set() {
    assert_eq!(
        shown(&load("[[listener]]\ndialect = 'talker'", &[]).unwrap()),
        ["talker=[::]:8500"]
    );
    assert_eq!(shown(&load("listener = []", &[]).unwrap()), [""; 0]);
}

#[test]
fn names_are_unique() {
    let one = |fields: &str| format!("[[listener]]\naddress = '[::]:0'\n{fields}\n");
    let file = [
        one("dialect = 'jim'"),
        one("dialect = 'jim'"),
        one("dialect = 'jim'\nname = 'jim-2'"),
        one("dialect = 'jim'\nname = 'inside'"),
        one("dialect = 'jim'"),
        one("dialect = 'purpose'"),
        one("dialect = 'purpose'\nrevision = 1"),
        one("dialect = 'purpose'\nrevision = 1"),
    ];
    let config = load(&file.concat(), &[]).unwrap();
    let names: Vec<_> = config
        .listeners
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "jim",
            "jim-2",
            "jim-2-2",
            "inside",
            "jim-3",
            "purpose.2",
            "purpose.1",
            "purpose.1-2"
        ]
    );
}

#[test]
fn the_section_is_what_listeners_begin_with() {
    // Also where it stands behind them.
    let file = "[[listener]]\ndialect='purpose'\ntls='required'\n[[listener]]\ndialect='purpose'\nrevision=2\n[purpose]\nrevision=1\nprobe_after='5s'";
    let config = load(file, &[]).unwrap();
    assert_eq!(
        shown(&config),
        ["purpose.1=[::]:9600", "purpose.2=[::]:9601"]
    );
    assert_eq!(config.listeners[0].tls, TlsMode::Required);
    let each = |settings: &Settings| {
        let purpose = settings.as_of::<Purpose>();
        purpose.is_some_and(|one| one.probe_after.as_secs() == 5)
    };
    assert!(
        config
            .listeners
            .iter()
            .all(|listener| each(&listener.settings))
    );
}

#[test]
fn what_is_wrong_with_one() {
    let built = "this build has jim, talker, purpose, uchat";
    let cases = [
        ("dialect = 'irc'", format!("2: listener.dialect: there is no dialect \"irc\" here; {built}")),
        ("tls = 'off'", format!("1: listener.dialect: not given; {built}")),
        (
            "dialect = 'jim'\nidle_after = '5s'",
            "3: listener.idle_after: this is a key of talker, and the listener's dialect is jim; \
             a jim listener takes name, dialect, address, tls, proxy, flavor, probe_after, notices, everyone, pace"
                .into(),
        ),
        ("dialect = 'jim'\nadress = 'x'", "3: listener.adress: there is no such key; did you mean address?".into()),
        (
            "dialect = 'jim'\nflavor = 'talkerapp'",
            "3: listener.flavor: \"talkerapp\" is unknown here; write \"document\" or \"field\"".into(),
        ),
        (
            "dialect = 'jim'\ntls = 'on'",
            "3: listener.tls: \"on\" is unknown here; write \"auto\" or \"required\" or \"off\"".into(),
        ),
        (
            "dialect = 'jim'\nproxy = ['10.0.0.0/8', '10.0.0.0/33']",
            "3: listener.proxy: \"10.0.0.0/33\" is not a network; write an address and its length, as \"10.0.0.0/8\"".into(),
        ),
        (
            "dialect = 'jim'\nproxy = '10.0.0.0/8'",
            "3: listener.proxy: \"10.0.0.0/8\" is not a list; write [\"10.0.0.0/8\"]".into(),
        ),
        (
            "dialect = 'jim'\nname = 'a=b'",
            "3: listener.name: \"a=b\" has a = in it; write a name of 1 to 25 characters, as \"jim.inside\"".into(),
        ),
    ];
    for (fields, message) in cases {
        assert_eq!(
            error(&format!("[[listener]]\n{fields}")),
            format!("tolmach.toml:{message}")
        );
    }
    assert_eq!(
        error("[listener]\ndialect = 'jim'"),
        "tolmach.toml:1: listener: a table is not a listener; write [[listener]] and its keys below it"
    );
    assert_eq!(
        error("listener = [\n5]"),
        "tolmach.toml:2: listener: 5 is not a listener; write [[listener]] and its keys below it"
    );
}

#[test]
fn a_dialect_that_this_build_lacks() {
    let file = "[[listener]]\ndialect = 'talker'";
    let jim = only(&["jim"]);
    let message = load_on(&jim, || true, file, &[]).unwrap_err().to_string();
    assert_eq!(
        message,
        "tolmach.toml:2: listener.dialect: there is no dialect \"talker\" here; this build has jim"
    );
    let message = load_on(&[], || true, file, &[]).unwrap_err().to_string();
    assert!(
        message.ends_with("here; this build has no dialect"),
        "{message}"
    );
    // Its section is no mistake: the file may serve several builds.
    load_on(&[], || true, "[talker]\nreplay = 5", &[]).unwrap();
    load_on(&jim, || true, "", &[("TOLMACH_TALKER__REPLAY", "5")]).unwrap();
}

#[test]
fn addresses() {
    let both = |port| {
        format!(
            "write \"[::]:{port}\" for all addresses, \"127.0.0.1:{port}\" for this machine alone"
        )
    };
    let cases = [
        ("'7777'", format!("\"7777\" has no IP address; {}", both(7777))),
        ("7777", format!("\"7777\" has no IP address; {}", both(7777))),
        ("':80'", format!("\":80\" has no IP address; {}", both(80))),
        ("'*:80'", format!("\"*:80\" has no IP address; {}", both(80))),
        ("'localhost:80'", format!("\"localhost\" is not an IP address; {}", both(80))),
        ("'10.0.0.1'", "\"10.0.0.1\" has no port; write \"10.0.0.1:7777\", or port 0 to let the system choose one".into()),
        ("'::1'", "\"::1\" has no port; write \"[::1]:7777\", or port 0 to let the system choose one".into()),
        ("'[::1]'", "\"[::1]\" has no port; write \"[::1]:7777\", or port 0 to let the system choose one".into()),
        ("'[::]:70000'", "\"[::]:70000\" is not an address; write an IP address and a port, as \"[::]:7777\"".into()),
        ("''", "\"\" is not an address; write an IP address and a port, as \"[::]:7777\"".into()),
    ];
    for (address, message) in cases {
        let file = format!("[[listener]]\ndialect = 'jim'\naddress = {address}");
        assert_eq!(
            error(&file),
            format!("tolmach.toml:3: listener.address: {message}")
        );
    }
}

#[test]
fn no_two_have_one_address() {
    let right = "give each its own port";
    let file = "[[listener]]\ndialect='jim'\n[[listener]]\ndialect='talker'\naddress='[::]:7777'";
    let wrong = "listener.address: [::]:7777 is the address of the listener jim too";
    assert_eq!(error(file), format!("tolmach.toml:5: {wrong}; {right}"));
    let file = "[[listener]]\ndialect='jim'\n[[listener]]\ndialect='jim'";
    assert_eq!(error(file), format!("tolmach.toml:4: {wrong}; {right}"));
    let file = "[[listener]]\ndialect='jim'\n[[listener]]\ndialect='jim'\naddress='0.0.0.0:7777'";
    let wrong = "listener.address: 0.0.0.0:7777 is heard by the listener jim on [::]:7777 already";
    assert_eq!(error(file), format!("tolmach.toml:5: {wrong}; {right}"));
    let file = "[[listener]]\ndialect='jim'\naddress='[::]:0'\n[[listener]]\ndialect='jim'\naddress='[::]:0'";
    assert_eq!(load(file, &[]).unwrap().listeners.len(), 2);
}

#[test]
fn the_command_lines_address_and_port() {
    let mut config = Config::default();
    config.override_address("127.0.0.1".parse().unwrap());
    config.override_port("jim", 7000).unwrap();
    let all = [
        "jim=127.0.0.1:7000",
        "talker=127.0.0.1:8500",
        "purpose.1=127.0.0.1:9600",
        "purpose.2=127.0.0.1:9601",
    ];
    assert_eq!(shown(&config)[..4], all);
    let message = config.override_port("jim", 8500).unwrap_err().to_string();
    let wrong = "listener.address: 127.0.0.1:8500 is the address of the listener talker too";
    assert_eq!(message, format!("-p: {wrong}; give each its own port"));
    config.listeners.clear();
    let message = config.override_port("jim", 1).unwrap_err().to_string();
    assert_eq!(
        message,
        "-p: there is no jim listener; add one, or leave -p out"
    );
}

#[test]
fn addresses_overlap_as_the_system_has_it() {
    let overlap = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|address| address.parse().unwrap());
        let said = crate::config::listeners::overlap(one, other);
        assert_eq!(said, crate::config::listeners::overlap(other, one));
        said
    };
    assert!(overlap("[::]:1", "0.0.0.0:1"));
    assert!(overlap("[::]:1", "127.0.0.1:1"));
    assert!(overlap("[::]:1", "[::1]:1"));
    assert!(overlap("0.0.0.0:1", "127.0.0.1:1"));
    assert!(overlap("[::ffff:127.0.0.1]:1", "127.0.0.1:1"));
    assert!(!overlap("0.0.0.0:1", "[::1]:1"));
    assert!(!overlap("127.0.0.1:1", "127.0.0.2:1"));
    assert!(!overlap("127.0.0.1:1", "127.0.0.1:2"));
    assert!(!overlap("[::]:0", "[::]:0"));
}

#[test]
#[cfg(feature = "http")]
fn only_where_nobody_asked_for_http_a_gateway_does_without_it() {
    let does_without = |file: &str| {
        let config = load(file, &[]).unwrap();
        let in_use = std::io::ErrorKind::AddrInUse.into();
        let without = config
            .doors()
            .map(|door| config.does_without(door, &in_use));
        without.collect::<Vec<_>>()
    };
    let jim = "[[listener]]\ndialect = 'jim'\n";
    assert_eq!(does_without(jim), [false, true]);
    let asked = format!("{jim}[http]\naddress = '127.0.0.1:7070'");
    assert_eq!(does_without(&asked), [false, false]);
    assert_eq!(does_without(&format!("{jim}[http]\naddress = ''")), [false]);
}

#[test]
fn http_is_encrypted_as_the_listeners_are_unless_somebody_said_how() {
    let tls = |file: &str| load(file, &[]).unwrap().http.tls;
    assert_eq!(tls(""), TlsMode::Auto);
    let off = "[[listener]]\ndialect = 'jim'\ntls = 'off'\n";
    assert_eq!(tls(off), TlsMode::Off);
    assert_eq!(tls(&format!("{off}[http]\ntls = 'auto'")), TlsMode::Auto);
    let client = "[tls]\nclient = 'required'\nclient_ca = 'ca.pem'\n\
                  [[listener]]\ndialect = 'jim'\ntls = 'required'";
    assert_eq!(tls(client), TlsMode::Required);
}
