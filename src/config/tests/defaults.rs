//! The defaults are those of the design, and a described configuration means the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{keys, load};
use crate::config::draft::Draft;
use crate::config::written::{Source, document};
use crate::config::{Config, Origin, StoreUrl};
use crate::dialects::{self, jim::Jim};

/// Section 6 of the design, but the listeners, and the certificate, which has no default.
const DESIGN: &str = r#"
data_dir = "tolmach-data"
name = "tolmach"                     # what the gateway calls itself in notices

[store]
url = "sqlite:tolmach.db"

[accounts]
registration = "open"                # or "closed": the command line only
password_min = 8                     # characters, of new passwords that the gateway gets to see
guests = true
session_life = "90d"                 # a session unused for so long is gone (an open connection is use)

[rooms]
create_on_join = true                # JIM join and Talker connect make public rooms
create = ["lobby"]                   # exist from the start
keep = "0s"                          # for how long messages are kept; "0s": for ever

[jim]                                # this and [talker], [purpose], [uchat]: each key also inside a [[listener]], to differ there
flavor = "document"                  # or "field"
probe_after = "60s"
notices = [101]                      # [100, 101]: joins, leaves, new titles too; []: none
everyone = "lobby"
pace = "50ms"

[talker]
flavor = "document"                  # or "talkerapp"
idle_after = "30s"
close_after = "60s"
replay = 1000                        # messages after `last_event_id`

[purpose]
probe_after = "60s"                  # HEARTBEAT after silence; 30 s unanswered: closed

[uchat]
flavor = "field"                     # or "document"

[http]
address = "127.0.0.1:7070"
tls = "auto"
proxy = []
public_url = ""
origins = []
chat = true
console = true
metrics = true

[presence]
grace = "30s"                        # from a broken connection to absent

[limits]                             # 0: no limit
connections = 10000                  # one more: JIM 503, Talker `error`, purpose DISCONNECT, uchat error 6; close
connections_per_address = 0
login_timeout = "60s"                # for a connection to say who it is
handshakes = 256                     # TLS handshakes under way at once
frame_bytes = 2097152
file_bytes = 10000000
queue_events = 4096                  # waiting for one session
queue_bytes = 4194304
queue_total_bytes = 268435456        # of all sessions together; over it the fattest is closed
requests_per_second = 1000           # of one connection; over it the gateway reads that connection more slowly and refuses nothing
burst = 2000
messages_per_second = 10             # of one user in one room, over all its connections; over it they are read more slowly
messages_burst = 60
registrations_per_hour = 0           # of one address, guests too
rooms_made_per_hour = 0              # of one user; guests of one address, too
failed_logins = 10                   # a minute, by account and address together; then RateLimited
rooms_per_user = 1000                # over it, and over the next: TooLarge (JIM 403, Talker `error`, DECLINED, uchat error 3)
members_per_room = 0
disk_free = 67108864                 # less free: writes are Unavailable before the disk is full

[log]
level = "info"
format = "text"                      # or "json"

[shutdown]
grace = "10s"
"#;

const DESIGN_LISTENERS: &str = r#"
[[listener]]                         # any listener given replaces the default set
dialect = "jim"
address = "[::]:7777"
tls = "auto"                         # plain and TLS on one port, told apart by the first bytes; "required", "off"

[[listener]]
dialect = "purpose"
address = "[::]:9601"
revision = 2
"#;

#[test]
fn nothing_set_is_the_default() {
    assert_eq!(load("", &[]).unwrap(), Config::default());
}

#[test]
fn the_designs_values_are_the_default() {
    assert_eq!(load(DESIGN, &[]).unwrap(), Config::default());
}

#[test]
fn the_design_names_every_key() {
    let entries = document(DESIGN, &Source::Text, &Draft::new(dialects::ALL).keys);
    let entries: Vec<_> = entries.into_iter().map(Result::unwrap).collect();
    let in_design: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
    let elsewhere = [
        "bus.url",
        "bus.prefix",
        "bus.ca",
        "store.connections",
        "files.url",
        "files.endpoint",
        "files.region",
        "files.access_key_id",
        "files.secret_access_key",
        "node.name",
        "node.lease",
        "limits.passwords_waiting",
        "limits.receiving_total_bytes",
        "runtime.threads",
        "purpose.revision",
        "tls.certificate",
        "tls.key",
        "tls.client_ca",
        "tls.client",
        "listener",
    ];
    let missing: Vec<_> = keys()
        .into_iter()
        .filter(|key| !in_design.contains(key))
        .collect();
    assert_eq!(
        missing.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(elsewhere)
    );
}

