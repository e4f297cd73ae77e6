#![forbid(unsafe_code)]
//! What a delivery costs: CPU time of the server per message that a receiver gets, beside redis pub/sub in the same run.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example fanout -- [ROOMS MEMBERS MESSAGES_PER_SECOND SECONDS]
//! ```
//!
//! Default: 100 rooms of 10 members, 2,000 messages a second, 10 seconds. Servers: `tolmach serve` (the release build
//! beside this program) with `memory:` and with SQLite, and `redis-server` if it is on the path. Each is its own process; its CPU
//! time is read from `/proc` before and after the messages. Members of tolmach's rooms are JIM guests who all
//! write in turn; redis has as many subscribers, and one publisher for each room. Linux only.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The text of every message.
const TEXT: &str =
    "The quick brown fox jumps over the lazy dog, says the interpreter, and nobody is surprised.";

#[derive(Clone, Copy)]
struct Load {
    rooms: usize,
    members: usize,
    per_second: u64,
    seconds: u64,
}

fn main() -> Outcome<()> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let number = |place: usize, default: u64| numbers.get(place).copied().unwrap_or(default);
    let load = Load {
        rooms: usize::try_from(number(0, 100))?,
        members: usize::try_from(number(1, 10))?,
        per_second: number(2, 2000),
        seconds: number(3, 10),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!(
        "{:<18}{:>12}{:>12}{:>16}",
        "server", "deliveries", "CPU s", "µs a delivery"
    );
    runtime.block_on(async {
        for store in ["memory:", "sqlite:tolmach.db"] {
            let server = Server::tolmach(store)?;
            report(
                &format!("tolmach {store}"),
                measure(&server, load, Wire::Jim).await?,
            );
        }
        match Server::redis() {
            Ok(server) => report("redis pub/sub", measure(&server, load, Wire::Redis).await?),
            Err(error) => println!("redis was not measured: {error}"),
        }
        Ok(())
    })
}

fn report(server: &str, (deliveries, cpu): (u64, Duration)) {
    let each = cpu.as_secs_f64() * 1e6 / deliveries.max(1) as f64;
    println!(
        "{server:<18.18}{deliveries:>12}{:>12.2}{each:>16.2}",
        cpu.as_secs_f64()
    );
}

#[derive(Clone, Copy, PartialEq)]
enum Wire {
    Jim,
    Redis,
}

struct Server {
    child: Child,
    port: u16,
    dir: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; the directory is a temporary one.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Server {
    fn tolmach(store: &str) -> Outcome<Self> {
        let dir = fresh_dir()?;
        let program = std::env::current_exe()?
            .with_file_name("")
            .join("../tolmach");
        let mut child = Command::new(program)
            .arg("serve")
            .env("TOLMACH_DATA_DIR", &dir)
            .env("TOLMACH_STORE__URL", store)
            .env(
                "TOLMACH_LISTENER",
                "[{dialect=\"jim\",address=\"127.0.0.1:0\"}]",
            )
            .env("TOLMACH_LIMITS__REQUESTS_PER_SECOND", "0")
            .env("TOLMACH_LOG__LEVEL", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut ready = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut ready)?;
        let port = ready.trim().rsplit(':').next().ok_or("no port")?.parse()?;
        Ok(Self { child, port, dir })
    }

    fn redis() -> Outcome<Self> {
        let dir = fresh_dir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let child = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--bind",
                "127.0.0.1",
                "--dir",
            ])
            .arg(&dir)
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { child, port, dir };
        let deadline = Instant::now() + Duration::from_secs(5);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                return Err("redis-server did not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// User and system time so far; the kernel counts in hundredths of a second.
    fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(Duration::from_millis(ticks * 10))
    }
}

