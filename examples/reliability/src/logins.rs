//! A flood of logins: JIM's `authenticate`, each over a connection of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
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

/// A flood that can begin and end.
pub(crate) struct Flood {
    address: SocketAddr,
    names: Arc<[String]>,
    password: &'static str,
    per_second: u32,
    answers: Answers,
    task: Option<JoinHandle<u32>>,
}

impl Flood {
    pub(crate) fn new(server: &Server, plan: &Plan) -> Outcome<Self> {
        let names: Vec<_> = (0..plan.accounts)
            .map(|number| format!("login{number}"))
            .collect();
        for name in &names {
            server.operate(&["user", "add", name], PASSWORD)?;
        }
        Ok(Self {
            address: server.address("jim")?,
            names: names.into(),
            password: if plan.right { PASSWORD } else { "WrongHorse" },
            per_second: plan.logins,
            answers: Answers::default(),
            task: None,
        })
    }

    pub(crate) fn begin(&mut self) {
        let (address, names, password) = (self.address, self.names.clone(), self.password);
        let (answers, mut pace) = (
            self.answers.clone(),
            interval(Duration::from_secs(1) / self.per_second),
        );
        self.task = Some(tokio::spawn(async move {
            let mut count = 0;
            // What has begun goes on where the flood is aborted.
            for name in names.iter().cycle().cloned() {
                pace.tick().await;
                let answers = answers.clone();
                tokio::spawn(async move {
                    let begun = Instant::now();
                    let answer = log_in(address, name, password).await;
                    let answer = answer.unwrap_or_else(|error| error.to_string());
                    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                    answers.entry(answer).or_default().push(begun.elapsed());
                });
                count += 1;
            }
            count
        }));
    }

    /// Ends it; what it was answered.
    pub(crate) async fn end(&mut self) -> String {
        if let Some(task) = self.task.take() {
            task.abort();
        }
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

/// What JIM answers to a login: the code and the words.
async fn log_in(address: SocketAddr, name: String, password: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(address).await?;
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
