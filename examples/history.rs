#![forbid(unsafe_code)]
//! How long histories and searches take in a room of a million messages, in the SQLite store.
//!
//! ```text
//! cargo run --release --example history -- [MESSAGES EDITS DIRECTORY]
//! ```
//!
//! Default: 1,000,000 messages of about 83 bytes, three in five Cyrillic, and 10,000 edits, in a new directory among the
//! system's temporary ones. The texts are words made of syllables, some much more frequent than others. Prints what writing and
//! indexing took, then for each kind of request the time of the median, of the 99th in a hundred and of the slowest.

use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tolmach::commands::{Actor, Change, CreateRoom, Edit, Register, Send, Submission};
use tolmach::model::{
    HistoryOrder, HistoryQuery, Message, MessageId, MessageKind, Result as Told, RoomId,
    RoomSelector, SearchQuery, Secret, Timestamp, UserId, fold_text,
};
use tolmach::store::{Commit, CommitSink, Limits, SqliteStore, Store};

type Done<T = ()> = Result<T, Box<dyn Error>>;
/// Where what came of a change is received.
type Outcome<C> = mpsc::Receiver<Told<<C as Change>::Outcome>>;
/// Makes something to search for.
type Needle = fn(&mut Words) -> String;

/// When the first message is said, in milliseconds; each third one comes a millisecond later.
const BEGINNING: i64 = 1_700_000_000_000;
/// How many writes are under way at once.
const WINDOW: usize = 4_096;
/// How many times each request is made.
const RUNS: usize = 300;

fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let messages: i64 = arguments.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let edits: i64 = arguments.next().map_or(Ok(10_000), |n| n.parse())?;
    let temporary = tempfile::tempdir()?;
    let directory = arguments
        .next()
        .map_or(temporary.path().to_owned(), Into::into);
    let path = directory.join("history.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let mut bench = Bench::open(&path)?;
        bench.fill(messages, edits)?;
        for (name, place) in [("database", "history.db"), ("index", "history.db-search")] {
            let bytes = std::fs::metadata(directory.join(place)).map_or(0, |file| file.len());
            println!("{name:<28}{:>9} MB", bytes / 1_000_000);
        }
        println!(
            "{:<28}{:>9}{:>9}{:>9}{:>9}",
            "ms", "p50", "p99", "max", "rows"
        );
        bench.searches().await?;
        bench.histories().await
    })
}

/// The CPU time of a thread of this process (Linux).
fn busy(thread: &str) -> Option<Duration> {
    for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).ok();
        if read("comm")?.trim() == thread {
            // In nanoseconds, the first of three numbers.
            let ran = read("schedstat")?;
            return Some(Duration::from_nanos(ran.split(' ').next()?.parse().ok()?));
        }
    }
    None
}

struct Bench {
    store: SqliteStore,
    words: Words,
    user: UserId,
    room: RoomId,
    messages: i64,
}

impl Bench {
    fn open(path: &Path) -> Done<Self> {
        let limits = Limits {
            gateway: "tolmach".into(),
            rooms_per_user: 0.into(),
            members_per_room: 0.into(),
            disk_free: 0.into(),
            node: None,
        };
        let mut bench = Self {
            store: SqliteStore::open(path, limits, Arc::new(Sink))?,
            words: Words::new(),
            user: UserId(0),
            room: RoomId(0),
            messages: 0,
        };
        let account = Register {
            login: "anna".into(),
            secret: Secret::Hashed(String::new()),
            name: String::new(),
            description: String::new(),
        };
        bench.user = bench.written(Actor::Operator, account)?.user.id;
        let room = CreateRoom::public("lobby");
        bench.room = bench.written(Actor::User(bench.user), room)?.room.room.id;
        Ok(bench)
    }

    /// Submits a change; what came of it is to be received.
    fn submit<C: Change>(&mut self, actor: Actor, change: C, at: i64) -> Outcome<C> {
        let (tell, told) = mpsc::sync_channel(1);
        let at = Timestamp(at);
        let write = Submission::new(actor, None, at, change, move |_, outcome| {
            // Nobody may wait for it.
            let _ = tell.send(outcome);
        });
        self.store.submit(write);
        told
    }

