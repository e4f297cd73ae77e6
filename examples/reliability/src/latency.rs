//! What one bad client costs the others: members of one room say something in turn, and the time until each of the others has
//! it is measured, without and with the trouble in turn, in one run.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};

use crate::Outcome;
use crate::client::{Deed, Dialect, Happened, Room};
use crate::harm::Place;
use crate::member::Member;
use crate::server::{Account, Server};
use crate::trouble::{Kind, Trouble};

/// How long the last messages may be under way.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much is said, and for how long.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// Members of the room beside the one who makes trouble
    #[arg(long, default_value_t = 99)]
    pub members: usize,
    /// Messages that they say in a second, all together
    #[arg(long, default_value_t = 50)]
    pub rate: u32,
    /// Seconds without, and seconds with the trouble
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
    /// How often these two follow each other
    #[arg(long, default_value_t = 3)]
    pub repeat: usize,
    /// The dialects, one after another
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "jim,talker,purpose,uchat"
    )]
    pub dialects: Vec<Dialect>,
    /// Logins in a second, of a flood of logins
    #[arg(long, default_value_t = 200)]
    pub logins: u32,
    /// Accounts that the flood is at
    #[arg(long, default_value_t = 200)]
    pub accounts: usize,
    /// The flood knows the passwords
    #[arg(long)]
    pub right: bool,
    /// Bytes of each text
    #[arg(long, default_value_t = 100)]
    pub bytes: usize,
}

/// Times in one state, without or with trouble.
#[derive(Debug, Default)]
struct Samples {
    /// From saying to hearing, of each who hears it.
    deliveries: Vec<Duration>,
    /// From saying to "accepted".
    answers: Vec<Duration>,
}

/// Times without and with the trouble.
type Record = Arc<Mutex<[Samples; 2]>>;

impl Plan {
    /// Tries it in each dialect and prints a row each.
    ///
    /// # Errors
    /// It cannot be tried here, or one of the others was thrown out.
    pub async fn run(&self, program: &Path, kind: Kind) -> Outcome<()> {
        println!(
            "{:<12}{:<10}{:>12}{:>10}{:>10}{:>10}{:>14}{:>14}",
            "dialect",
            "trouble",
            "deliveries",
            "p50 ms",
            "p99 ms",
            "max ms",
            "answer p50",
            "answer p99"
        );
        for &dialect in &self.dialects {
            let mut talk = Talk::begin(self, program, kind, dialect).await?;
            for _ in 0..self.repeat {
                talk.go_on(false).await?;
                talk.trouble.begin().await?;
                talk.go_on(true).await?;
                talk.trouble.end().await?;
            }
            talk.report(dialect)?;
        }
        Ok(())
    }
}

/// A room whose members talk.
struct Talk<'a> {
    plan: &'a Plan,
    /// What each is to say.
    members: Vec<mpsc::UnboundedSender<String>>,
    tasks: Vec<JoinHandle<Outcome<()>>>,
    record: Record,
    start: Instant,
    next: usize,
    /// Deliveries without and with the trouble.
    expected: [usize; 2],
    trouble: Trouble,
    // Last, so that they end after all else.
    _server: Arc<Server>,
    _place: Place,
}

