//! The purpose-byte protocol: what a gateway in a process of its own takes of memory.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::support::{Client, Purpose, frame, int, login, long, messages, text};

const MIB: usize = 1024 * 1024;

/// Killed when dropped.
struct Process {
    child: Child,
    address: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Process {
    fn start(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tolmach.toml");
        let config = format!(
            "data_dir = '{}'\nrooms.create = ['tea']\nhttp.address = ''\n{more}\n\
             [[listener]]\ndialect = 'purpose'\naddress = '127.0.0.1:0'\nrevision = 2\n",
            dir.path().join("data").display()
        );
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tolmach"))
            .args(["serve", "-c"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut ready).unwrap();
        let address = ready.trim().split_once('=').unwrap().1.parse().unwrap();
        Self {
            child,
            address,
            _dir: dir,
        }
    }

    async fn client(&self) -> Purpose {
        let mut client = Purpose::new(Client::tcp(self.address).await, 2);
        client.hello().await;
        client
    }

    /// Bytes of memory at most until now.
    fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<usize>()
            .unwrap()
            * 1024
    }
}

#[tokio::test]
async fn a_length_that_is_only_said_costs_no_memory() {
    let process = Process::start("");
    // Something of everything was there once.
    process.client().await.hears_nothing().await;
    let before = process.peak();
    let mut open = Vec::new();
    for length in [u32::MAX, 1 << 31, 16 * 1024 * 1024, 2 * 1024 * 1024] {
        for _ in 0..100 {
            let mut client = process.client().await;
            let header = [&length.to_le_bytes()[..], &[0x21, 9]].concat();
            client.send(header).await;
            if length > 2 * 1024 * 1024 {
                client.answer(9).await;
            }
            client.try_send([0; 100]).await;
            open.push(client);
        }
    }
    process.client().await.hears_nothing().await;
    let more = process.peak() - before;
    assert!(more < 32 * MIB, "{} KiB", more / 1024);
}

#[tokio::test]
async fn a_long_history_is_read_with_memory_flat() {
    const COUNT: usize = 30_000;
    let process = Process::start("limits.requests_per_second = 0\nlimits.messages_per_second = 0");
    let mut anna = process.client().await;
    anna.does("REGISTER_USER", login("anna")).await;
    anna.log_in_again("anna").await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    for begun in (0..COUNT).step_by(500) {
        let said = (begun..begun + 500).flat_map(|n| {
            let said = format!("{n:08}{}", "x".repeat(1000));
            frame(0x40, (n % 256) as u8, &[int(tea), text(&said)].concat())
        });
        anna.send(said.collect::<Vec<u8>>()).await;
        for n in begun..begun + 500 {
            assert_eq!(anna.answer((n % 256) as u8).await.purpose, 0);
        }
    }
    let read = async |anna: &mut Purpose| {
        let (mut from, mut last, mut bytes) = (0, -1, 0);
        loop {
            let answer = anna
                .accepted("REQUEST_CHAT_MSG", [int(tea), long(from)].concat())
                .await;
            bytes += answer.len();
            let told = messages(&answer);
            let Some(newest) = told.last() else { break };
            from = newest.created + 1;
            for message in told {
                last += 1;
                assert_eq!(message.text[..8].parse::<i32>().unwrap(), last);
            }
        }
        assert_eq!(last as usize, COUNT - 1);
        bytes
    };
    let bytes = read(&mut anna).await;
    // Each of the store's readers keeps memory of its own once it has read a page; which one reads when is chance.
    let mut once = process.peak();
    for _ in 0..12 {
        assert_eq!(read(&mut anna).await, bytes);
        let before = std::mem::replace(&mut once, process.peak());
        if once == before {
            break;
        }
    }
    for _ in 0..5 {
        assert_eq!(read(&mut anna).await, bytes);
    }
    let more = process.peak() - once;
    // Five times 30 MiB went by; what is kept is one answer, and a page of the store.
    assert!(bytes > 28 * MIB && more < 24 * MIB, "{} KiB", more / 1024);
}
