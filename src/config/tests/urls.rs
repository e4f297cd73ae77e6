//! URLs that may hold a password: all else of them is shown, and can be read again; a password that changed is noticed.

use super::load;
use crate::config::Config;
use crate::config::plan::Plan;

/// A configuration of this file, with the defaults for what stands in no section.
fn config(file: &str) -> Config {
    load(file, &[]).unwrap()
}

fn shown(config: &Config, key: &str) -> String {
    let mut holding = config.holding().into_iter();
    let found = holding.find(|one| one.key() == key).unwrap();
    found.shown.value().unwrap().to_owned()
}

/// Reads each URL, written as the key of this section; what it is shown as, read again, is shown so, too.
#[track_caller]
fn are_shown(section: &str, more: &str, urls: &[(&str, &str)]) {
    let key = format!("{section}.url");
    for (url, expected) in urls {
        let file = |url: &str| format!("[{section}]\nurl = {url}\n{more}");
        let read = config(&file(&format!("'{url}'")));
        let value = shown(&read, &key);
        assert_eq!(value, format!("\"{expected}\""), "{url}");
        assert!(!read.describe().contains("hush"), "{url}");
        let again = config(&file(&value));
        assert_eq!(shown(&again, &key), value, "{url}");
        let changes = Plan::new(&read, again, |_| None, |_| None).lines;
        // `***` is another password.
        let has_password = url.contains("hush");
        let expected: &[String] = &[format!("{key}: needs a restart")];
        assert_eq!(changes, expected[..usize::from(has_password)], "{url}");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn of_a_database() {
    are_shown(
        "store",
        "",
        &[
            ("postgres://u@db/x", "postgres://u@db/x"),
            (
                "postgresql://u:hush@a:5433,b/x?sslmode=require",
                "postgres://u:***@a:5433,b/x?sslmode=require",
            ),
            ("postgres://u@db/x?password=hush", "postgres://u:***@db/x"),
        ],
    );
}

#[cfg(all(feature = "nats", feature = "postgres"))]
#[test]
fn of_a_bus() {
    are_shown(
        "bus",
        "[store]\nurl = 'postgres://u@db/x'",
        &[
            ("local:", "local:"),
            ("nats://a:4222,tls://b", "nats://a:4222,tls://b"),
            (
                "nats://u:hush@a:4222,tls://b",
                "nats://u:***@a:4222,tls://u:***@b",
            ),
            ("nats://hush@a", "nats://***@a"),
        ],
    );
}

#[test]
fn of_files() {
    let urls = [("", ""), ("file:///srv/tea", "file:///srv/tea")];
    are_shown("files", "", &urls);
    #[cfg(feature = "s3")]
    are_shown(
        "files",
        "access_key_id = 'id'\nsecret_access_key = 'hush'",
        &[("s3://tea/a/b", "s3://tea/a/b")],
    );
}
