#![forbid(unsafe_code)]
//! What a delivery costs: CPU time of the server per message that a receiver gets, beside redis pub/sub in the same run.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example fanout -- [ROOMS MEMBERS MESSAGES_PER_SECOND SECONDS] [--server PATH]... [--runs NUMBER]
//! ```
//!
//! Default: 100 rooms of 10 members, 2,000 messages a second, 10 seconds, one run. Servers: `tolmach serve` (the release build
//! beside this program, or those named by `--server`, the first being what the others are compared to) with `memory:` and with SQLite, and `redis-server` if it is on the path. Each is its own process; its CPU
//! time is read from `/proc` before and after the messages. With `memory:` there is a row more: all members through TLS. Members of tolmach's rooms are JIM guests who all
//! write in turn; redis has as many subscribers, and one publisher for each room. Linux only.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tolmach_reliability::Outcome;
use tolmach_reliability::encrypted::Encryption;
use tolmach_reliability::server::{Server, cpu_of};

/// The text of every message.
const TEXT: &str =
    "The quick brown fox jumps over the lazy dog, says the interpreter, and nobody is surprised.";

/// What tolmach keeps its messages in, and whether its clients speak TLS.
const KINDS: [(&str, bool); 3] = [
    ("memory:", false),
    ("memory:", true),
    ("sqlite:tolmach.db", false),
];

#[derive(Clone, Copy)]
struct Load {
    rooms: usize,
    members: usize,
    per_second: u64,
    seconds: u64,
}

/// What is measured.
struct Plan {
    load: Load,
    /// The `tolmach` programs, each with each store.
    servers: Vec<PathBuf>,
    runs: usize,
}

impl Plan {
    fn from_arguments() -> Outcome<Self> {
        let (mut numbers, mut servers, mut runs) = (Vec::new(), Vec::new(), 1);
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--server" => servers.push(arguments.next().ok_or("--server PATH")?.into()),
                "--runs" => runs = arguments.next().ok_or("--runs NUMBER")?.parse()?,
                number => numbers.push(number.parse()?),
            }
        }
        if servers.is_empty() {
            let here = std::env::current_exe()?.with_file_name("");
            servers.push(here.join("../tolmach"));
        }
        let number = |place: usize, default: u64| numbers.get(place).copied().unwrap_or(default);
        let load = Load {
            rooms: usize::try_from(number(0, 100))?,
            members: usize::try_from(number(1, 10))?,
            per_second: number(2, 2000),
            seconds: number(3, 10),
        };
        Ok(Self {
            load,
            servers,
            runs,
        })
    }
}

fn main() -> Outcome<()> {
    let plan = Plan::from_arguments()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // One after another in each run, so that what else the machine does meets all of them.
    let mut results: Vec<(String, Vec<f64>)> = Vec::new();
    for _ in 0..plan.runs {
        let each = runtime.block_on(run_once(&plan))?;
        if results.is_empty() {
            results = each
                .into_iter()
                .map(|(name, cost)| (name, vec![cost]))
                .collect();
        } else {
            for ((_, costs), (_, cost)) in results.iter_mut().zip(each) {
                costs.push(cost);
            }
        }
    }
    report(&plan, &mut results);
    Ok(())
}

/// CPU-µs a delivery of each server, by what it is called.
async fn run_once(plan: &Plan) -> Outcome<Vec<(String, f64)>> {
    let mut costs = Vec::new();
    for (store, is_encrypted) in KINDS {
        for (place, program) in plan.servers.iter().enumerate() {
            let dir = tempfile::tempdir()?;
            let settings = [("STORE__URL", store), ("LIMITS__REQUESTS_PER_SECOND", "0")];
            let server = Server::spawn(Server::command(program, dir.path(), &settings))?;
            let (port, cpu) = (server.address("jim")?.port(), || server.cpu());
            let (encryption, how) = match is_encrypted {
                true => (Some(Encryption::to_gateway(dir.path())?), " TLS"),
                false => (None, ""),
            };
            let cost = measure(port, cpu, plan.load, Wire::Jim(encryption)).await?;
            costs.push((format!("tolmach {} {store}{how}", place + 1), cost));
        }
    }
    match Redis::start() {
        Ok(redis) => {
            let cpu = || cpu_of(redis.child.id());
            let cost = measure(redis.port, cpu, plan.load, Wire::Redis).await?;
            costs.push(("redis pub/sub".to_owned(), cost));
        }
        Err(error) => eprintln!("redis was not measured: {error}"),
    }
    Ok(costs)
}

