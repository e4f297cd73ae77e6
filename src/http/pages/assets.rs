//! What the pages load.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// How many bytes of the hash name a version of all.
const NAMED: usize = 8;

/// Paths with what is there.
macro_rules! embedded {
    ($($path:literal),* $(,)?) => { &[$(($path, include_bytes!($path))),*] };
}

/// Modules, which import each other by relative paths.
const SCRIPTS: &[(&str, &[u8])] = embedded![
    "chat/api.js",
    "chat/composer.js",
    "chat/dialogs.js",
    "chat/files.js",
    "chat/gone.js",
    "chat/history.js",
    "chat/login.js",
    "chat/main.js",
    "chat/members.js",
    "chat/message.js",
    "chat/messageacts.js",
    "chat/notify.js",
    "chat/panel.js",
    "chat/people.js",
    "chat/protocol.js",
    "chat/reads.js",
    "chat/roomacts.js",
    "chat/roomlist.js",
    "chat/rooms.js",
    "chat/search.js",
    "chat/session.js",
    "chat/text.js",
    "chat/timeline.js",
    "chat/uploads.js",
    "chat/window.js",
    "chat/wire.js",
    "console/api.js",
    "console/block.js",
    "console/dialects.js",
    "console/figures.js",
    "console/history.js",
    "console/link.js",
    "console/main.js",
    "console/meaning.js",
    "console/members.js",
    "console/now.js",
    "console/pairs.js",
    "console/plot.js",
    "console/poll.js",
    "console/room.js",
    "console/rooms.js",
    "console/sessions.js",
    "console/stream.js",
    "console/table.js",
    "console/tap.js",
    "console/transcript.js",
    "console/user.js",
    "console/users.js",
    "shared/dialog.js",
    "shared/dom.js",
    "shared/focus.js",
    "shared/icons.js",
    "shared/pages.js",
    "shared/sha256.js",
    "shared/size.js",
    "shared/time.js",
    "shared/toast.js",
];

/// The style sheets, by their paths below the pages' folder.
const STYLES: &[(&str, &[u8])] = embedded![
    "chat/chat.css",
    "chat/messages.css",
    "console/console.css",
    "shared/style.css",
];

/// The pictures, by their paths below the pages' folder.
const PICTURES: &[(&str, &[u8])] = embedded!["shared/icon.svg",];

/// A file that pages load.
#[derive(Clone, Copy)]
pub(super) struct Asset {
    /// Below the folder of the version.
    pub(super) path: &'static str,
    kind: &'static str,
    content: &'static [u8],
}

/// All files that pages load, of every kind.
pub(super) fn all() -> impl Iterator<Item = Asset> {
    let of = |files: &'static [(&'static str, &'static [u8])], kind| {
        files.iter().map(move |(path, content)| Asset {
            path,
            kind,
            content,
        })
    };
    of(SCRIPTS, "text/javascript; charset=utf-8")
        .chain(of(STYLES, "text/css; charset=utf-8"))
        .chain(of(PICTURES, "image/svg+xml"))
}

/// The folder of this version: another one when any of them is another.
pub(super) fn prefix() -> String {
    let mut hash = Sha256::new();
    for asset in all() {
        hash.update(asset.path);
        hash.update([0]);
        hash.update(Sha256::digest(asset.content));
    }
    format!("/assets/{}", hexadecimal(&hash.finalize()[..NAMED]))
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (
                CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            ),
        ];
        (headers, self.content).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages")
    }

    #[test]
    fn every_file_is_served() {
        let mut there = BTreeSet::new();
        for part in ["chat", "console", "shared"] {
            for file in fs::read_dir(folder().join(part)).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                there.insert(format!("{part}/{name}"));
            }
        }
        let served: BTreeSet<_> = all().map(|asset| asset.path.to_owned()).collect();
        let pages = there.iter().filter(|path| path.ends_with(".html"));
        let served_and_pages: BTreeSet<_> = served.iter().chain(pages).cloned().collect();
        assert_eq!(served_and_pages, there);
    }

    #[test]
    fn what_a_module_imports_is_there_and_used() {
        for asset in all().filter(|asset| asset.path.ends_with(".js")) {
            let source = std::str::from_utf8(asset.content).unwrap();
            let from = Path::new(asset.path).parent().unwrap();
            for line in source.lines().filter(|line| line.starts_with("import ")) {
                let (names, path) = line.split_once(" from ").unwrap();
                let path = folder().join(from).join(path.trim_matches(['"', ';']));
                assert!(path.is_file(), "{}: {line}", asset.path);
                for name in names.split(|c: char| !c.is_alphanumeric()) {
                    let is_word = matches!(name, "" | "import" | "as");
                    let uses = source.matches(name).count();
                    assert!(is_word || uses > 1, "{}: {name} is not used", asset.path);
                }
            }
        }
    }

    #[test]
    fn no_file_is_long() {
        for asset in all() {
            let lines = asset.content.split(|byte| *byte == b'\n').count();
            assert!(lines <= 250, "{} has {lines} lines", asset.path);
        }
    }
}