    fn written<C: Change>(&mut self, actor: Actor, change: C) -> Done<C::Outcome> {
        Ok(self.submit(actor, change, BEGINNING).recv()??)
    }

    fn fill(&mut self, messages: i64, edits: i64) -> Done {
        let (user, room) = (Actor::User(self.user), self.room);
        let begun = Instant::now();
        let (mut under_way, mut bytes, mut last) = (VecDeque::new(), 0, 0);
        let to = RoomSelector::Id(room);
        for number in 0..messages {
            let text = self.words.text();
            bytes += text.len();
            let message = Send {
                kind: MessageKind::Text,
                ..Send::text(to.clone(), text)
            };
            under_way.push_back(self.submit(user, message, BEGINNING + number / 3));
            if under_way.len() > WINDOW
                && let Some(said) = under_way.pop_front()
            {
                said.recv()??;
            }
        }
        for said in under_way {
            last = said.recv()??.id.0;
        }
        let first = last - messages + 1;
        self.messages = messages;
        let end = BEGINNING + messages / 3;
        let mut edited = Vec::new();
        for edit in 0..edits {
            let below = usize::try_from(messages)?;
            let message = MessageId(first + i64::try_from(self.words.below(below))?);
            let text = self.words.text();
            edited.push(self.submit(user, Edit::text(message, &text), end + edit));
        }
        for edited in edited {
            edited.recv()??;
        }
        println!(
            "{:<28}{:>9.1} s",
            "written in",
            begun.elapsed().as_secs_f64()
        );
        if !self.store.wait_for_index() {
            return Err("the index was not kept".into());
        }
        println!(
            "{:<28}{:>9.1} s",
            "indexed in",
            begun.elapsed().as_secs_f64()
        );
        if let Some(busy) = busy("store-search") {
            let each = busy.as_secs_f64() * 1e6 / (messages + edits) as f64;
            println!("{:<28}{each:>9.1} CPU-µs a message", "indexing took");
        }
        println!(
            "{:<28}{:>9} bytes",
            "a message",
            bytes / usize::try_from(messages)?
        );
        Ok(())
    }

    async fn searches(&mut self) -> Done {
        let needles: [(&str, Needle); 8] = [
            ("search: rare word", |words| words.word(8_000..12_000)),
            ("search: medium word", |words| words.word(1_000..2_000)),
            ("search: frequent word", |words| words.word(0..20)),
            ("search: two words", |words| {
                format!("{} {}", words.word(0..2_000), words.word(0..2_000))
            }),
            ("search: nowhere", |words| {
                format!("{}{}", words.word(0..100), words.word(0..100))
            }),
            ("search: 1 character", |words| words.start(1)),
            ("search: 2 characters", |words| words.start(2)),
            ("search: 3 characters", |words| words.start(3)),
        ];
        for prefix in [false, true] {
            for (name, needle) in &needles {
                let mut times = Times::default();
                for _ in 0..RUNS {
                    let needle = fold_text(&needle(&mut self.words));
                    let begun = Instant::now();
                    let query = SearchQuery {
                        prefix,
                        ..SearchQuery::containing(needle, 50)
                    };
                    let found = self.store.search(self.room, Some(self.user), &query);
                    times.add(begun, &found.await?);
                }
                let name = if prefix {
                    name.replace("search", "prefix")
                } else {
                    (*name).to_owned()
                };
                times.print(&name);
            }
        }
        Ok(())
    }

