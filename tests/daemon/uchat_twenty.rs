//! uchat: twenty large files at once through a process of its own, whose memory stays flat.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::support::transfer::{content, download, upload};
use crate::support::uchat::{MSG, number, sign_up};
use crate::support::{Client, Uchat};

const FILES: u32 = 20;
const BYTES: usize = 10_000_000;
/// What all of them together may cost, in kB; one of them has 10,000.
const ALLOWED: u64 = 30_000;

/// The gateway's program, which goes with this.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program with uchat alone.
fn program(dir: &std::path::Path) -> (Program, SocketAddr) {
    let file = dir.join("tolmach.toml");
    let text = format!(
        "data_dir = '{}'\nlog.level = 'warn'\nhttp.address = ''\n\
         [[listener]]\ndialect = 'uchat'\naddress = '127.0.0.1:0'\n",
        dir.join("data").display()
    );
    std::fs::write(&file, text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tolmach"))
        .args(["serve", "-c"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut ready).unwrap();
    let address = ready.trim().strip_prefix("ready uchat=").expect(&ready);
    let address = address.parse().unwrap();
    (Program(child), address)
}

/// The most memory that a process ever had, in kB.
fn peak(process: &Program) -> u64 {
    let path = format!("/proc/{}/status", process.0.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_files_of_10_mb_at_once_are_the_same_bytes_again_and_memory_is_flat() {
    let dir = tempfile::tempdir().unwrap();
    let (child, address) = program(dir.path());
    let connect = async || Uchat::new(Client::tcp(address).await);
    let mut anna = connect().await;
    anna.write(sign_up("anna")).await;
    anna.is_let_in("anna").await;
    let token = anna.token.clone();
    let tea = anna.new_room("Tea", 1).await;
    // One file first: what the process needs anyhow is there then.
    let send = async |client: &mut Uchat, seed: u32| {
        let name = format!("{seed}");
        client.begin_upload(upload(&token, tea, &name, BYTES)).await;
        let bytes = content(BYTES, seed);
        client.send(&bytes).await;
        client.end().await;
    };
    send(&mut connect().await, 0).await;
    anna.event(MSG).await;
    let (before, begun) = (peak(&child), std::time::Instant::now());
    let mut clients = Vec::new();
    for seed in 1..=FILES {
        let mut client = connect().await;
        client
            .begin_upload(upload(&token, tea, &seed.to_string(), BYTES))
            .await;
        clients.push((client, seed));
    }
    let sending = clients.into_iter().map(|(mut client, seed)| {
        tokio::spawn(async move {
            client.send(content(BYTES, seed)).await;
            client.end().await;
        })
    });
    for sent in sending.collect::<Vec<_>>() {
        sent.await.unwrap();
    }
    let uploaded = begun.elapsed();
    let mut files = Vec::new();
    for _ in 0..FILES {
        let told = anna.event(MSG).await;
        assert_eq!(told["file_size"], BYTES);
        let seed: u32 = told["file_name"].as_str().unwrap().parse().unwrap();
        files.push((number(&told["message_id"]), seed));
    }
    let after_upload = peak(&child);
    let begun = std::time::Instant::now();
    let mut receiving = Vec::new();
    for (message, seed) in files {
        let mut client = connect().await;
        let request = download(&token, tea, message);
        receiving.push(tokio::spawn(async move {
            let (name, size) = client.begin_download(request).await;
            assert_eq!((name, size), (seed.to_string(), BYTES));
            client.write(json!({"type": 27})).await;
            let expected = content(BYTES, seed);
            for piece in expected.chunks(100_000) {
                assert!(client.bytes(piece.len()).await.unwrap() == piece);
            }
            client.end().await;
        }));
    }
    for received in receiving {
        received.await.unwrap();
    }
    let (downloaded, after) = (begun.elapsed(), peak(&child));
    println!(
        "{FILES} files of {BYTES} bytes: up {uploaded:?}, down {downloaded:?}; \
         peak {before} kB before, {after_upload} kB after the uploads, {after} kB at the end"
    );
    assert!(after - before < ALLOWED, "{before} kB, then {after} kB");
}