/// Medians, each with its ratio to the first server's with the same store.
fn report(plan: &Plan, results: &mut [(String, Vec<f64>)]) {
    let header = "CPU-µs a delivery";
    println!(
        "{:<34}{header:>20}{:>10}{:>16}",
        "server", "ratio", "least to most"
    );
    let mut first = 0.0;
    for (place, (name, costs)) in results.iter_mut().enumerate() {
        costs.sort_by(f64::total_cmp);
        let median = costs[costs.len() / 2];
        if place % plan.servers.len() == 0 {
            first = median;
        }
        let (least, most) = (costs[0], costs[costs.len() - 1]);
        let ratio = median / first;
        println!("{name:<34}{median:>20.2}{ratio:>10.2}{least:>8.2}{most:>8.2}");
    }
}

#[derive(Clone)]
enum Wire {
    /// Through TLS, if so.
    Jim(Option<Encryption>),
    Redis,
}

type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// `redis-server` as a process of its own.
struct Redis {
    child: Child,
    port: u16,
    _dir: TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Redis {
    fn start() -> Outcome<Self> {
        let dir = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let port_text = port.to_string();
        let child = Command::new("redis-server")
            .args([
                "--port",
                &port_text,
                "--save",
                "",
                "--bind",
                "127.0.0.1",
                "--dir",
            ])
            .arg(dir.path())
            .stdout(Stdio::null())
            .spawn()?;
        let redis = Self {
            child,
            port,
            _dir: dir,
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                return Err("redis-server did not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }
}

/// CPU-µs of the server on this port for each delivery; `cpu` tells its time so far.
async fn measure(
    port: u16,
    cpu: impl Fn() -> Outcome<Duration>,
    load: Load,
    wire: Wire,
) -> Outcome<f64> {
    let got = Arc::new(AtomicU64::new(0));
    let is_jim = matches!(wire, Wire::Jim(_));
    let mut writers: Vec<(Writer, String, usize)> = Vec::new();
    for room in 0..load.rooms {
        for member in 0..load.members {
            let writer = connect(port, room, member, &wire, got.clone()).await?;
            if is_jim {
                writers.push((writer, format!("m{room}x{member}"), room));
            } else {
                std::mem::forget(writer);
            }
        }
        if !is_jim {
            let (_, writer) = TcpStream::connect(("127.0.0.1", port)).await?.into_split();
            writers.push((Box::new(writer), String::new(), room));
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    got.store(0, Ordering::Relaxed);
    let receivers = if is_jim {
        load.members - 1
    } else {
        load.members
    } as u64;
    let (total, before) = (load.per_second * load.seconds, cpu()?);
    send(&mut writers, load, total, &wire).await?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while got.load(Ordering::Relaxed) < total * receivers && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (deliveries, cpu) = (got.load(Ordering::Relaxed), cpu()? - before);
    if deliveries < total * receivers {
        return Err(format!("{deliveries} of {} deliveries came", total * receivers).into());
    }
    Ok(cpu.as_secs_f64() * 1e6 / deliveries as f64)
}

/// Writes messages from one writer after another, at an even pace in steps of a millisecond.
async fn send(
    writers: &mut [(Writer, String, usize)],
    load: Load,
    total: u64,
    wire: &Wire,
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
            writer.flush().await?;
            sent += 1;
        }
    }
    Ok(())
}

fn message(name: &str, room: usize, wire: &Wire) -> Vec<u8> {
    match wire {
        Wire::Jim(_) => format!(
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
    wire: &Wire,
    got: Arc<AtomicU64>,
) -> Outcome<Writer> {
    let (mut reader, mut writer): (Box<dyn AsyncRead + Send + Unpin>, Writer) = match wire {
        Wire::Jim(Some(encryption)) => {
            let stream = encryption.connect(([127, 0, 0, 1], port).into()).await?;
            let (reader, writer) = tokio::io::split(stream);
            (Box::new(reader), Box::new(writer))
        }
        Wire::Jim(None) | Wire::Redis => {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let (reader, writer) = stream.into_split();
            (Box::new(reader), Box::new(writer))
        }
    };
    let hello = match wire {
        Wire::Jim(_) => format!(
            r##"{{"action":"presence","time":1,"user":{{"account_name":"m{room}x{member}"}}}}{{"action":"join","time":1,"room":"#room{room}"}}"##
        ),
        Wire::Redis => format!(
            "*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\nroom{room}\r\n",
            format!("room{room}").len()
        ),
    };
    writer.write_all(hello.as_bytes()).await?;
    writer.flush().await?;
    let mut buffer = vec![0; 4096];
    if matches!(wire, Wire::Redis) {
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
