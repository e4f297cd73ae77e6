//! The pages and what they load.

use super::Http;
use crate::support::Daemon;

const HTTP: &str = "http.address = '127.0.0.1:0'";
const FOREVER: &str = "public, max-age=31536000, immutable";

#[tokio::test]
async fn a_page_and_all_that_it_names_are_there_the_page_anew_each_time() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    for page in ["/", "/console"] {
        let page = http.get(page, &[]).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        let quoted = page.text().split('"');
        let named: Vec<_> = quoted.filter(|text| text.starts_with("/assets/")).collect();
        assert!(named.len() >= 4, "{}", page.text());
        for path in named {
            let asset = http.get(path, &[]).await;
            assert_eq!(asset.status, 200, "{path}");
            assert_eq!(asset.header("cache-control"), FOREVER, "{path}");
            let bare = http.ask("HEAD", path, &[], None).await;
            assert_eq!((bare.status, bare.body.len()), (200, 0), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_of_another_version_is_not_there() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    for path in [
        "/assets/0000000000000000/chat/main.js",
        "/assets/../Cargo.toml",
        "/assets/",
    ] {
        let answer = http.get(path, &[]).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "NotFound")
        );
    }
}

#[tokio::test]
async fn a_page_that_is_switched_off_is_not_there() {
    let daemon = Daemon::start(&format!("{HTTP}\nhttp.chat = false")).await;
    let mut http = Http::connect(&daemon).await;
    let answer = http.get("/", &[]).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (404, "NotFound")
    );
}
