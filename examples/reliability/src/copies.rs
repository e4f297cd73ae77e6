//! What copies cost: a store of so many messages and files is made, senders go on, and their answers are timed without and with a
//! backup and an export under way; then both are brought back.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::Outcome;
use crate::harm::Place;
use crate::server::Server;

/// How much there is, and how much is said meanwhile.
#[derive(Debug, Clone, Args)]
pub struct Copies {
    /// Messages in the store
    #[arg(long, default_value_t = 1_000_000)]
    pub messages: u64,
    /// Files in the store
    #[arg(long, default_value_t = 1_000)]
    pub files: u64,
    /// Bytes of each file
    #[arg(long, default_value_t = 100_000)]
    pub file_bytes: usize,
    /// Messages that are said in a second meanwhile, all together
    #[arg(long, default_value_t = 1_000)]
    pub rate: u32,
    /// Who says them
    #[arg(long, default_value_t = 50)]
    pub senders: u32,
    /// Seconds without a copy, before and after
    #[arg(long, default_value_t = 15)]
    pub seconds: u64,
}

impl Copies {
    /// Tries it and prints a row for each step.
    ///
    /// # Errors
    /// It cannot be tried here, or a copy is not what it should be.
    pub async fn run(&self, program: &Path) -> Outcome<()> {
        let place = Place::new()?;
        let (plan, program) = (self.clone(), program.to_owned());
        let at = place.path().to_owned();
        tokio::task::spawn_blocking(move || plan.measure(&program, &at)).await??;
        drop(place);
        Ok(())
    }

    fn measure(&self, program: &Path, at: &Path) -> Outcome<()> {
        let settings = [
            ("LIMITS__MESSAGES_PER_SECOND", "0"),
            ("LIMITS__DISK_FREE", "0"),
        ];
        let sample = at.join("sample");
        self.sample(&Server::spawn(Server::command(
            program, &sample, &settings,
        ))?)?;
        let (small, large) = (at.join("small.jsonl"), at.join("large.jsonl"));
        tolmach(program, &sample, &["export"], &small)?;
        self.multiply(&small, &large)?;
        println!(
            "{:<10}{:>10}{:>12}{:>10}{:>10}{:>10}",
            "step", "seconds", "MB", "p50 ms", "p99 ms", "max ms"
        );
        let data = at.join("data");
        let begun = Instant::now();
        tolmach(program, &data, &["import"], &large)?;
        row("import", begun.elapsed(), size(&large)?, &[]);
        let server = Server::spawn(Server::command(program, &data, &settings))?;
        let address = server.address("jim")?;
        let quiet = || {
            thread::sleep(Duration::from_secs(self.seconds));
            Ok(())
        };
        let (_, before) = self.beside(address, quiet)?;
        row("none", Duration::from_secs(self.seconds), 0, &before);
        let (archive, export) = (at.join("copy.tar"), at.join("copy.jsonl"));
        for (name, file) in [("backup", &archive), ("export", &export)] {
            let copy = || {
                tolmach(
                    program,
                    &data,
                    &[name, &file.to_string_lossy()],
                    Path::new("/dev/null"),
                )
            };
            let (took, answers) = self.beside(address, copy)?;
            row(name, took, size(file)?, &answers);
        }
        let (_, after) = self.beside(address, quiet)?;
        row("none", Duration::from_secs(self.seconds), 0, &after);
        server.terminate()?;
        for (name, file) in [("restore", &archive), ("import", &export)] {
            let to = at.join(format!("again-{name}"));
            let begun = Instant::now();
            tolmach(
                program,
                &to,
                &[name, &file.to_string_lossy()],
                Path::new("/dev/null"),
            )?;
            row(name, begun.elapsed(), size(file)?, &[]);
            tolmach(program, &to, &["store", "verify"], Path::new("/dev/null"))?;
        }
        Ok(())
    }

