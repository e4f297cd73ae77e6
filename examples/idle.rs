#![forbid(unsafe_code)]
//! What an idle connection costs: resident memory of the server per connection that says nothing.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example idle -- [CONNECTIONS]
//! ```
//!
//! Default: 5,000. The server is `tolmach serve` with SQLite, the build beside this program, a new one for each row:
//! JIM guests in no room, JIM guests in one room, connections of one Talker account in one room, and connections of purpose and
//! of uchat before anybody is logged in. Its memory is read from `/proc` before and after they came, once all is quiet. Linux
//! only.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The listeners, with their settings.
const DIALECTS: [(&str, &str); 4] = [
    ("jim", ",notices=[]"),
    ("talker", ",idle_after=\"0s\",close_after=\"0s\""),
    ("purpose", ""),
    ("uchat", ""),
];

/// Who connects.
#[derive(Clone, Copy)]
enum Who {
    JimGuest,
    JimGuestInRoom,
    Talker,
    PurposeStranger,
    UchatStranger,
}

fn main() -> Outcome<()> {
    let connections = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 5000,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!("{:<32}{:>22}", "connections", "bytes a connection");
    for (name, who) in [
        ("JIM guests in no room", Who::JimGuest),
        ("JIM guests in one room", Who::JimGuestInRoom),
        ("Talker, one account, one room", Who::Talker),
        ("purpose, nobody logged in", Who::PurposeStranger),
        ("uchat, nobody logged in", Who::UchatStranger),
    ] {
        let each = runtime.block_on(measure(who, connections))?;
        println!("{name:<32}{each:>22}");
    }
    Ok(())
}

async fn measure(who: Who, connections: usize) -> Outcome<usize> {
    let server = Server::start()?;
    let token = server.token()?;
    // What the first ones make the server load is not theirs.
    let mut open = Vec::new();
    for number in 0..50 {
        open.push(server.connect(who, number, &token).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.resident()?;
    for number in 50..50 + connections {
        open.push(server.connect(who, number, &token).await?);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = server.resident()?;
    Ok(after.saturating_sub(before) / connections)
}

struct Server {
    child: Child,
    program: PathBuf,
    /// In the order of [`DIALECTS`].
    ports: Vec<u16>,
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
    fn start() -> Outcome<Self> {
        let dir = std::env::temp_dir().join(format!("tolmach-idle-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let program = std::env::current_exe()?
            .with_file_name("")
            .join("../tolmach");
        let listeners = DIALECTS.map(|(dialect, settings)| {
            format!("{{dialect=\"{dialect}\",address=\"127.0.0.1:0\"{settings}}}")
        });
        let mut child = Command::new(&program)
            .arg("serve")
            .env("TOLMACH_DATA_DIR", &dir)
            .env("TOLMACH_LISTENER", format!("[{}]", listeners.join(",")))
            .env("TOLMACH_LIMITS__CONNECTIONS", "0")
            .env("TOLMACH_LIMITS__LOGIN_TIMEOUT", "0s")
            .env("TOLMACH_LOG__LEVEL", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut ready = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut ready)?;
        let ports = ready
            .split_whitespace()
            .filter_map(|word| word.rsplit_once(':')?.1.parse().ok())
            .collect();
        Ok(Self {
            child,
            program,
            ports,
            dir,
        })
    }

    /// A token of a new account.
    fn token(&self) -> Outcome<String> {
        let operate = |arguments: &[&str]| -> Outcome<String> {
            let mut child = Command::new(&self.program)
                .args(arguments)
                .env("TOLMACH_DATA_DIR", &self.dir)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            if let Some(mut input) = child.stdin.take() {
                input.write_all(b"CorrectHorse\n")?;
            }
            let output = child.wait_with_output()?;
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        operate(&["user", "add", "anna"])?;
        operate(&["token", "create", "anna"])
    }

    async fn connect(&self, who: Who, number: usize, token: &str) -> Outcome<TcpStream> {
        let presence = format!(
            r#"{{"action":"presence","time":1,"user":{{"account_name":"guest{number}"}}}}"#
        );
        let (port, hello, answers) = match who {
            Who::JimGuest => (0, presence, 1),
            Who::JimGuestInRoom => {
                let join = r##"{"action":"join","time":1,"room":"#lobby"}"##;
                (0, format!("{presence}{join}"), 2)
            }
            Who::Talker => {
                let connect = format!(r#"{{"type":"connect","room":"lobby","token":"{token}"}}"#);
                (1, format!("{connect}\n"), 1)
            }
            Who::PurposeStranger => (2, String::new(), 0),
            Who::UchatStranger => (3, String::new(), 0),
        };
        let port = *self.ports.get(port).ok_or("no such listener")?;
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(hello.as_bytes()).await?;
        let (mut buffer, mut lines) = ([0; 4096], 0);
        while lines < answers {
            let count = stream.read(&mut buffer).await?;
            if count == 0 {
                return Err("the server closed the connection".into());
            }
            lines += buffer[..count]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
        }
        Ok(stream)
    }

    /// Bytes of memory that the server holds.
    fn resident(&self) -> Outcome<usize> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(kilobytes.ok_or("no VmRSS")?.parse::<usize>()? * 1024)
    }
}