#[test]
fn the_designs_listeners_are_those_of_the_default_set() {
    let config = load(&format!("{DESIGN}{DESIGN_LISTENERS}"), &[]).unwrap();
    let by_name = |config: &Config| -> BTreeMap<_, _> {
        config
            .listeners
            .iter()
            .map(|listener| (listener.name.clone(), listener.clone()))
            .collect()
    };
    let all = by_name(&Config::default());
    assert_eq!(config.listeners.len(), 2);
    for (name, listener) in by_name(&config) {
        // Alone, the second revision has the name that it has beside the first.
        assert_eq!(Some(&listener), all.get(&name));
    }
}

#[test]
fn some_defaults_as_values() {
    let config = Config::default();
    assert_eq!(
        config.store.url,
        StoreUrl::Sqlite("tolmach-data/tolmach.db".into())
    );
    assert_eq!(config.accounts.session_life, Duration::from_secs(7_776_000));
    assert_eq!(config.limits.frame_bytes, 2_097_152);
    assert_eq!(config.tls.certificate, None);
    let dialects: Vec<_> = config
        .listeners
        .iter()
        .map(|listener| listener.settings.dialect())
        .collect();
    assert_eq!(dialects, ["jim", "talker", "purpose", "purpose", "uchat"]);
    let jim = config.listeners[0].settings.as_of::<Jim>().unwrap();
    assert_eq!(jim.notices, [101]);
}

#[test]
fn what_is_described_means_the_same() {
    let odd = "name = 'Ёж\"\\'\n[store]\nurl = 'sqlite:/var/x.db'\n[accounts]\nsession_life = '90m 1s'\n[jim]\nnotices=[]\n\
               [tls]\ncertificate='c.pem'\nkey='k.pem'\n[[listener]]\ndialect='jim'\npace='1us'\n[[listener]]\ndialect='jim'\naddress='127.0.0.1:1'";
    for file in [
        "",
        odd,
        "listener = []\n[store]\nurl = 'memory:'",
        "data_dir = '.'",
    ] {
        let config = load(file, &[]).unwrap();
        assert_eq!(
            load(&config.describe(), &[]).unwrap(),
            config,
            "{}",
            config.describe()
        );
    }
}

#[test]
fn a_description_says_where_values_come_from() {
    let file = "[limits]\nburst = 5\n[jim]\npace = '1s'\n[[listener]]\ndialect = 'jim'\nnotices = []\naddress = '[::1]:7777'";
    let mut config = load(file, &[("TOLMACH_NAME", "gate")]).unwrap();
    config.override_port("jim", 0).unwrap();
    let described = config.describe();
    let line = |start: &str| {
        let line = described
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("data_dir"), "data_dir = \"tolmach-data\" # default");
    assert_eq!(line("name"), "name = \"gate\" # TOLMACH_NAME");
    assert_eq!(line("burst"), "burst = 5 # tolmach.toml:2");
    assert_eq!(line("# key"), "# key is not set # default");
    assert_eq!(line("pace"), "pace = \"1s\" # tolmach.toml:4");
    assert_eq!(line("dialect"), "dialect = \"jim\" # tolmach.toml:6");
    assert_eq!(line("notices"), "notices = [] # tolmach.toml:7");
    assert_eq!(line("everyone"), "everyone = \"lobby\" # default");
    assert!(described.contains("\naddress = \"[::1]:0\""), "{described}");
    let address = described
        .lines()
        .rev()
        .find(|line| line.starts_with("address"));
    assert!(address.unwrap().ends_with("# -p"), "{described}");
}

#[test]
fn an_example_names_every_key_and_means_the_default_with_or_without_its_marks() {
    let example = Config::example(dialects::ALL);
    assert_eq!(load(&example, &[]).unwrap(), Config::default());
    let uncommented = |line: &str| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n";
    let all: String = example.lines().map(uncommented).collect();
    let config = load(&all, &[]).unwrap();
    assert_eq!(config, Config::default(), "{all}");
    for key in keys().iter().filter(|key| *key != "listener") {
        let name = key.rsplit('.').next().unwrap();
        let is_there = |mark| example.contains(&format!("\n{mark} {name} = "));
        assert!(is_there("#") || is_there("##"), "{key}");
    }
    // Nothing of it holds by being left out: each is read.
    let said = |key: &str| matches!(config.origins.of(key), Origin::File { .. });
    assert!(said("limits.burst") && said("jim.pace") && said("listener.purpose.1.revision"));
}
