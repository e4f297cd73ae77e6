#![forbid(unsafe_code)]
//! What an idle connection costs: resident memory of the server per connection that says nothing.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example idle -- [CONNECTIONS]
//! ```
//!
//! Default: 5,000. The server is `tolmach serve` with SQLite, the build beside this program, a new one for each row:
//! JIM guests in no room, JIM guests in one room, connections of one Talker account in one room, connections of purpose and
//! of uchat before anybody is logged in, and JIM guests in no room through TLS. Its memory is read from `/proc` before and after
//! they came, once all is quiet. Linux only.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tolmach_reliability::Outcome;
use tolmach_reliability::encrypted::Encryption;
use tolmach_reliability::server::Server;

/// Nothing happens by the mere passing of time, and nobody is too many.
const SETTINGS: [(&str, &str); 5] = [
    ("LIMITS__CONNECTIONS", "0"),
    ("LIMITS__LOGIN_TIMEOUT", "0s"),
    ("JIM__NOTICES", "[]"),
    ("TALKER__IDLE_AFTER", "0s"),
    ("TALKER__CLOSE_AFTER", "0s"),
];

/// Who connects.
#[derive(Clone, Copy)]
enum Who {
    JimGuest,
    JimGuestInRoom,
    Talker,
    PurposeStranger,
    UchatStranger,
    EncryptedJimGuest,
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
        ("JIM guests through TLS", Who::EncryptedJimGuest),
    ] {
        let each = runtime.block_on(measure(who, connections))?;
        println!("{name:<32}{each:>22}");
    }
    Ok(())
}

async fn measure(who: Who, connections: usize) -> Outcome<usize> {
    let program = std::env::current_exe()?
        .with_file_name("")
        .join("../tolmach");
    let dir = tempfile::tempdir()?;
    let server = Server::spawn(Server::command(&program, dir.path(), &SETTINGS))?;
    let token = server.account("anna")?.token;
    // What the first ones make the server load is not theirs.
    let mut open = Vec::new();
    for number in 0..50 {
        open.push(connect(&server, dir.path(), who, number, &token).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.resident()?;
    for number in 50..50 + connections {
        open.push(connect(&server, dir.path(), who, number, &token).await?);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = server.resident()?;
    Ok(after.saturating_sub(before) / connections)
}

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

async fn connect(
    server: &Server,
    data_dir: &Path,
    who: Who,
    number: usize,
    token: &str,
) -> Outcome<Box<dyn Stream>> {
    let presence =
        format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"guest{number}"}}}}"#);
    let (listener, hello, answers) = match who {
        Who::JimGuest => ("jim", presence, 1),
        Who::JimGuestInRoom => {
            let join = r##"{"action":"join","time":1,"room":"#lobby"}"##;
            ("jim", format!("{presence}{join}"), 2)
        }
        Who::Talker => {
            let connect = format!(r#"{{"type":"connect","room":"lobby","token":"{token}"}}"#);
            ("talker", format!("{connect}\n"), 1)
        }
        Who::PurposeStranger => ("purpose.2", String::new(), 0),
        Who::UchatStranger => ("uchat", String::new(), 0),
        Who::EncryptedJimGuest => ("jim", presence, 1),
    };
    let address = server.address(listener)?;
    let mut stream: Box<dyn Stream> = match who {
        Who::EncryptedJimGuest => {
            let encryption = Encryption::to_gateway(data_dir)?;
            Box::new(encryption.connect(address).await?)
        }
        _ => Box::new(TcpStream::connect(address).await?),
    };
    stream.write_all(hello.as_bytes()).await?;
    stream.flush().await?;
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