impl<'a> Talk<'a> {
    async fn begin(
        plan: &'a Plan,
        program: &Path,
        kind: Kind,
        dialect: Dialect,
    ) -> Outcome<Talk<'a>> {
        let place = Place::new()?;
        let command = kind.command(program, place.path());
        let server = Arc::new(Server::spawn(command)?);
        let (name, id) = ("tea".to_owned(), server.room("tea")?);
        let room = Room { name, id };
        let accounts = server.accounts("member", plan.members)?;
        let record = Record::default();
        let (mut members, mut tasks, start) = (Vec::new(), Vec::new(), Instant::now());
        for account in &accounts {
            let (say, sayings) = mpsc::unbounded_channel();
            let member = enter(&server, dialect, account, &room).await?;
            members.push(say);
            tasks.push(tokio::spawn(listen(member, sayings, record.clone(), start)));
        }
        let trouble = Trouble::new(kind, plan, server.clone(), dialect, room).await?;
        Ok(Self {
            plan,
            members,
            tasks,
            record,
            start,
            next: 0,
            expected: [0; 2],
            trouble,
            _server: server,
            _place: place,
        })
    }

    /// Has the members say something in turn, at an even pace, and waits until it should have come.
    async fn go_on(&mut self, with_trouble: bool) -> Outcome<()> {
        let mut pace = interval(Duration::from_secs(1) / self.plan.rate);
        let count = usize::try_from(u64::from(self.plan.rate) * self.plan.seconds)?;
        let mark = usize::from(with_trouble);
        for _ in 0..count {
            pace.tick().await;
            let stamp = format!("{mark} {} ", self.start.elapsed().as_micros());
            let text = format!("{stamp:.<width$}", width = self.plan.bytes);
            self.members[self.next].send(text)?;
            self.next = (self.next + 1) % self.members.len();
        }
        self.expected[mark] += count * (self.members.len() - 1);
        let deadline = Instant::now() + PATIENCE;
        while self.lacking() > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }
        for number in 0..self.tasks.len() {
            if self.tasks[number].is_finished() {
                let task = self.tasks.swap_remove(number);
                task.await??;
            }
        }
        Ok(())
    }

    /// How many deliveries did not come yet.
    fn lacking(&self) -> usize {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let came = record.iter().map(|samples| samples.deliveries.len());
        let expected: usize = self.expected.iter().sum();
        expected.saturating_sub(came.sum())
    }

    fn report(&self, dialect: Dialect) -> Outcome<()> {
        let lacking = self.lacking();
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        for (samples, state) in record.iter_mut().zip(["without", "with"]) {
            samples.deliveries.sort();
            samples.answers.sort();
            let ms = |times: &[Duration], part| at(times, part).as_secs_f64() * 1000.0;
            let count = samples.deliveries.len();
            let (deliveries, answers) = (&samples.deliveries, &samples.answers);
            println!(
                "{:<12}{state:<10}{count:>12}{:>10.1}{:>10.1}{:>10.1}{:>14.1}{:>14.1}",
                dialect.listener(),
                ms(deliveries, 0.5),
                ms(deliveries, 0.99),
                ms(deliveries, 1.0),
                ms(answers, 0.5),
                ms(answers, 0.99)
            );
        }
        println!("  {}", self.trouble.told().join("\n  "));
        match lacking {
            0 => Ok(()),
            lacking => Err(format!("{lacking} deliveries did not come").into()),
        }
    }
}

impl Drop for Talk<'_> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Lets somebody into the room.
pub(crate) async fn enter(
    server: &Server,
    dialect: Dialect,
    account: &Account,
    room: &Room,
) -> Outcome<Member> {
    Member::enter(dialect, server.address(dialect.listener())?, account, room).await
}

/// Says what it is given, and notes how long what others say was under way.
async fn listen(
    mut member: Member,
    mut sayings: mpsc::UnboundedReceiver<String>,
    record: Record,
    start: Instant,
) -> Outcome<()> {
    let mut unanswered = VecDeque::new();
    loop {
        let happened = tokio::select! {
            text = sayings.recv() => match text {
                None => return Ok(()),
                Some(text) => {
                    member.ask(Deed::Say(&text))?;
                    unanswered.push_back(text);
                    continue;
                }
            },
            happened = member.next() => happened?,
        };
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        match happened {
            Happened::Heard(text) => {
                // What who makes trouble says bears no time.
                if let Some((mark, sent)) = stamp(&text) {
                    record[mark]
                        .deliveries
                        .push(start.elapsed().saturating_sub(sent));
                }
            }
            Happened::Answered(answer) => {
                answer.map_err(|reason| format!("a message was refused: {reason}"))?;
                let sent = unanswered.pop_front().and_then(|text| stamp(&text));
                if let Some((mark, sent)) = sent {
                    record[mark]
                        .answers
                        .push(start.elapsed().saturating_sub(sent));
                }
            }
            Happened::Entered | Happened::Told(_) => {}
        }
    }
}

/// Whether there was trouble when this was said (0 or 1), and when it was.
fn stamp(text: &str) -> Option<(usize, Duration)> {
    let mut words = text.split(' ');
    let mark = words.next()?.parse().ok().filter(|mark| *mark < 2)?;
    let micros = words.next()?.parse().ok()?;
    Some((mark, Duration::from_micros(micros)))
}

/// The value below which this part of all lies; of sorted ones.
pub(crate) fn at(times: &[Duration], part: f64) -> Duration {
    let place = (times.len().saturating_sub(1) as f64 * part).round() as usize;
    times.get(place).copied().unwrap_or_default()
}
