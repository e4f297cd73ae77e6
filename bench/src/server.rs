//! Servers as processes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tempfile::TempDir;
use tolmach_load::Wire;
use tolmach_reliability::Outcome;
use tolmach_reliability::client::Dialect;

use crate::cores::Process;
use crate::gateway::Gateway;
use crate::subject::{Kind, Over};
use crate::wires::{Postgres, TABLE};

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
    /// Starts one and waits until it listens; none where its program is not installed. What it keeps is in the first directory,
    /// or in the second where it is to last.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(
        kind: Kind,
        tolmach: &Path,
        [dir, disk]: [&Path; 2],
    ) -> Outcome<Option<Self>> {
        let gateway = |store, dir| {
            let gateway = Gateway::start(tolmach, &[("STORE__URL", store)], dir)?;
            Ok(Some(Self::Tolmach(Box::new(gateway))))
        };
        match kind {
            Kind::Tolmach(store) => gateway(store, dir),
            Kind::OnDisk(store) => gateway(store, disk),
            Kind::JetStream => peer(disk, jetstream, listens),
            Kind::Postgres => peer(disk, postgres, lets_in),
            Kind::Bare { echo, .. } => bare(echo).map(Some),
            Kind::Redis => peer(dir, redis, listens),
            Kind::Inspircd => peer(dir, inspircd, listens),
            Kind::Nats => peer(dir, nats, listens),
            Kind::Mosquitto => peer(dir, mosquitto, listens),
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        match self {
            Self::Peer { process, .. } => process.id(),
            Self::Tolmach(gateway) => gateway.id(),
        }
    }

    /// Where it is spoken to, in this dialect and over this where it is tolmach.
    ///
    /// # Errors
    /// tolmach does not listen for it.
    pub(crate) fn address(&self, dialect: Option<Dialect>, over: Over) -> Outcome<SocketAddr> {
        match (self, dialect) {
            (Self::Peer { address, .. }, _) => Ok(*address),
            (Self::Tolmach(gateway), _) if over == Over::WebSocket => gateway.http(),
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

/// Whether somebody listens there.
fn listens(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

/// Whether PostgreSQL lets somebody in there: while it begins, it refuses.
fn lets_in(address: SocketAddr) -> bool {
    let (mut hello, mut answer) = (BytesMut::new(), [0]);
    Postgres::new(0).open(&mut hello);
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        stream.write_all(&hello)?;
        stream.read_exact(&mut answer)
    });
    asked.is_ok() && answer == [Postgres::LET_IN]
}

/// A program of the system's, told to listen on this port of 127.0.0.1 with what it keeps in this directory.
fn peer(
    dir: &Path,
    command: impl FnOnce(u16, &Path) -> io::Result<Command>,
    is_ready: impl Fn(SocketAddr) -> bool,
) -> Outcome<Option<Server>> {
    let dir = tempfile::tempdir_in(std::path::absolute(dir)?)?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = match command(address.port(), dir.path()) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("{error}: left out");
            return Ok(None);
        }
        command => command?,
    };
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
    while !is_ready(address) {
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

fn jetstream(port: u16, dir: &Path) -> io::Result<Command> {
    let mut command = nats(port, dir)?;
    command.arg("-js").arg("-sd").arg(dir);
    Ok(command)
}

/// As its packages set it up: each commit is synced. It does not run as root.
fn postgres(port: u16, dir: &Path) -> io::Result<Command> {
    let not_found = || io::Error::new(ErrorKind::NotFound, "PostgreSQL is not installed");
    let versions = std::fs::read_dir("/usr/lib/postgresql").map_err(|_| not_found())?;
    let newest = versions.flatten().map(|version| version.path()).max();
    let programs = newest.ok_or_else(not_found)?.join("bin");
    let owner = std::fs::metadata("/var/lib/postgresql").map_err(|_| not_found())?;
    let is_root = std::fs::metadata("/proc/self")?.uid() == 0;
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.current_dir(dir).stdout(Stdio::null());
        if is_root {
            command.uid(owner.uid()).gid(owner.gid());
        }
        command
    };
    if is_root {
        chown(dir, Some(owner.uid()), Some(owner.gid()))?;
    }
    let done = |command: &mut Command| match command.status()? {
        status if status.success() => Ok(()),
        status => Err(io::Error::other(format!("PostgreSQL: {status}"))),
    };
    let data = dir.join("data");
    let as_always = ["-A", "trust", "-U", "postgres", "--no-sync", "-D"];
    done(program("initdb").args(as_always).arg(&data))?;
    let statement = dir.join("table.sql");
    std::fs::write(&statement, TABLE)?;
    let mut alone = program("postgres");
    alone.args(["--single", "-c", "log_min_messages=fatal", "-D"]);
    alone.arg(&data).arg("postgres");
    done(alone.stdin(File::open(statement)?))?;
    let mut command = program("postgres");
    command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
    command.args(["-c", "listen_addresses=127.0.0.1", "-c"]);
    command.arg(format!("unix_socket_directories={}", dir.display()));
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