fn fresh_dir() -> Outcome<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!(
        "tolmach-fanout-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let dir = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

async fn measure(server: &Server, load: Load, wire: Wire) -> Outcome<(u64, Duration)> {
    let got = Arc::new(AtomicU64::new(0));
    let mut writers = Vec::new();
    for room in 0..load.rooms {
        for member in 0..load.members {
            let writer = connect(server.port, room, member, wire, got.clone()).await?;
            if wire == Wire::Jim {
                writers.push((writer, format!("m{room}x{member}"), room));
            } else {
                std::mem::forget(writer);
            }
        }
        if wire == Wire::Redis {
            let (_, writer) = TcpStream::connect(("127.0.0.1", server.port))
                .await?
                .into_split();
            writers.push((writer, String::new(), room));
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    got.store(0, Ordering::Relaxed);
    let receivers = if wire == Wire::Jim {
        load.members - 1
    } else {
        load.members
    } as u64;
    let (total, before) = (load.per_second * load.seconds, server.cpu()?);
    send(&mut writers, load, total, wire).await?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while got.load(Ordering::Relaxed) < total * receivers && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok((got.load(Ordering::Relaxed), server.cpu()? - before))
}

/// Writes messages from one writer after another, at an even pace in steps of a millisecond.
async fn send(
    writers: &mut [(OwnedWriteHalf, String, usize)],
    load: Load,
    total: u64,
    wire: Wire,
) -> Outcome<()> {
    let start = Instant::now();
    let mut sent = 0;
    let mut next = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    while sent < total {
        tick.tick().await;
        let due = (start.elapsed().as_micros() * u128::from(load.per_second) / 1_000_000)
            .min(u128::from(total));
        while u128::from(sent) < due {
            let count = writers.len();
            // A step that shares no divisor with the rooms' size spreads neighbours over the rooms.
            next = (next + load.members * 7 + 1) % count;
            let (writer, name, room) = &mut writers[next];
            writer.write_all(&message(name, *room, wire)).await?;
            sent += 1;
        }
    }
    Ok(())
}

fn message(name: &str, room: usize, wire: Wire) -> Vec<u8> {
    match wire {
        Wire::Jim => format!(
            r##"{{"action":"msg","time":1,"to":"#room{room}","from":"{name}","message":"{TEXT}"}}"##
        )
        .into_bytes(),
        Wire::Redis => {
            let channel = format!("room{room}");
            let (length, text) = (channel.len(), TEXT.len());
            format!("*3\r\n$7\r\nPUBLISH\r\n${length}\r\n{channel}\r\n${text}\r\n{TEXT}\r\n")
                .into_bytes()
        }
    }
}

async fn connect(
    port: u16,
    room: usize,
    member: usize,
    wire: Wire,
    got: Arc<AtomicU64>,
) -> Outcome<OwnedWriteHalf> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let hello = match wire {
        Wire::Jim => format!(
            r##"{{"action":"presence","time":1,"user":{{"account_name":"m{room}x{member}"}}}}{{"action":"join","time":1,"room":"#room{room}"}}"##
        ),
        Wire::Redis => format!(
            "*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\nroom{room}\r\n",
            format!("room{room}").len()
        ),
    };
    writer.write_all(hello.as_bytes()).await?;
    let mut buffer = vec![0; 4096];
    if wire == Wire::Redis {
        let _confirmed = reader.read(&mut buffer).await?;
    } else {
        let mut answers = 0;
        while answers < 2 {
            let count = reader.read(&mut buffer).await?;
            answers += buffer[..count]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
        }
    }
    tokio::spawn(async move {
        // The text is in each delivery once; it may be cut between two reads.
        let mark = TEXT.as_bytes();
        let mut matched = 0;
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count) = reader.read(&mut buffer).await {
            if count == 0 {
                break;
            }
            for byte in &buffer[..count] {
                matched = if *byte == mark[matched] {
                    matched + 1
                } else {
                    usize::from(*byte == mark[0])
                };
                if matched == mark.len() {
                    got.fetch_add(1, Ordering::Relaxed);
                    matched = 0;
                }
            }
        }
    });
    Ok(writer)
}