    async fn histories(&mut self) -> Done {
        let all = BEGINNING..BEGINNING + self.messages / 3;
        let base = HistoryQuery {
            order: HistoryOrder::Newest,
            ..HistoryQuery::page(RoomSelector::Id(self.room), None, 500)
        };
        for kind in [
            "newer than a date",
            "older than a date",
            "touched since",
            "touched lately",
        ] {
            let mut times = Times::default();
            for _ in 0..RUNS {
                let within = self.words.below(usize::try_from(all.end - all.start)?);
                let at = all.start + i64::try_from(within)?;
                let touched = HistoryQuery {
                    touched: true,
                    order: HistoryOrder::Oldest,
                    ..base.clone()
                };
                let query = match kind {
                    "newer than a date" => HistoryQuery {
                        from: Some(Timestamp(at + 1)),
                        ..base.clone()
                    },
                    "older than a date" => HistoryQuery {
                        to: Some(Timestamp(at - 1)),
                        ..base.clone()
                    },
                    "touched since" => HistoryQuery {
                        from: Some(Timestamp(at)),
                        ..touched
                    },
                    _ => HistoryQuery {
                        from: Some(Timestamp(all.end)),
                        ..touched
                    },
                };
                let begun = Instant::now();
                let page = self
                    .store
                    .history(self.room, Some(self.user), &query)
                    .await?;
                times.add(begun, &page.messages);
            }
            times.print(kind);
        }
        Ok(())
    }
}

#[derive(Default)]
struct Times {
    taken: Vec<Duration>,
    rows: usize,
}

impl Times {
    fn add(&mut self, begun: Instant, rows: &[Arc<Message>]) {
        self.taken.push(begun.elapsed());
        self.rows += rows.len();
    }

    fn print(mut self, name: &str) {
        self.taken.sort_unstable();
        let at = |part: usize| {
            let place = (self.taken.len() - 1) * part / 100;
            self.taken
                .get(place)
                .copied()
                .unwrap_or_default()
                .as_secs_f64()
                * 1e3
        };
        let rows = self.rows / self.taken.len().max(1);
        println!(
            "{name:<28}{:>9.2}{:>9.2}{:>9.2}{rows:>9}",
            at(50),
            at(99),
            at(100)
        );
    }
}

/// Told of commits; completes each.
struct Sink;

impl CommitSink for Sink {
    fn committed(&self, batch: Vec<Commit>) {
        for commit in batch {
            commit.write.complete(commit.outcome, &mut ());
        }
    }
}

/// A repeatable source of texts.
struct Words {
    state: u64,
    latin: Vec<String>,
    cyrillic: Vec<String>,
}

impl Words {
    fn new() -> Self {
        let mut words = Self {
            state: 7,
            latin: Vec::new(),
            cyrillic: Vec::new(),
        };
        let (latin, cyrillic) = ("bcdfghjklmnprstvwz", "бвгджзклмнпрстфхцчшщ");
        words.latin = (0..20_000)
            .map(|rank| words.make(rank, latin, "aeiouy"))
            .collect();
        words.cyrillic = (0..20_000)
            .map(|rank| words.make(rank, cyrillic, "аеиоуыэюяё"))
            .collect();
        words
    }

    fn below(&mut self, end: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or_default() % end
    }

    /// Frequent words are short.
    fn make(&mut self, rank: usize, consonants: &str, vowels: &str) -> String {
        let mut word = String::new();
        let syllables = 1 + (rank + 10).ilog10() as usize;
        for _ in 0..syllables {
            for letters in [consonants, vowels] {
                let letters: Vec<char> = letters.chars().collect();
                word.push(letters[self.below(letters.len())]);
            }
        }
        if self.below(2) == 0 {
            let consonants: Vec<char> = consonants.chars().collect();
            word.push(consonants[self.below(consonants.len())]);
        }
        word
    }

    fn word(&mut self, ranks: std::ops::Range<usize>) -> String {
        let rank = ranks.start + self.below(ranks.len());
        if self.below(5) < 3 {
            self.cyrillic[rank].clone()
        } else {
            self.latin[rank].clone()
        }
    }

    /// The first characters of some word.
    fn start(&mut self, characters: usize) -> String {
        self.word(0..20_000).chars().take(characters).collect()
    }

    /// A few words, frequent ones more often.
    fn text(&mut self) -> String {
        let cyrillic = self.below(5) < 3;
        let mut text = String::new();
        for _ in 0..4 + self.below(if cyrillic { 4 } else { 12 }) {
            let bound = 1 + self.below(20_000);
            let bound = 1 + self.below(bound);
            let rank = self.below(bound);
            let words = if cyrillic {
                &self.cyrillic
            } else {
                &self.latin
            };
            text.push_str(&words[rank]);
            text.push(' ');
        }
        text.truncate(text.trim_end().len());
        text
    }
}
