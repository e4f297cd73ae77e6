//! `tolmach serve` as a process of its own, and the command line beside it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;
use crate::client::Dialect;

/// The password of every account.
pub const PASSWORD: &str = "CorrectHorseBatteryStaple";

/// A running gateway; it is killed where it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    program: OsString,
    environment: Vec<(OsString, OsString)>,
    addresses: HashMap<String, SocketAddr>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who is somebody at the gateway: the account's login, its API token and the token's number.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The login, without regard to case the only one of its name.
    pub login: String,
    /// What opens Talker, uchat, and with its number purpose.
    pub token: String,
    /// The number of the token.
    pub token_id: i32,
}

impl Account {
    /// Its name as a guest of JIM: an account's login is none.
    #[must_use]
    pub fn guest(&self) -> String {
        format!("{}-guest", self.login)
    }

    /// The name that it has in rooms where it comes by this dialect.
    #[must_use]
    pub fn shown(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Jim => self.guest(),
            Dialect::Talker | Dialect::Purpose | Dialect::Uchat => self.login.clone(),
        }
    }
}

impl Server {
    /// `tolmach serve` over this data directory, to be [spawned](Self::spawn): settings are those of the environment without
    /// `TOLMACH_`. It listens on ports of 127.0.0.1 that the system chooses, a listener a dialect, and logs errors only.
    #[must_use]
    pub fn command(program: &Path, dir: &Path, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program);
        let listeners = ["jim", "talker", "purpose", "uchat"]
            .map(|dialect| format!("{{dialect=\"{dialect}\",address=\"127.0.0.1:0\"}}"));
        command
            .arg("serve")
            .env("TOLMACH_DATA_DIR", dir)
            .env("TOLMACH_LISTENER", format!("[{}]", listeners.join(",")))
            .env("TOLMACH_HTTP__ADDRESS", "")
            .env("TOLMACH_LOG__LEVEL", "error");
        for (key, value) in settings {
            command.env(format!("TOLMACH_{key}"), value);
        }
        command
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// It does not start, or ends before it is ready.
    pub fn spawn(mut command: Command) -> Outcome<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let set = command.get_envs().filter(|(key, _)| *key != "LD_PRELOAD");
        let set = set.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        let (environment, program) = (set.collect(), command.get_program().to_owned());
        let mut ready = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut ready)?;
        let listeners = ready.split_whitespace().filter_map(|word| {
            let (name, address) = word.split_once('=')?;
            Some((name.to_owned(), address.parse().ok()?))
        });
        let addresses: HashMap<_, _> = listeners.collect();
        let server = Self {
            child,
            program,
            environment,
            addresses,
        };
        match server.addresses.is_empty() {
            true => Err(format!("the gateway did not become ready: {ready:?}").into()),
            false => Ok(server),
        }
    }

    /// Where a listener listens, by its name in the line "ready".
    ///
    /// # Errors
    /// There is no such listener.
    pub fn address(&self, listener: &str) -> Outcome<SocketAddr> {
        let address = self.addresses.get(listener);
        Ok(*address.ok_or_else(|| format!("there is no listener {listener}"))?)
    }

    /// What a command of `tolmach` prints, given this line as its input.
    ///
    /// # Errors
    /// It fails.
    pub fn operate(&self, arguments: &[&str], input: &str) -> Outcome<String> {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut to) = child.stdin.take() {
            to.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("tolmach {}: {reason}", arguments.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// The objects that a command prints, a line each, with `--json`.
    ///
    /// # Errors
    /// It fails, or prints something else.
    pub fn list(&self, arguments: &[&str]) -> Outcome<Vec<serde_json::Value>> {
        let printed = self.operate(&[arguments, &["--json"]].concat(), "")?;
        let objects = printed.lines().map(serde_json::from_str);
        Ok(objects.collect::<Result<_, _>>()?)
    }

    /// A new account and a token of it.
    ///
    /// # Errors
    /// The command line fails.
    pub fn account(&self, login: &str) -> Outcome<Account> {
        self.operate(&["user", "add", login], PASSWORD)?;
        let token = self.operate(&["token", "create", login], "")?;
        let tokens = self.list(&["token", "list", login])?;
        let id = tokens.first().and_then(|token| token["id"].as_i64());
        Ok(Account {
            login: login.to_owned(),
            token,
            token_id: i32::try_from(id.ok_or("the token has no number")?)?,
        })
    }

    /// So many new accounts: the name and a number each.
    ///
    /// # Errors
    /// The command line fails.
    pub fn accounts(&self, name: &str, count: usize) -> Outcome<Vec<Account>> {
        let logins = (0..count).map(|number| format!("{name}{number}"));
        logins.map(|login| self.account(&login)).collect()
    }

    /// A new public room's number.
    ///
    /// # Errors
    /// The command line fails.
    pub fn room(&self, name: &str) -> Outcome<i32> {
        self.operate(&["room", "create", name], "")?;
        let rooms = self.list(&["room", "list"])?;
        let room = rooms.iter().find(|room| room["room"] == name);
        let id = room.and_then(|room| room["id"].as_i64());
        Ok(i32::try_from(id.ok_or("the room is not there")?)?)
    }

    /// Ends whoever reads its log, where that is a pipe to this process.
    pub fn close_log(&mut self) {
        self.child.stderr = None;
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    /// It ended before.
    pub fn kill(mut self) -> Outcome<()> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("the gateway ended by itself: {status}").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, as `systemctl stop` does.
    ///
    /// # Errors
    /// It does not within 15 seconds.
    pub fn terminate(mut self) -> Outcome<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("SIGTERM did not end it".into())
    }

    /// Sends its process a signal.
    ///
    /// # Errors
    /// It is no more.
    pub fn signal(&self, signal: Signal) -> Outcome<()> {
        Ok(kill(self.pid()?, signal)?)
    }

    /// User and system time so far; the kernel counts in hundredths of a second.
    ///
    /// # Errors
    /// The process is gone, or this is not Linux.
    pub fn cpu(&self) -> Outcome<Duration> {
        cpu_of(self.id())
    }

    /// Bytes of memory that it holds.
    ///
    /// # Errors
    /// The process is gone, or this is not Linux.
    pub fn resident(&self) -> Outcome<usize> {
        resident_of(self.id())
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Outcome<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.id())?))
    }
}

/// Bytes of memory that a process holds.
///
/// # Errors
/// The process is gone, or this is not Linux.
pub fn resident_of(process: u32) -> Outcome<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<usize>()? * 1024)
}

/// User and system time of a process so far; the kernel counts in hundredths of a second.
///
/// # Errors
/// The process is gone, or this is not Linux.
pub fn cpu_of(process: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in front may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let mut times = fields.split_whitespace().skip(11);
    let mut ticks = || {
        times
            .next()
            .ok_or("no time")?
            .parse::<u64>()
            .map_err(Into::into)
    };
    let (user, system): (Outcome<u64>, Outcome<u64>) = (ticks(), ticks());
    Ok(Duration::from_millis((user? + system?) * 10))
}
