//! A flood of logins: JIM's `authenticate`, each over a connection of its own; and others who log in meanwhile.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};
use tolmach_jim::{Client, Event};

use crate::Outcome;
use crate::latency::{Plan, at};
use crate::server::{PASSWORD, Server};

/// How long the last ones of a flood may wait for their answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of logins: how long each took, by its answer.
type Answers = Arc<Mutex<BTreeMap<String, Vec<Duration>>>>;

/// Where the flood comes from.
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Another address of this machine.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A flood that can begin and end, and who logs in by the right password meanwhile, once a second.
pub(crate) struct Flood {
    address: SocketAddr,
    all: Vec<Logins>,
    /// How long it goes on each time.
    seconds: usize,
    answers: Answers,
    tasks: Vec<JoinHandle<()>>,
}

/// Logins at an even pace.
#[derive(Clone)]
struct Logins {
    /// What stands before their answers.
    label: &'static str,
    from: Ipv4Addr,
    /// One after the other, again and again.
    names: Vec<String>,
    password: &'static str,
    per_second: u32,
}

impl Flood {
    pub(crate) fn new(server: &Server, plan: &Plan) -> Outcome<Self> {
        let logins = |label, from, name: &str, count, password, per_second| Logins {
            label,
            from,
            names: (0..count).map(|number| format!("{name}{number}")).collect(),
            password,
            per_second,
        };
        let password = if plan.right { PASSWORD } else { "WrongHorse" };
        // Who has come in once is no newcomer any more.
        let seconds = usize::try_from(plan.seconds)?;
        let all = vec![
            logins("", HERE, "login", plan.accounts, password, plan.logins),
            logins("from elsewhere ", ELSEWHERE, "far", 1, PASSWORD, 1),
            logins("known here ", HERE, "known", 1, PASSWORD, 1),
            logins("new here ", HERE, "new", seconds * plan.repeat, PASSWORD, 1),
        ];
        for name in all.iter().flat_map(|logins| &logins.names) {
            server.operate(&["user", "add", name], PASSWORD)?;
        }
        Ok(Self {
            address: server.address("jim")?,
            all,
            seconds,
            answers: Answers::default(),
            tasks: Vec::new(),
        })
    }

    pub(crate) async fn begin(&mut self) -> Outcome<()> {
        log_in(self.address, HERE, "known0".to_owned(), PASSWORD).await?;
        for logins in &mut self.all {
            let task = logins.clone().go_on(self.address, self.answers.clone());
            self.tasks.push(tokio::spawn(task));
            // Those that are new the next time come next.
            let used = self.seconds % logins.names.len().max(1);
            logins.names.rotate_left(used);
        }
        Ok(())
    }

    /// Ends it; what it was answered.
    pub(crate) async fn end(&mut self) -> String {
        self.tasks.drain(..).for_each(|task| task.abort());
        // Nobody else holds the answers once all logins have theirs.
        let deadline = Instant::now() + PATIENCE;
        while Arc::strong_count(&self.answers) > 1 && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }
        let open = Arc::strong_count(&self.answers) - 1;
        let answers =
            std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner));
        let mut told = format!("logins: {open} without an answer");
        for (answer, mut times) in answers {
            times.sort();
            let (half, most) = (at(&times, 0.5), at(&times, 0.99));
            told += &format!(
                "; {} × {answer} (p50 {half:.1?}, p99 {most:.1?})",
                times.len()
            );
        }
        told
    }
}

impl Logins {
    /// Logs in again and again; what has begun goes on where this is aborted.
    async fn go_on(self, address: SocketAddr, answers: Answers) {
        let mut pace = interval(Duration::from_secs(1) / self.per_second);
        for name in self.names.iter().cycle().cloned() {
            pace.tick().await;
            let answers = answers.clone();
            let (label, from, password) = (self.label, self.from, self.password);
            tokio::spawn(async move {
                let begun = Instant::now();
                let answer = log_in(address, from, name, password).await;
                let answer = answer.unwrap_or_else(|error| error.to_string());
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                let times = answers.entry(label.to_owned() + &answer).or_default();
                times.push(begun.elapsed());
            });
        }
    }
}

/// What JIM answers to a login: the code and the words.
async fn log_in(
    address: SocketAddr,
    from: Ipv4Addr,
    name: String,
    password: &str,
) -> Outcome<String> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(address).await?;
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let mut client: Client = Client::new(name);
    client.open(Some(password.into()), 1, &mut out);
    stream.write_all(&out).await?;
    loop {
        match client.next(&mut input, 1, &mut out)? {
            Some(Event::LoggedIn(answer) | Event::Refused(answer) | Event::Notice(answer)) => {
                return Ok(answer.code.to_string());
            }
            Some(_) => {}
            None if stream.read_buf(&mut input).await? == 0 => return Ok("closed".to_owned()),
            None => {}
        }
    }
}
