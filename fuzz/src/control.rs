//! The control socket.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tolmach::commands::AnyCommand;
use tolmach::control::{self, ListenerAddress, MAX_REQUEST, Operated, Reloaded};
use tolmach::hub::Hub;

/// There is a hub, and nothing leads to it.
struct NoGateway;

#[async_trait]
impl Operated for NoGateway {
    fn listeners(&self) -> Vec<ListenerAddress> {
        Vec::new()
    }

    async fn reload(&self, _check: bool) -> Reloaded {
        Reloaded::Failed("there is no configuration".to_owned())
    }
}

/// How long an answer may take: commands are carried out in memory.
const PATIENCE: Duration = Duration::from_secs(20);

/// Any bytes on the socket of a running hub: as many answers as lines, each of them one object, and the end after the end.
pub fn requests(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n') {
        comes_back(line);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answers = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, talk(input))
            .await
            .expect("the requests are answered")
    });
    let mut watching = false;
    let mut count = 0;
    for line in answers.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.ends_with(b"\n"), "{}", line.escape_ascii());
        let answer: serde_json::Value = serde_json::from_slice(line).expect("an answer is JSON");
        let object = answer.as_object().expect("an answer is an object");
        watching |= object.get("ok").is_some_and(|ok| ok.is_null()) && has_tap(input);
        assert!(
            watching
                || (object.len() == 1
                    && (object.contains_key("ok") || object.contains_key("error"))),
            "{answer}"
        );
        count += 1;
    }
    let whole = input.split_inclusive(|byte| *byte == b'\n');
    let (lines, longest) = whole.fold((0, 0), |(lines, longest), line| {
        (lines + 1, line.len().max(longest))
    });
    assert!(
        watching || longest > MAX_REQUEST || count == lines,
        "{count} answers to {lines} requests"
    );
}

/// A command that is understood is written so that it is understood the same.
fn comes_back(line: &[u8]) {
    let Ok(command) = serde_json::from_slice::<AnyCommand>(line) else {
        return;
    };
    let written = serde_json::to_vec(&command).expect("a command can be written");
    let again: AnyCommand = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, command);
}

/// Whether somebody may watch from some line on, and gets as many lines as there are events.
fn has_tap(input: &[u8]) -> bool {
    let parsed = |line| serde_json::from_slice::<serde_json::Value>(line).ok();
    let mut lines = input.split(|byte| *byte == b'\n').filter_map(parsed);
    lines.any(|line| line.get("tap").is_some())
}

async fn talk(input: &[u8]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let hub = Hub::builder().start().await.unwrap();
    let server = control::listen(hub.clone(), Arc::new(NoGateway), &path)
        .await
        .unwrap();
    let (mut reader, mut writer) = UnixStream::connect(&path).await.unwrap().into_split();
    let mut answers = Vec::new();
    let write = async {
        // The server may close before it has read all.
        let _ = writer.write_all(input).await;
        let _ = writer.shutdown().await;
    };
    let (_, read) = tokio::join!(write, reader.read_to_end(&mut answers));
    // Closed with something unread, it is reset.
    let _ = read;
    server.stop().await;
    hub.stop().await;
    answers
}
