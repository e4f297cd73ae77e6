#![forbid(unsafe_code)]
//! What TLS costs beside another server: handshakes a second, the server's CPU time for one, its memory for a connection that
//! has shaken hands and says nothing.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example handshakes -- [HANDSHAKES] [CONNECTIONS]
//! ```
//!
//! Default: 2,000 and 1,000. The servers are `tolmach serve`, the build beside this program, and `inspircd` where it is
//! installed, with the same certificate (P-256), three times in turn. Each handshake is a whole one, none resumes; 8 are under
//! way at once. Linux only.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tolmach_reliability::Outcome;
use tolmach_reliability::encrypted::Encryption;
use tolmach_reliability::server::{Server, cpu_of, resident_of};

/// Handshakes that are under way at once.
const AT_ONCE: usize = 8;
/// Nobody is too many, or too silent.
const SETTINGS: [(&str, &str); 2] = [
    ("LIMITS__CONNECTIONS", "0"),
    ("LIMITS__LOGIN_TIMEOUT", "0s"),
];

fn main() -> Outcome<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let handshakes = numbers.next().transpose()?.unwrap_or(2000);
    let connections = numbers.next().transpose()?.unwrap_or(1000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(compare(handshakes, connections))
}

async fn compare(handshakes: usize, connections: usize) -> Outcome<()> {
    let program = std::env::current_exe()?
        .with_file_name("")
        .join("../tolmach");
    println!(
        "{:<10}{:>14}{:>20}{:>22}",
        "", "handshakes/s", "CPU-µs a handshake", "bytes a connection"
    );
    for _ in 0..3 {
        let dir = tempfile::tempdir()?;
        let server = Server::spawn(Server::command(&program, dir.path(), &SETTINGS))?;
        let pair = dir.path().join("tls");
        let encryption = Encryption::to_gateway(dir.path())?;
        let address = server.address("jim")?;
        measure(
            "tolmach",
            server.id(),
            address,
            &encryption,
            handshakes,
            connections,
        )
        .await?;
        match Inspircd::spawn(dir.path(), &pair)? {
            Some(peer) => {
                let (process, address) = (peer.child.id(), peer.address);
                measure(
                    "inspircd",
                    process,
                    address,
                    &encryption,
                    handshakes,
                    connections,
                )
                .await?;
            }
            None => println!("inspircd is not installed: left out"),
        }
    }
    Ok(())
}

async fn measure(
    name: &str,
    process: u32,
    address: SocketAddr,
    encryption: &Encryption,
    handshakes: usize,
    connections: usize,
) -> Outcome<()> {
    // What the first ones make the server load is not theirs.
    let mut open = Vec::new();
    for _ in 0..50 {
        open.push(encryption.connect(address).await?);
    }
    let (began, before) = (Instant::now(), cpu_of(process)?);
    let mut under_way = JoinSet::new();
    for _ in 0..handshakes {
        if under_way.len() == AT_ONCE {
            under_way.join_next().await.ok_or("none is under way")???;
        }
        let encryption = encryption.clone();
        under_way.spawn(async move { encryption.connect(address).await.map(drop) });
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    let (took, cpu) = (began.elapsed(), cpu_of(process)? - before);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = resident_of(process)?;
    for _ in 0..connections {
        open.push(encryption.connect(address).await?);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let memory = resident_of(process)?.saturating_sub(before) / connections.max(1);
    println!(
        "{name:<10}{:>14.0}{:>20.0}{memory:>22}",
        handshakes as f64 / took.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / handshakes as f64,
    );
    Ok(())
}

/// The other server; it ends when this is dropped.
struct Inspircd {
    child: Child,
    address: SocketAddr,
}

impl Inspircd {
    /// None where it is not installed.
    fn spawn(dir: &Path, pair: &Path) -> Outcome<Option<Self>> {
        let places = ["/usr/sbin/inspircd", "/usr/bin/inspircd"].map(PathBuf::from);
        let Some(program) = places.iter().find(|place| place.exists()) else {
            return Ok(None);
        };
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let (config, pair, port) = (dir.join("inspircd.conf"), pair.display(), address.port());
        let text = format!(
            r#"<server name="irc.test" description="t" network="t">
<admin name="t" nick="t" email="t@irc.test">
<module name="ssl_gnutls">
<sslprofile name="Clients" provider="gnutls" certfile="{pair}/certificate.pem" keyfile="{pair}/key.pem">
<bind address="127.0.0.1" port="{port}" type="clients" sslprofile="Clients">
<connect name="all" allow="*" timeout="3600" localmax="100000" globalmax="100000" maxconnwarn="no" useident="no" resolvehostnames="no">
<performance softlimit="100000">
<pid file="{dir}/inspircd.pid">
<log method="file" type="*" level="default" target="{dir}/inspircd.log">
"#,
            dir = dir.display()
        );
        std::fs::write(&config, text)?;
        let child = Command::new(program)
            .args(["--nofork", "--runasroot", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let peer = Self { child, address };
        let late = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(address).is_err() {
            if Instant::now() > late {
                return Err("inspircd does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Some(peer))
    }
}

impl Drop for Inspircd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
