//! A PostgreSQL of one's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};

use crate::{free_port, left_out, program, when_this_ends};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server; it ends with the process that started it.
pub struct Postgres {
    directory: PathBuf,
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
    settings: Vec<String>,
    process: Mutex<Option<Child>>,
    /// Its input ends with this process.
    _end: Child,
}

impl Postgres {
    /// The one that all tests of this process share. It does not wait for its disk.
    #[must_use]
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Self::quick).as_ref()
    }

    /// One of one's own, to be killed, that does not wait for its disk.
    #[must_use]
    pub fn quick() -> Option<Self> {
        Self::start(&["fsync=off", "full_page_writes=off"])
    }

    /// One that waits for its disk, as one in use does.
    #[must_use]
    pub fn durable() -> Option<Self> {
        Self::start(&[])
    }

    /// One that speaks TLS, too, with the keys and certificates in a directory: its own is of 127.0.0.1 (`ca.pem` vouches for it,
    /// `other.pem` does not). The role `certain` needs its certificate (`client.pem`, `client.key`), `scram` its password.
    #[must_use]
    pub fn encrypted() -> Option<(Self, tempfile::TempDir)> {
        let made = tempfile::tempdir().expect("a directory");
        if !crate::certificates(made.path()) {
            return None;
        }
        let server = Self::quick()?;
        let data = server.directory.join("data");
        for name in ["ca.pem", "certificate.pem", "key.pem"] {
            let own = data.join(name);
            fs::copy(made.path().join(name), &own).expect("a copy");
            fs::set_permissions(&own, PermissionsExt::from_mode(0o600)).expect("chmod");
            if Uid::effective().is_root() {
                let user = user();
                nix::unistd::chown(&own, Some(user.uid), Some(user.gid)).expect("chown");
            }
        }
        let rules = "hostssl all certain 127.0.0.1/32 cert\nhostssl all scram 127.0.0.1/32 scram-sha-256\n\
            host all tolmach 127.0.0.1/32 trust\n";
        fs::write(data.join("pg_hba.conf"), rules).expect("rules");
        for setting in [
            "ssl_ca_file = 'ca.pem'",
            "ssl_cert_file = 'certificate.pem'",
            "ssl_key_file = 'key.pem'",
            "ssl = on",
        ] {
            server.sql("postgres", &format!("ALTER SYSTEM SET {setting}"));
        }
        server.sql("postgres", "CREATE ROLE certain SUPERUSER LOGIN");
        server.sql(
            "postgres",
            "CREATE ROLE scram SUPERUSER LOGIN PASSWORD 'secret'",
        );
        server.sql("postgres", "SELECT pg_reload_conf()");
        Some((server, made))
    }

    fn start(settings: &[&str]) -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let mut places: Vec<PathBuf> = versions.flatten().map(|it| it.path().join("bin")).collect();
        places.sort();
        places.reverse();
        let Some(initdb) = program("initdb", &places) else {
            left_out("PostgreSQL");
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("tolmach-postgres-")
            .tempdir();
        let directory = directory.expect("a directory").keep();
        let end = when_this_ends(
            "kill -QUIT $(head -n 1 \"$0/data/postmaster.pid\"); sleep 1",
            &directory,
        );
        let server = Self {
            programs: initdb.parent().expect("a directory").to_owned(),
            port: free_port(),
            databases: AtomicU32::new(0),
            settings: settings.iter().map(ToString::to_string).collect(),
            process: Mutex::new(None),
            _end: end,
            directory,
        };
        if Uid::effective().is_root() {
            let user = user();
            nix::unistd::chown(&server.directory, Some(user.uid), Some(user.gid)).expect("chown");
        }
        let made = server
            .program("initdb")
            .args([
                "--username=tolmach",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ])
            .arg(server.directory.join("data"))
            .output()
            .expect("initdb");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "initdb: {said}");
        server.serve();
        Some(server)
    }

    /// Starts the server, after it was killed, and waits until it answers.
    pub fn serve(&self) {
        let mut log = fs::File::options();
        let log = log
            .create(true)
            .append(true)
            .open(self.directory.join("log"));
        let log = log.expect("a log");
        let mut command = self.program("postgres");
        command
            .arg("-D")
            .arg(self.directory.join("data"))
            .args(["-p", &self.port.to_string(), "-h", "127.0.0.1"])
            .args([
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=400",
                "-c",
                "shared_buffers=64MB",
            ]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = command.spawn().expect("postgres");
        *self.process.lock().expect("no test panicked here") = Some(process);
        let until = Instant::now() + PATIENCE;
        while !self.answers() {
            let log = fs::read_to_string(self.directory.join("log"));
            assert!(Instant::now() < until, "PostgreSQL does not start: {log:?}");
            sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let asked = self
            .program("pg_isready")
            .args(["-q", "-t", "1", "-U", "tolmach", "-d", "postgres"])
            .args(self.place())
            .status();
        asked.is_ok_and(|status| status.success())
    }

    fn place(&self) -> [String; 4] {
        let port = self.port.to_string();
        [
            "-h".to_owned(),
            "127.0.0.1".to_owned(),
            "-p".to_owned(),
            port,
        ]
    }

    /// One of its programs, as the user that it runs as.
    fn program(&self, name: &str) -> Command {
        let file = self.programs.join(name);
        if !Uid::effective().is_root() {
            return Command::new(file);
        }
        let user = user();
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid))
            .arg("--clear-groups")
            .arg(file)
            .current_dir("/");
        command
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database; its URL.
    #[must_use]
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("d{}_{number}", std::process::id());
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!(
            "postgres://tolmach@127.0.0.1:{}/{name}?sslmode=disable",
            self.port
        )
    }

    /// Carries out a statement in a database, and gives what it says.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let asked = self
            .program("psql")
            .args(self.place())
            .args([
                "-U",
                "tolmach",
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                database,
                "-c",
                statement,
            ])
            .output()
            .expect("psql");
        let said = String::from_utf8_lossy(&asked.stderr);
        assert!(asked.status.success(), "{statement}: {said}");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    }

    /// As [`Postgres::sql`], in the database of a URL of [`Postgres::database`].
    pub fn ask(&self, url: &str, statement: &str) -> String {
        let name = url.rsplit('/').next().expect("a name");
        self.sql(name.split('?').next().expect("a name"), statement)
    }

    /// Ends all connections to a database.
    pub fn terminate(&self, url: &str) {
        let statement = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.ask(url, statement);
    }

    /// The number of its first process, whose children the others are.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.pid().as_raw().unsigned_abs()
    }

    /// Its first process.
    fn pid(&self) -> Pid {
        let file = fs::read_to_string(self.directory.join("data/postmaster.pid")).expect("it runs");
        Pid::from_raw(
            file.lines()
                .next()
                .expect("a number")
                .parse()
                .expect("a number"),
        )
    }

    /// Kills all of its processes, as a power cut does, and waits until they are gone: the next one does not start beside them.
    pub fn kill(&self) {
        // It starts no other meanwhile.
        let _ = kill(self.pid(), Signal::SIGSTOP);
        let killed = self.signal(Signal::SIGKILL);
        let process = self.process.lock().expect("no test panicked here").take();
        process.expect("it runs").wait().expect("its end");
        while killed.iter().any(|pid| is_running(*pid)) {
            sleep(Duration::from_millis(5));
        }
    }

    /// Sends its processes a signal: SIGSTOP pauses it, SIGCONT lets it go on. Which they are.
    pub fn signal(&self, signal: Signal) -> Vec<Pid> {
        let leader = self.pid();
        let listed = Command::new("ps")
            .args(["-o", "pid=", "--ppid", &leader.to_string()])
            .output();
        let listed = listed.expect("ps").stdout;
        let children = String::from_utf8_lossy(&listed).into_owned();
        let children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        // The first one would start others.
        let all: Vec<Pid> = [leader]
            .into_iter()
            .chain(children.map(Pid::from_raw))
            .collect();
        for pid in &all {
            // One that is gone needs none.
            let _ = kill(*pid, signal);
        }
        all
    }
}

/// Whether a process is there that has not ended; one that nobody has waited for has.
fn is_running(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| !"ZX".contains(state))
}

/// As whom a server runs that does not run as root.
fn user() -> User {
    let named = ["postgres", "nobody"].map(|name| User::from_name(name).ok().flatten());
    named.into_iter().flatten().next().expect("a user")
}
