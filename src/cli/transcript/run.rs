//! Goes through the steps of a transcript.

use std::collections::BTreeSet;

use super::ahead::{Ahead, speaker};
use super::compare::{Step, belonging};
use super::connection::Connection;
use super::file::{Block, END, Item, Person, Transcript, What, Wrong, written};
use super::operator::operate;
use super::server::Server;
use crate::dialects::client::{Entry, LogIn, Placeholders};

/// Most rounds until nobody is told anything any more.
const ROUNDS: usize = 100;

/// Runs a transcript. The file with what came; without `record` it is the same as the file with what was expected.
///
/// Where the file has `clock: paused`, the runtime's clock must be, and the gateway's connections
/// [inside](Server::own) the process.
///
/// # Errors
/// What differs or fails first, and in which line.
pub async fn run(
    transcript: &Transcript,
    server: &mut Server,
    record: bool,
) -> Result<String, Wrong> {
    make_accounts(transcript, server).await?;
    let mut run = Run {
        server,
        connections: Vec::new(),
        values: Placeholders::from_now(),
        is_paused: transcript.is_paused(),
        ahead: transcript.has_late_answers().then(Ahead::default),
        record,
    };
    run.all(&transcript.items).await
}

/// Everybody's account, in the order in which they are named, so that they have the numbers from 1.
async fn make_accounts(transcript: &Transcript, server: &mut Server) -> Result<(), Wrong> {
    let people = || {
        transcript.items.iter().filter_map(|item| match &item.what {
            What::Person(person) => Some((item.line, person)),
            _ => None,
        })
    };
    let guests = people().filter(|(_, person)| person.entry == Entry::Guest);
    let mut known: BTreeSet<_> = guests.map(|(_, person)| person.login()).collect();
    for (line, person) in people() {
        if known.insert(person.login()) {
            let made = server.account(person.login()).await;
            made.map_err(|wrong| (line, wrong))?;
        }
    }
    Ok(())
}

struct Run<'a> {
    server: &'a mut Server,
    connections: Vec<Connection>,
    values: Placeholders,
    is_paused: bool,
    /// Where what comes of a step may stand further behind.
    ahead: Option<Ahead>,
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
            let Some((done, is_short)) = self.step(&item.what).await.map_err(at)? else {
                out.push_str(&written(&item.what));
                continue;
            };
            let mut came = self.settle().await.map_err(at)?;
            let (expected, after) = behind.split_at(belonging(behind));
            rest = after;
            if let Some(ahead) = self.ahead.as_mut().filter(|_| !self.record) {
                came = ahead.take(speaker(&item.what), came, expected, after);
                came.sort_by_key(|block| self.order(&block.who));
            }
            let step = Step {
                item,
                done,
                is_short,
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

    /// Does one step; as it is recorded, and whether the file has it in a shorter form. `None`: it is no step.
    async fn step(&mut self, what: &What) -> Result<Option<(What, bool)>, String> {
        match what {
            What::Text(_)
            | What::Config(_)
            | What::ClockPaused
            | What::AnswersLate
            | What::Told(_) => return Ok(None),
            What::Person(person) => self.open(person).await?,
            What::Operator(text) if text == "shutdown" => {
                self.server.shut_down()?;
                for connection in &mut self.connections {
                    connection.expect_end();
                }
            }
            What::Operator(text) => operate(self.server, text).await?,
            What::Wait(time) => tokio::time::sleep(*time).await,
            What::Said(block) => return self.say(block).await.map(Some),
        }
        Ok(Some((what.clone(), false)))
    }

    /// Opens a connection and logs in. What that answers is not shown.
    async fn open(&mut self, person: &Person) -> Result<(), String> {
        let Some(listener) = &person.listener else {
            return Ok(());
        };
        let dialect = self.server.conversation(listener)?;
        let stream = self.server.connect(listener).await?;
        let mut connection = Connection::new(&person.name, dialect, stream);
        let room = match person.room.as_deref() {
            Some(room) => Some((room, self.server.room(room).await?)),
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

    async fn say(&mut self, block: &Block) -> Result<(What, bool), String> {
        let mut connections = self.connections.iter_mut();
        let connection = connections.find(|connection| connection.name == block.who);
        let connection = connection.ok_or_else(|| format!("{} is not connected", block.who))?;
        let mut said = block.clone();
        let is_short = !connection.dialect.is_in_full(&block.lines);
        if block.lines == [END] {
            connection.finish().await;
        } else {
            let frame = connection.dialect.read(&block.lines, &self.values)?;
            said.lines = connection.say(&frame, &mut self.values).await;
        }
        connection.settle(&mut self.values).await?;
        Ok((What::Said(said), is_short))
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
