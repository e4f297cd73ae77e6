//! Who makes trouble: one who does not read, one who says all that he can, one whose network is gone, a flood of logins.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::Outcome;
use crate::client::{Dialect, Happened, Room};
use crate::latency::Plan;
use crate::logins::Flood;
use crate::member::Member;
use crate::namespace::Namespace;
use crate::server::{Account, Server};

/// What the trouble is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A member does not read.
    Stalled,
    /// A member says all that it can.
    Flooder,
    /// Nothing arrives any more from a member.
    Vanished,
    /// Many log in, or try to.
    Logins,
}

impl Kind {
    /// How the gateway is started for it.
    pub(crate) fn command(self, program: &Path, dir: &Path) -> Command {
        let mut command = Server::command(program, dir, &[]);
        if self == Self::Vanished {
            command.args(["--address", "0.0.0.0"]);
        }
        command
    }
}

/// Bytes that wait in the system for one who does not read; so few that the rest waits in the gateway.
const RECEIVED: u32 = 4096;

/// How often it is looked whether the gateway still has a session.
const LOOKS: Duration = Duration::from_millis(500);

/// Who makes trouble while it is time, and is a member like any other while it is not.
pub(crate) struct Trouble {
    kind: Kind,
    server: Arc<Server>,
    dialect: Dialect,
    room: Room,
    /// One for each time that there is no trouble.
    accounts: Vec<Account>,
    namespace: Option<Namespace>,
    flood: Option<Flood>,
    now: Now,
    told: Vec<String>,
}

/// Which trouble is made at the moment.
enum Now {
    Nothing,
    /// A member that reads.
    Reads(Reader),
    /// A member that does not.
    Stalls(Member, Instant),
    /// A member that says all that it can.
    Floods(JoinHandle<Outcome<()>>),
    /// A member of whom nothing arrives; the task finds when the gateway has no session of it any more.
    IsGone(Reader, JoinHandle<Outcome<Duration>>),
}

impl Trouble {
    pub(crate) async fn new(
        kind: Kind,
        plan: &Plan,
        server: Arc<Server>,
        dialect: Dialect,
        room: Room,
    ) -> Outcome<Self> {
        let is_member = kind != Kind::Logins;
        let accounts = if is_member { plan.repeat + 1 } else { 0 };
        let flood = (!is_member)
            .then(|| Flood::new(&server, plan))
            .transpose()?;
        let is_far = kind == Kind::Vanished;
        let mut trouble = Self {
            kind,
            accounts: server.accounts("trouble", accounts)?,
            server,
            dialect,
            room,
            namespace: is_far.then(Namespace::new).transpose()?,
            flood,
            now: Now::Nothing,
            told: Vec::new(),
        };
        trouble.enter().await?;
        Ok(trouble)
    }

    /// A member that reads: without trouble.
    async fn enter(&mut self) -> Outcome<()> {
        let Some(account) = self.accounts.pop() else {
            return Ok(());
        };
        let address = self.server.address(self.dialect.listener())?;
        let stream = match &self.namespace {
            Some(namespace) => namespace.connect(address.port())?,
            None => {
                let socket = TcpSocket::new_v4()?;
                socket.set_recv_buffer_size(RECEIVED)?;
                socket.connect(address).await?
            }
        };
        let member = Member::over(stream, self.dialect, &account, &self.room).await?;
        self.now = Now::Reads(Reader::start(member, account.login));
        Ok(())
    }

    pub(crate) async fn begin(&mut self) -> Outcome<()> {
        if let Some(flood) = &mut self.flood {
            flood.begin().await?;
        }
        let Now::Reads(reader) = std::mem::replace(&mut self.now, Now::Nothing) else {
            return Ok(());
        };
        self.now = match (self.kind, &self.namespace) {
            (Kind::Stalled, _) => Now::Stalls(reader.stop().await?, Instant::now()),
            (Kind::Flooder, _) => Now::Floods(tokio::spawn(reader.stop().await?.flood())),
            (Kind::Vanished, Some(namespace)) => {
                namespace.vanish()?;
                let watch = watch(self.server.clone(), reader.login.clone());
                Now::IsGone(reader, tokio::spawn(watch))
            }
            (Kind::Vanished, None) | (Kind::Logins, _) => Now::Nothing,
        };
        Ok(())
    }

    pub(crate) async fn end(&mut self) -> Outcome<()> {
        let told = match std::mem::replace(&mut self.now, Now::Nothing) {
            Now::Stalls(member, since) => {
                let (seconds, rest) = (since.elapsed().as_secs(), rest(member).await);
                format!("who did not read for {seconds} s then read {rest}")
            }
            Now::Floods(task) => match task.is_finished() {
                true => format!("the flooder was closed: {:?}", task.await?),
                false => {
                    task.abort();
                    "the flooder stayed".to_owned()
                }
            },
            Now::IsGone(_reader, watch) => {
                if let Some(namespace) = &self.namespace {
                    namespace.come_back()?;
                }
                match watch.is_finished() {
                    true => format!("the session was gone after {:.0?}", watch.await??),
                    false => {
                        watch.abort();
                        "the session was still there".to_owned()
                    }
                }
            }
            Now::Nothing | Now::Reads(_) => match &mut self.flood {
                Some(flood) => flood.end().await,
                None => String::new(),
            },
        };
        self.told.push(told);
        self.enter().await
    }

    /// What became of it each time.
    pub(crate) fn told(&self) -> &[String] {
        &self.told
    }
}

/// Somebody who reads all that comes.
struct Reader {
    login: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Outcome<Member>>,
}

impl Reader {
    fn start(mut member: Member, login: String) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = &mut stopped => return Ok(member),
                    happened = member.next() => drop(happened?),
                }
            }
        });
        Self { login, stop, task }
    }

    async fn stop(self) -> Outcome<Member> {
        // Where it ended already, the task says why.
        let _ = self.stop.send(());
        self.task.await?
    }
}

/// Reads what waited for one who did not.
async fn rest(mut member: Member) -> String {
    let (mut count, mut words) = (0, String::new());
    loop {
        match timeout(Duration::from_secs(1), member.next()).await {
            Err(_) => return format!("{count} messages, and stayed"),
            Ok(Err(end)) => return format!("{count} messages and {words:?}: {end}"),
            Ok(Ok(Happened::Heard(_))) => count += 1,
            Ok(Ok(Happened::Told(told))) => words = told,
            Ok(Ok(Happened::Answered(_) | Happened::Entered)) => {}
        }
    }
}

/// The time until the gateway has no session of this user.
async fn watch(server: Arc<Server>, login: String) -> Outcome<Duration> {
    let begun = Instant::now();
    loop {
        sleep(LOOKS).await;
        let server = server.clone();
        let sessions = spawn_blocking(move || server.list(&["session", "list"])).await??;
        // A guest's name begins with the account's.
        let is_it = |user: &str| user.starts_with(&login);
        if !sessions
            .iter()
            .any(|session| session["user"].as_str().is_some_and(is_it))
        {
            return Ok(begun.elapsed());
        }
    }
}
