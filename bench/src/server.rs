//! Servers as processes.

use std::io::{self, BufRead, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tolmach_reliability::Outcome;
use tolmach_reliability::client::Dialect;

use crate::cores::Process;
use crate::gateway::Gateway;
use crate::subject::Kind;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs; it is killed where it is dropped.
pub(crate) enum Server {
    /// One that has one address.
    Peer {
        process: Process,
        address: SocketAddr,
        _dir: TempDir,
    },
    /// tolmach.
    Tolmach(Box<Gateway>),
}

impl Server {
    /// Starts one and waits until it listens; none where its program is not installed.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(kind: Kind, tolmach: &Path, dir: &Path) -> Outcome<Option<Self>> {
        match kind {
            Kind::Tolmach(store) => {
                let gateway = Gateway::start(tolmach, store, dir)?;
                Ok(Some(Self::Tolmach(Box::new(gateway))))
            }
            Kind::Bare { echo, .. } => bare(echo).map(Some),
            Kind::Redis => peer(redis),
            Kind::Inspircd => peer(inspircd),
            Kind::Nats => peer(nats),
            Kind::Mosquitto => peer(mosquitto),
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        match self {
            Self::Peer { process, .. } => process.id(),
            Self::Tolmach(gateway) => gateway.id(),
        }
    }

    /// Where it is spoken to, in this dialect where it is tolmach.
    ///
    /// # Errors
    /// tolmach does not listen for it.
    pub(crate) fn address(&self, dialect: Option<Dialect>) -> Outcome<SocketAddr> {
        match (self, dialect) {
            (Self::Peer { address, .. }, _) => Ok(*address),
            (Self::Tolmach(gateway), Some(dialect)) => gateway.address(dialect),
            (Self::Tolmach(_), None) => Err("no dialect".into()),
        }
    }
}

/// This program's own loop.
fn bare(echo: bool) -> Outcome<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").stdout(Stdio::piped());
    if echo {
        command.arg("--echo");
    }
    let mut process = Process::start(&mut command)?;
    let mut ready = String::new();
    let stdout = process.child().stdout.take().ok_or("no output")?;
    BufReader::new(stdout).read_line(&mut ready)?;
    Ok(Server::Peer {
        process,
        address: ready.trim().parse()?,
        _dir: tempfile::tempdir()?,
    })
}

/// A program of the system's, told to listen on this port of 127.0.0.1 with what it keeps in this directory.
fn peer(command: impl FnOnce(u16, &Path) -> io::Result<Command>) -> Outcome<Option<Server>> {
    let dir = tempfile::tempdir()?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = command(address.port(), dir.path())?;
    command
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let process = match Process::start(&mut command) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let program = command.get_program().to_string_lossy();
            eprintln!("{program} is not installed: left out");
            return Ok(None);
        }
        started => started?,
    };
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        if Instant::now() > deadline {
            let program = command.get_program().to_string_lossy();
            return Err(format!("{program} does not listen").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Some(Server::Peer {
        process,
        address,
        _dir: dir,
    }))
}

fn redis(port: u16, _: &Path) -> io::Result<Command> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    command.args(["--save", "", "--maxclients", "50000"]);
    command.args(["--client-output-buffer-limit", "pubsub", "0", "0", "0"]);
    Ok(command)
}

fn inspircd(port: u16, dir: &Path) -> io::Result<Command> {
    let config = dir.join("inspircd.conf");
    std::fs::write(&config, INSPIRCD.replace("PORT", &port.to_string()))?;
    let mut command = Command::new("inspircd");
    command.args(["--nofork", "--nolog", "--nopid", "--runasroot", "--config"]);
    command.arg(config);
    Ok(command)
}

/// Nobody is too many or too fast.
const INSPIRCD: &str = r#"
<server name="bench.example" description="bench" network="bench" id="1AA">
<admin name="bench" nick="bench" email="bench@example.org">
<bind address="127.0.0.1" port="PORT" type="clients">
<connect name="bench" allow="*" timeout="60" pingfreq="1h" hardsendq="1G" softsendq="1G" recvq="1M" threshold="100000000"
 commandrate="100000000" fakelag="no" localmax="100000" globalmax="100000" maxchans="100" limit="100000" resolvehostnames="no" uniqueusername="no" useident="no">
<class name="none" commands="">
<performance quietbursts="yes" softlimit="100000" somaxconn="1024" netbuffersize="65534">
<security maxtargets="20">
<options nouserdns="yes">
<module name="cap">
<module name="ircv3_echomessage">
"#;

fn nats(port: u16, _: &Path) -> io::Result<Command> {
    let mut command = Command::new("nats-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]);
    Ok(command)
}

fn mosquitto(port: u16, dir: &Path) -> io::Result<Command> {
    let config = dir.join("mosquitto.conf");
    let lines = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\nuser root\n"
    );
    std::fs::write(&config, lines)?;
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(config);
    Ok(command)
}
