//! Files over uchat, each on a connection of its own.

use std::path::Path;

use serde_json::{Value, json};

use super::uchat::{DOWNLOAD_FILE, MSG, READY_READ, UPLOAD_FILE, has_keys, is_message, number};
use super::{Daemon, PATIENCE, Uchat, token};

pub(crate) fn upload(token: &str, room: i32, name: &str, size: usize) -> Value {
    json!({"type": UPLOAD_FILE, "name": name, "size": size, "room_id": room, "token": token})
}

pub(crate) fn download(token: &str, room: i32, message: i32) -> Value {
    json!({"type": DOWNLOAD_FILE, "room_id": room, "msg_id": message, "token": token})
}

/// So many bytes, of which no two stretches are alike.
pub(crate) fn content(bytes: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// The files below a directory, as paths from there, and the directories that are rooms' (with a `/`).
pub(crate) fn listed(area: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(area).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        // A room's directory goes with its last file.
        let below = match std::fs::read_dir(entry.path()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            below => below.unwrap().flatten(),
        };
        if name != "incoming" {
            all.push(format!("{name}/"));
        }
        all.extend(below.map(|file| format!("{name}/{}", file.file_name().to_str().unwrap())));
    }
    all.sort();
    all
}

/// The next object is a file's message; its name as stored.
pub(crate) async fn told_of(
    client: &mut Uchat,
    room: i32,
    name: &str,
    size: usize,
) -> (i32, String) {
    let told = client.event(MSG).await;
    is_message(&told);
    assert_eq!(
        json!([
            told["room_id"],
            told["file_name"],
            told["file_size"],
            told["power"],
            told["msg_type"],
            told["status"]
        ]),
        json!([room, name, size, size, 1, 0]),
        "{told}"
    );
    (
        number(&told["message_id"]),
        told["message"].as_str().unwrap().to_owned(),
    )
}

impl Uchat {
    /// Asks to send a file; the server is ready for it.
    pub(crate) async fn begin_upload(&mut self, request: Value) {
        let ready = self.ask(request).await;
        assert_eq!(ready, json!({"type": READY_READ}));
    }

    /// Asks for a file; its name and its size.
    pub(crate) async fn begin_download(&mut self, request: Value) -> (String, usize) {
        let offer = self.answer(request).await;
        has_keys(&offer, "type size name");
        let size = offer["size"].as_u64().unwrap();
        (
            offer["name"].as_str().unwrap().to_owned(),
            usize::try_from(size).unwrap(),
        )
    }

    /// All of a file that was asked for, and then the end.
    pub(crate) async fn downloaded(&mut self, size: usize) -> Vec<u8> {
        self.write(json!({"type": READY_READ})).await;
        let bytes = self.bytes(size).await.unwrap_or_default();
        assert_eq!(self.bytes(1).await, None, "more than its size");
        bytes
    }

    /// The request is refused with this code, and the server closes.
    pub(crate) async fn turned_away(&mut self, code: u8, request: Value) -> String {
        let text = self.refused(code, request).await;
        self.end().await;
        text
    }
}

impl Daemon {
    /// Where the contents are.
    pub(crate) fn area(&self) -> std::path::PathBuf {
        match &self.dir {
            Some(dir) => dir.path().join("memory.files"),
            None => self.config.data_dir.join("tolmach.files"),
        }
    }

    /// A connection for a file, which has said nothing yet.
    pub(crate) async fn for_file(&self) -> Uchat {
        Uchat::new(self.client("uchat").await)
    }

    /// Hands in a file by the account's API token.
    pub(crate) async fn upload(&self, login: &str, room: i32, name: &str, content: &[u8]) {
        let mut client = self.for_file().await;
        client
            .begin_upload(upload(&token(login), room, name, content.len()))
            .await;
        client.send(content).await;
        client.end().await;
    }

    /// Fetches a file by the account's API token: its name and its content.
    pub(crate) async fn download(&self, login: &str, room: i32, message: i32) -> (String, Vec<u8>) {
        let mut client = self.for_file().await;
        let request = download(&token(login), room, message);
        let (name, size) = client.begin_download(request).await;
        (name, client.downloaded(size).await)
    }

    /// Waits until just these are in the area.
    pub(crate) async fn until_listed(&self, expected: &[&str]) {
        let area = self.area();
        let there = async {
            while listed(&area) != expected {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, there).await.is_err() {
            assert_eq!(listed(&area), expected);
        }
    }
}
