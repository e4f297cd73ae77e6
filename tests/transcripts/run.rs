//! Goes through the steps of a transcript.

use std::collections::BTreeSet;

use crate::compare::{Step, belonging};
use crate::connection::{Connection, END};
use crate::dialects::{self, LogIn};
use crate::file::{Block, Entry, Item, Person, Transcript, What, Wrong, written};
use crate::gateway::Daemon;
use crate::operator::operate;
use crate::values::Values;

/// Most rounds until nobody is told anything any more.
const ROUNDS: usize = 100;

/// Runs it against a gateway of its own. The file with what came; without `record` it is the same as the file with what
/// was expected.
///
/// # Errors
/// What differs or fails first, and in which line.
pub(crate) fn run(transcript: &Transcript, record: bool) -> Result<String, Wrong> {
    let is_paused = transcript
        .items
        .iter()
        .any(|item| item.what == What::ClockPaused);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(is_paused)
        .build()
        .map_err(|error| (1, error.to_string()))?;
    runtime.block_on(async {
        let mut daemon = start(transcript).await.map_err(|wrong| (1, wrong))?;
        let mut run = Run {
            daemon: &mut daemon,
            connections: Vec::new(),
            values: Values::new(),
            is_paused,
            record,
        };
        let outcome = run.all(&transcript.items).await;
        // Nobody is left to be told of the end.
        drop(run);
        daemon.stop().await;
        outcome
    })
}

/// The gateway, and everybody's account.
async fn start(transcript: &Transcript) -> Result<Daemon, String> {
    let mut more = String::new();
    let (mut logins, mut guests) = (Vec::new(), BTreeSet::new());
    for item in &transcript.items {
        match &item.what {
            What::Config(line) => more = more + line + "\n",
            What::Person(person) if person.entry == Entry::Guest => {
                guests.insert(person.login());
            }
            What::Person(person) if !logins.contains(&person.login()) => {
                logins.push(person.login());
            }
            _ => {}
        }
    }
    let daemon = Daemon::start(&more).await?;
    for login in logins {
        if !guests.contains(login) {
            daemon.account(login).await?;
        }
    }
    Ok(daemon)
}

struct Run<'a> {
    daemon: &'a mut Daemon,
    connections: Vec<Connection>,
    values: Values,
    is_paused: bool,
    record: bool,
}

impl Run<'_> {
    async fn all(&mut self, items: &[Item]) -> Result<String, Wrong> {
        let mut out = String::new();
        let mut rest = items;
        while let Some((item, behind)) = rest.split_first() {
            rest = behind;
            let at = |wrong: String| (item.line, wrong);
            if matches!(item.what, What::Told(_)) {
                return Err(at("told before any step".to_owned()));
            }
            let Some(done) = self.step(&item.what).await.map_err(at)? else {
                out.push_str(&written(&item.what));
                continue;
            };
            let came = self.settle().await.map_err(at)?;
            let (expected, after) = behind.split_at(belonging(behind));
            rest = after;
            let step = Step {
                item,
                done,
                expected,
                came,
            };
            if !self.record {
                step.check(|who| self.order(who))?;
            }
            out.push_str(&step.recorded(|who| self.order(who)));
        }
        Ok(out)
    }

    /// Does one step; as it is recorded. `None`: it is no step.
    async fn step(&mut self, what: &What) -> Result<Option<What>, String> {
        match what {
            What::Text(_) | What::Config(_) | What::ClockPaused | What::Told(_) => return Ok(None),
            What::Person(person) => self.open(person).await?,
            What::Operator(text) if text == "shutdown" => {
                self.daemon.shut_down();
                for connection in &mut self.connections {
                    connection.expect_end();
                }
            }
            What::Operator(text) => operate(self.daemon, text).await?,
            What::Wait(time) => tokio::time::sleep(*time).await,
            What::Said(block) => return self.say(block).await.map(|block| Some(What::Said(block))),
        }
        Ok(Some(what.clone()))
    }

    /// Opens a connection and logs in. What that answers is not shown.
    async fn open(&mut self, person: &Person) -> Result<(), String> {
        let Some(listener) = &person.listener else {
            return Ok(());
        };
        let dialect = dialects::of(listener).ok_or("no such dialect")?;
        let stream = self.daemon.connect(listener, self.is_paused).await?;
        let mut connection = Connection::new(&person.name, dialect, stream);
        let room = match person.room.as_deref() {
            Some(room) => Some((room, self.daemon.room(room).await?)),
            None => None,
        };
        let frames = connection.dialect.log_in(&LogIn {
            login: person.login(),
            room,
            entry: person.entry,
        });
        for frame in frames {
            connection.say(&frame, &mut self.values).await;
            connection.settle(&mut self.values).await?;
            if let Some(refusal) = connection.take().iter().find(|came| came.refuses) {
                return Err(format!(
                    "{} is not let in: {:?}",
                    person.name, refusal.lines
                ));
            }
        }
        self.connections.push(connection);
        Ok(())
    }

    async fn say(&mut self, block: &Block) -> Result<Block, String> {
        let mut connections = self.connections.iter_mut();
        let connection = connections.find(|connection| connection.name == block.who);
        let connection = connection.ok_or_else(|| format!("{} is not connected", block.who))?;
        let mut said = block.clone();
        if block.lines == [END] {
            connection.finish().await;
        } else {
            let frame = connection.dialect.read(&block.lines, &self.values)?;
            said.lines = connection.say(&frame, &mut self.values).await;
        }
        connection.settle(&mut self.values).await?;
        Ok(said)
    }

    /// Reads what everybody is told because of a step.
    async fn settle(&mut self) -> Result<Vec<Block>, String> {
        let mut rounds = 0;
        loop {
            let mut is_quiet = true;
            for connection in &mut self.connections {
                let has_come = if self.is_paused {
                    // The question would be a sign of life.
                    connection.listen(&mut self.values).await?
                } else {
                    connection.settle(&mut self.values).await?
                };
                is_quiet &= !has_come;
            }
            rounds += 1;
            if is_quiet {
                break;
            }
            if rounds == ROUNDS {
                return Err("this has no end".to_owned());
            }
        }
        let mut all = Vec::new();
        for connection in &mut self.connections {
            let who = connection.name.clone();
            let came = connection.take().into_iter().map(|came| came.lines);
            all.extend(came.map(|lines| Block {
                who: who.clone(),
                lines,
            }));
        }
        Ok(all)
    }

    /// Where a connection stands among all.
    fn order(&self, who: &str) -> Option<usize> {
        let mut connections = self.connections.iter();
        connections.position(|connection| connection.name == who)
    }
}
