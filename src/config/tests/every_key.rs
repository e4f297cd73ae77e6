//! Every key can be set: in the file, by its variable, and a dialect's inside a listener.

use std::collections::BTreeSet;

use super::load;
use crate::config::keys::GENERAL;
use crate::config::{Config, environment};
use crate::dialects;
use crate::dialects::Settings;
use crate::settings::Key;

/// A value for each key that is not its default, as the code shows it.
const VALUES: [(&str, &str); 72] = [
    ("data_dir", r#""elsewhere""#),
    ("name", r#""gate""#),
    ("store.url", r#""sqlite:other.db""#),
    ("store.connections", "17"),
    ("files.url", r#""file:///srv/tolmach""#),
    ("files.endpoint", r#""http://127.0.0.1:9000""#),
    ("files.region", r#""eu-central-1""#),
    ("files.access_key_id", r#""GATE""#),
    ("files.secret_access_key", r#""***""#),
    ("bus.url", r#""local:""#),
    ("bus.prefix", r#""gate.east""#),
    ("bus.ca", r#""nats.pem""#),
    ("node.name", r#""east-1""#),
    ("node.lease", r#""12s""#),
    ("runtime.threads", "3"),
    ("accounts.registration", r#""closed""#),
    ("accounts.password_min", "9"),
    ("accounts.guests", "false"),
    ("accounts.session_life", r#""91d""#),
    ("rooms.create_on_join", "false"),
    ("rooms.create", r#"["lobby", "dev"]"#),
    ("rooms.keep", r#""92d""#),
    ("tls.certificate", r#""cert.pem""#),
    ("tls.key", r#""key.pem""#),
    ("tls.client_ca", r#""ca.pem""#),
    ("tls.client", r#""optional""#),
    ("presence.grace", r#""31s""#),
    ("http.address", r#""127.0.0.1:7171""#),
    ("http.tls", r#""required""#),
    ("http.proxy", r#"["10.0.0.0/8"]"#),
    ("http.public_url", r#""https://chat.example""#),
    ("http.origins", r#"["https://other.example"]"#),
    ("http.chat", "false"),
    ("http.console", "false"),
    ("http.metrics", "false"),
    ("limits.connections", "11"),
    ("limits.connections_per_address", "12"),
    ("limits.login_timeout", r#""13s""#),
    ("limits.handshakes", "14"),
    ("limits.frame_bytes", "1024"),
    ("limits.file_bytes", "16"),
    ("limits.queue_events", "17"),
    ("limits.queue_bytes", "18"),
    ("limits.queue_total_bytes", "28"),
    ("limits.receiving_total_bytes", "181"),
    ("limits.requests_per_second", "19"),
    ("limits.burst", "20"),
    ("limits.messages_per_second", "24"),
    ("limits.messages_burst", "25"),
    ("limits.failed_logins", "21"),
    ("limits.passwords_waiting", "22"),
    ("limits.registrations_per_hour", "26"),
    ("limits.rooms_made_per_hour", "27"),
    ("limits.rooms_per_user", "22"),
    ("limits.members_per_room", "23"),
    ("limits.disk_free", "29"),
    ("log.level", r#""info,tolmach::hub=debug""#),
    ("log.format", r#""json""#),
    ("shutdown.grace", r#""1500ms""#),
    ("jim.flavor", r#""field""#),
    ("jim.probe_after", r#""0s""#),
    ("jim.notices", "[100, 101]"),
    ("jim.everyone", r#""all-of-us""#),
    ("jim.pace", r#""51ms""#),
    ("talker.flavor", r#""talkerapp""#),
    ("talker.idle_after", r#""33s""#),
    ("talker.close_after", r#""66s""#),
    ("talker.replay", "0"),
    ("purpose.revision", "1"),
    ("purpose.probe_after", r#""59s""#),
    ("uchat.flavor", r#""document""#),
    ("listener", r#"[{dialect="jim", address="127.0.0.1:0"}]"#),
];

/// One listener of each dialect, so that `purpose.revision` shows, too.
const LISTENERS: &str = "\n[[listener]]\ndialect='jim'\n[[listener]]\ndialect='talker'\n[[listener]]\ndialect='purpose'\n[[listener]]\ndialect='uchat'\n";

fn shown(config: &Config, key: &str) -> Option<String> {
    let general = Key::shown(GENERAL, config)
        .into_iter()
        .find(|shown| shown.name == key);
    let in_listener = |settings: &Settings| {
        let (_, name) = key.strip_prefix(settings.dialect())?.split_once('.')?;
        let mut keys = settings.shown().into_iter();
        keys.find(|shown| shown.name == name)
    };
    general
        .or_else(|| {
            config
                .listeners
                .iter()
                .find_map(|listener| in_listener(&listener.settings))
        })?
        .value()
        .map(str::to_owned)
}

fn file(key: &str, value: &str) -> String {
    match key.split_once('.') {
        Some((section, name)) => format!("[{section}]\n{name} = {value}\n"),
        None => format!("{key} = {value}\n"),
    }
}

/// Both files of `[tls]` must be given, and both parts of an access key, to a bucket.
fn with_partner(key: &str) -> (String, Vec<(String, String)>) {
    match key {
        "tls.certificate" => (
            "key = 'k'".into(),
            vec![("TOLMACH_TLS__KEY".into(), "k".into())],
        ),
        "tls.key" => (
            "certificate = 'c'".into(),
            vec![("TOLMACH_TLS__CERTIFICATE".into(), "c".into())],
        ),
        "tls.client" => (
            "client_ca = 'c'".into(),
            vec![("TOLMACH_TLS__CLIENT_CA".into(), "c".into())],
        ),
        "tls.client_ca" => (
            "client = 'optional'".into(),
            vec![("TOLMACH_TLS__CLIENT".into(), "optional".into())],
        ),
        "files.endpoint" | "files.region" => (
            "url = 's3://tea'".into(),
            vec![("TOLMACH_FILES__URL".into(), "s3://tea".into())],
        ),
        "files.access_key_id" => (
            "url = 's3://tea'\nsecret_access_key = 'k'".into(),
            vec![
                ("TOLMACH_FILES__URL".into(), "s3://tea".into()),
                ("TOLMACH_FILES__SECRET_ACCESS_KEY".into(), "k".into()),
            ],
        ),
        "files.secret_access_key" => (
            "url = 's3://tea'\naccess_key_id = 'i'".into(),
            vec![
                ("TOLMACH_FILES__URL".into(), "s3://tea".into()),
                ("TOLMACH_FILES__ACCESS_KEY_ID".into(), "i".into()),
            ],
        ),
        _ => Default::default(),
    }
}

#[test]
fn the_values_are_for_every_key() {
    let tried: BTreeSet<_> = VALUES.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(tried, super::keys().into_iter().collect());
    let defaults = load(LISTENERS, &[]).unwrap();
    for (key, value) in VALUES.iter().filter(|(key, _)| *key != "bus.url") {
        assert_ne!(shown(&defaults, key).as_deref(), Some(*value), "{key}");
    }
}

#[test]
fn by_the_file() {
    for (key, value) in VALUES.iter().filter(|(key, _)| *key != "listener") {
        let text = file(key, value) + &with_partner(key).0 + LISTENERS;
        let config = load(&text, &[]).unwrap();
        assert_eq!(shown(&config, key).as_deref(), Some(*value), "{text}");
    }
}

#[test]
fn by_the_environment_over_the_file() {
    for (key, value) in VALUES.iter().filter(|(key, _)| *key != "listener") {
        let defaults = load(LISTENERS, &[]).unwrap();
        let default = shown(&defaults, key).map_or(String::new(), |default| file(key, &default));
        let (_, mut variables) = with_partner(key);
        let variable = environment::variable(key);
        for value_text in [value, value.trim_matches('"')] {
            variables.push((variable.clone(), value_text.to_owned()));
            let borrowed: Vec<_> = variables
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let config = load(&(default.clone() + LISTENERS), &borrowed).unwrap();
            assert_eq!(
                shown(&config, key).as_deref(),
                Some(*value),
                "{variable}={value_text}"
            );
            assert!(
                config.describe().contains(&format!("# {variable}")),
                "{variable}"
            );
            variables.pop();
        }
    }
}

#[test]
fn inside_a_listener_over_the_section() {
    for settings in dialects::ALL.iter().map(|kind| kind.settings()) {
        let dialect = settings.dialect();
        for shown_by_default in settings.shown() {
            let (key, default) = (shown_by_default.name, shown_by_default.value());
            let path = format!("{dialect}.{key}");
            let (_, value) = VALUES.iter().find(|(known, _)| *known == path).unwrap();
            let text = file(&path, default.unwrap())
                + &format!("[[listener]]\ndialect = '{dialect}'\n{key} = {value}");
            let config = load(&text, &[]).unwrap();
            assert_eq!(shown(&config, &path).as_deref(), Some(*value), "{text}");
        }
    }
}