    /// A message and a file of each that is to be multiplied.
    fn sample(&self, server: &Server) -> Outcome<()> {
        let room = server.room("tea")?;
        let anna = server.account("anna")?;
        server.operate(&["room", "add", "tea", "anna"], "")?;
        let mut guest = Sender::enter(server.address("jim")?, "dora")?;
        guest.say(
            "a message of about as many characters as people write into rooms like this one, й",
        )?;
        let mut stream = TcpStream::connect(server.address("uchat")?)?;
        let request = json!({"type": 24, "name": "cat.png", "size": self.file_bytes, "room_id": room, "token": anna.token});
        writeln!(stream, "{request}")?;
        stream.write_all(&vec![7; self.file_bytes])?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }

    /// Writes an export whose room `tea` has as many messages and files as there are to be.
    fn multiply(&self, small: &Path, large: &Path) -> Outcome<()> {
        let lines: Vec<Value> = BufReader::new(File::open(small)?)
            .lines()
            .map(|line| Ok(serde_json::from_str(&line?)?))
            .collect::<Outcome<_>>()?;
        let is_message = |line: &&Value, kind: &str| line["messages"]["kind"] == kind;
        let find = |kind: &str| lines.iter().find(|line| is_message(line, kind)).cloned();
        let (said, file) = (
            find("text").ok_or("no message")?,
            find("file").ok_or("no file")?,
        );
        let pieces: Vec<&Value> = lines
            .iter()
            .filter(|line| line["file"].is_object())
            .collect();
        let of_room = |line: &Value| line["messages"]["room"] == said["messages"]["room"];
        let changes = lines
            .iter()
            .filter(|line| line["changes"]["room"] == said["messages"]["room"]);
        // What is there comes first, then what is made.
        let last = |name: &str| {
            let of_it = lines.iter().filter(|line| of_room(line));
            of_it
                .filter_map(|line| line["messages"][name].as_i64())
                .max()
                .unwrap_or_default()
        };
        let (id, number, created) = (last("id"), last("number"), last("created"));
        let logged = changes
            .filter_map(|line| line["changes"]["seq"].as_i64())
            .max();
        let seq = last("seq").max(logged.unwrap_or_default());
        let all = i64::try_from(self.messages)?;
        let every = (self.messages / self.files.max(1)).max(1);
        let mut out = BufWriter::new(File::create(large)?);
        let mut files = 0;
        for mut line in lines.iter().cloned() {
            if line["rooms"]["id"] == said["messages"]["room"] {
                let room = &mut line["rooms"];
                (room["seq"], room["messages"]) = (json!(seq + all), json!(number + all));
                room["last_message"] = json!(created + all);
            }
            if line["end"].is_object() {
                for place in 1..=all {
                    let is_file = place.unsigned_abs().is_multiple_of(every) && files < self.files;
                    let mut message = if is_file { file.clone() } else { said.clone() };
                    let row = &mut message["messages"];
                    (row["id"], row["seq"]) = (json!(id + place), json!(seq + place));
                    (row["number"], row["created"]) =
                        (json!(number + place), json!(created + place));
                    if !is_file {
                        writeln!(out, "{message}")?;
                        continue;
                    }
                    files += 1;
                    let stored = format!("{files:032x}.png");
                    let info =
                        json!({"name": "cat.png", "size": self.file_bytes, "stored": stored});
                    row["file"] = json!(info.to_string());
                    writeln!(out, "{message}")?;
                    for piece in &pieces {
                        let mut piece = (*piece).clone();
                        piece["file"]["stored"] = json!(stored);
                        writeln!(out, "{piece}")?;
                    }
                }
                let end = &mut line["end"];
                let had = end["rows"]["messages"].as_u64().unwrap_or_default();
                end["rows"]["messages"] = json!(had + self.messages);
                end["files"] = json!(end["files"].as_u64().unwrap_or_default() + files);
            }
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        Ok(())
    }

    /// Does something while senders go on: how long it took, and how long each of their messages waited for its answer.
    fn beside(
        &self,
        address: SocketAddr,
        work: impl FnOnce() -> Outcome<()>,
    ) -> Outcome<(Duration, Vec<Duration>)> {
        let stop = AtomicBool::new(false);
        let pause = Duration::from_secs(1) * self.senders / self.rate.max(1);
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for number in 0..self.senders {
                let stop = &stop;
                threads.push(scope.spawn(move || -> Outcome<Vec<Duration>> {
                    let mut sender = Sender::enter(address, &format!("guest{number}"))?;
                    let mut answers = Vec::new();
                    let mut next = Instant::now() + pause * number / self.senders;
                    while !stop.load(Ordering::Relaxed) {
                        thread::sleep(next.saturating_duration_since(Instant::now()));
                        // From when it should have been said: who waits does not say less.
                        sender.say("said while a copy is made")?;
                        answers.push(next.elapsed());
                        next += pause;
                    }
                    Ok(answers)
                }));
            }
            let begun = Instant::now();
            let done = work();
            let took = begun.elapsed();
            stop.store(true, Ordering::Relaxed);
            let mut all = Vec::new();
            for thread in threads {
                all.extend(thread.join().map_err(|_| "a sender panicked")??);
            }
            done?;
            all.sort_unstable();
            Ok((took, all))
        })
    }
}

/// A JIM guest in a room of its own: nobody hears it but itself.
struct Sender {
    stream: BufReader<TcpStream>,
    name: String,
}

impl Sender {
    fn enter(address: SocketAddr, name: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        let name = name.to_owned();
        let mut sender = Self { stream, name };
        let user = json!({"account_name": sender.name, "status": ""});
        sender.ask(&json!({"action": "presence", "time": 1, "type": "status", "user": user}))?;
        let room = format!("#{}", sender.room());
        sender.ask(&json!({"action": "join", "time": 1, "room": room}))?;
        Ok(sender)
    }

    fn room(&self) -> String {
        match self.name.as_str() {
            "dora" => "tea".to_owned(),
            name => format!("of-{name}"),
        }
    }

    fn say(&mut self, text: &str) -> Outcome<()> {
        let to = format!("#{}", self.room());
        self.ask(&json!({"action": "msg", "time": 1, "to": to, "from": self.name, "encoding": "utf-8", "message": text}))
    }

    fn ask(&mut self, request: &Value) -> Outcome<()> {
        self.stream
            .get_mut()
            .write_all(request.to_string().as_bytes())?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer)?;
        let is_fine = answer.contains("\"response\":20");
        if is_fine { Ok(()) } else { Err(answer.into()) }
    }
}

/// Runs a command over a data directory: its output, or for `import` its input, is this file.
fn tolmach(program: &Path, data: &Path, arguments: &[&str], file: &Path) -> Outcome<()> {
    let mut command = Command::new(program);
    command.args(arguments).env("TOLMACH_DATA_DIR", data);
    if arguments == ["import"] {
        command
            .stdin(File::open(file)?)
            .stdout(File::create("/dev/null")?);
    } else {
        command.stdout(File::create(file)?);
    }
    let status = command.status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("tolmach {}: {status}", arguments.join(" ")).into()),
    }
}

fn size(path: &Path) -> Outcome<u64> {
    Ok(fs::metadata(path)?.len())
}

fn row(step: &str, took: Duration, bytes: u64, answers: &[Duration]) {
    let of = |part: f64| {
        let place = (answers.len() as f64 * part) as usize;
        answers
            .get(place.min(answers.len().saturating_sub(1)))
            .map_or_else(
                || "-".to_owned(),
                |time| format!("{:.1}", time.as_secs_f64() * 1000.0),
            )
    };
    println!(
        "{step:<10}{:>10.2}{:>12.1}{:>10}{:>10}{:>10}",
        took.as_secs_f64(),
        bytes as f64 / 1e6,
        of(0.5),
        of(0.99),
        of(1.0)
    );
}
