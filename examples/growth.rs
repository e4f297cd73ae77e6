#![forbid(unsafe_code)]
//! What grows with the number of users, rooms and members, and what must not: the start, logins by token, reads, deliveries.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example growth -- [USERS ROOMS DIRECTORY]
//! ```
//!
//! Default: 1,000,000 users and 100,000 rooms, in a new directory in the present one. Each tenth user has a token, each room 10
//! members, each hundredth room 100 messages. A small database (100 users, 10 rooms) is beside it, and the two take turns:
//!
//! - the start: `tolmach serve`, the build beside this program, from its start to the line `ready`, and its resident memory then; twice;
//! - logins by token of 64 connections at a time, each of another user, in a hub in this process;
//! - a page of 50 messages, the rooms of a user, the members of a room, of other users and rooms each time.
//!
//! Then, in memory, what the hub needs to tell a message to sessions that hear nothing: CPU time a delivery by the number of rooms
//! of 10, and by the number of members of one room. Linux only.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tolmach::commands::{History, Members, MyRooms};
use tolmach::hub::{Hub, Options, Scope, Session};
use tolmach::model::{HistoryOrder, HistoryQuery, RoomId, RoomSelector};
use tolmach::store::{DatabaseBuilder, DatabaseCopy};
use tolmach_reliability::server::Server;

type Done<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Each such user has a token.
const HAS_TOKEN: usize = 10;
/// How many members a room has.
const MEMBERS: usize = 10;
/// In each such room something was said.
const HAS_MESSAGES: usize = 100;
/// How many messages that is.
const MESSAGES: usize = 100;
/// How many connections log in at a time.
const AT_A_TIME: usize = 64;
/// How many logins and reads are timed.
const TIMES: usize = 5_000;
/// How many deliveries are timed.
const DELIVERIES: usize = 1_000_000;
/// What is said.
const TEXT: &str = "The quick brown fox jumps over the lazy dog, says the interpreter; nobody here is surprised at all.";
const BEGINNING: i64 = 1_700_000_000_000;

/// A database that was made.
struct Made {
    users: usize,
    rooms: usize,
    directory: PathBuf,
}

fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let users: usize = arguments.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let rooms: usize = arguments.next().map_or(Ok(100_000), |n| n.parse())?;
    let place = arguments
        .next()
        .map_or_else(std::env::current_dir, |path| Ok(path.into()))?;
    let place = tempfile::tempdir_in(place)?;
    let began = Instant::now();
    let made = [
        Made::new(100, 10, place.path().join("small"))?,
        Made::new(users, rooms, place.path().join("large"))?,
    ];
    println!("made in {:.0} s\n", began.elapsed().as_secs_f64());
    println!("| users | rooms | database, MB | start, ms | second | MB at ready |");
    println!("|---|---|---|---|---|---|");
    for made in &made {
        let (first, _) = made.start()?;
        let (second, resident) = made.start()?;
        println!(
            "| {} | {} | {} | {:.0} | {:.0} | {:.1} |",
            made.users,
            made.rooms,
            fs::metadata(made.path())?.len() / 1_000_000,
            millis(first),
            millis(second),
            resident as f64 / 1e6
        );
    }
    println!(
        "\n| users | rooms | logins/s by token | CPU-µs each | page of 50, ms p50 | p99 | own rooms | p99 | members | p99 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for made in &made {
        runtime()?.block_on(made.hub())?;
    }
    println!("\n| rooms | members | CPU-µs a delivery |");
    println!("|---|---|---|");
    for (rooms, members) in [
        (10, 10),
        (100, 10),
        (1_000, 10),
        (10_000, 10),
        (1, 10),
        (1, 100),
        (1, 1_000),
        (1, 5_000),
    ] {
        let each = runtime()?.block_on(tell(rooms, members))?;
        println!("| {rooms} | {members} | {each:.3} |");
    }
    Ok(())
}

fn runtime() -> Done<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

impl Made {
    fn new(users: usize, rooms: usize, directory: PathBuf) -> Done<Self> {
        fs::create_dir(&directory)?;
        let made = Self {
            users,
            rooms,
            directory,
        };
        fs::write(made.path(), "")?;
        let mut builder = DatabaseBuilder::begin(&made.path(), DatabaseCopy::newest_version())?;
        let mut insert = |table: &str, row: Value| match row {
            Value::Object(row) => builder.insert(table, &row),
            _ => Ok(()),
        };
        for user in 1..=users {
            let login = format!("user{user}");
            insert(
                "users",
                json!({"id": user, "login": login, "folded": login, "name": login, "description": "", "kind": "account",
                    "disabled": 0, "created": BEGINNING}),
            )?;
            if user % HAS_TOKEN == 0 {
                let digest = Sha256::digest(token(user));
                let hash = digest.iter().map(|byte| format!("{byte:02x}"));
                insert(
                    "tokens",
                    json!({"id": user, "user": user, "hash": hash.collect::<String>(), "kind": "api", "created": BEGINNING}),
                )?;
            }
        }
        let mut message = 0;
        for room in 1..=rooms {
            let (name, said) = (
                format!("room{room}"),
                if room % HAS_MESSAGES == 1 {
                    MESSAGES
                } else {
                    0
                },
            );
            insert(
                "rooms",
                json!({"id": room, "name": name, "folded": name, "title": name, "folded_title": name, "description": "", "kind": "public",
                    "created": BEGINNING, "updated": BEGINNING, "seq": said, "cleared": 0,
                    "last_message": BEGINNING, "messages": said}),
            )?;
            for member in made.members(room) {
                insert(
                    "members",
                    json!({"room": room, "user": member, "role": "member", "joined": BEGINNING, "seen": 0}),
                )?;
            }
            for number in 1..=said {
                message += 1;
                insert(
                    "messages",
                    json!({"id": message, "room": room, "seq": number, "sender": HAS_TOKEN, "kind": "text", "text": TEXT,
                        "created": BEGINNING + i64::try_from(number)?, "deleted": 0, "extra": "", "number": number}),
                )?;
            }
        }
        builder.finish()?;
        Ok(made)
    }

    fn path(&self) -> PathBuf {
        self.directory.join("tolmach.db")
    }

    /// Users who have tokens, spread over the rooms.
    fn members(&self, room: usize) -> impl Iterator<Item = usize> {
        let bearers = self.users / HAS_TOKEN;
        (0..MEMBERS).map(move |place| (room * MEMBERS + place) % bearers * HAS_TOKEN + HAS_TOKEN)
    }

    /// How long the gateway takes until it is ready, and how much memory it has then.
    fn start(&self) -> Done<(Duration, usize)> {
        let program = std::env::current_exe()?
            .with_file_name("")
            .join("../tolmach");
        let command = Server::command(&program, &self.directory, &[]);
        let began = Instant::now();
        let server = Server::spawn(command).map_err(|error| error.to_string())?;
        let took = began.elapsed();
        let resident = server.resident().map_err(|error| error.to_string())?;
        Ok((took, resident))
    }

    async fn hub(&self) -> Done {
        let hub = Hub::builder().sqlite(self.path()).start().await?;
        let bearers = self.users / HAS_TOKEN;
        let (mut logins, began, before) = (tokio::task::JoinSet::new(), Instant::now(), cpu()?);
        for first in 0..AT_A_TIME {
            let hub = hub.clone();
            logins.spawn(async move {
                let mut sessions = Vec::new();
                for number in (first..TIMES).step_by(AT_A_TIME) {
                    let (mut session, _) = hub.attach("bench", Scope::AllRooms);
                    let user = number * 7 % bearers * HAS_TOKEN + HAS_TOKEN;
                    session.log_in_token(&token(user)).await?;
                    sessions.push(session);
                }
                Done::Ok(sessions)
            });
        }
        let mut sessions = Vec::new();
        while let Some(opened) = logins.join_next().await {
            sessions.extend(opened??);
        }
        let (took, spent) = (began.elapsed(), cpu()? - before);
        let count = sessions.len() as f64;
        let speaking = self.rooms.div_ceil(HAS_MESSAGES);
        let mut pages = Vec::new();
        for number in 0..TIMES {
            let room = number * 7 % speaking * HAS_MESSAGES + 1;
            let session = self.member_session(&hub, room).await?;
            let query = HistoryQuery {
                order: HistoryOrder::Newest,
                ..HistoryQuery::page(selector(room)?, None, 50)
            };
            pages.push(timed(session, History(query)).await?);
        }
        let (mut own, mut members) = (Vec::new(), Vec::new());
        for (number, mut session) in sessions.into_iter().enumerate() {
            let began = Instant::now();
            let mine = session.call(MyRooms).await?;
            own.push(began.elapsed());
            if let Some(room) = mine.get(number % mine.len().max(1)) {
                let began = Instant::now();
                session
                    .call(Members {
                        room: RoomSelector::Id(room.id),
                    })
                    .await?;
                members.push(began.elapsed());
            }
        }
        hub.stop().await;
        print!(
            "| {} | {} | {:.0} | {:.0} |",
            self.users,
            self.rooms,
            count / took.as_secs_f64(),
            spent.as_secs_f64() * 1e6 / count
        );
        for times in [&mut pages, &mut own, &mut members] {
            print!(
                " {:.2} | {:.2} |",
                millis(of(times, 50)),
                millis(of(times, 99))
            );
        }
        println!();
        Ok(())
    }

    async fn member_session(&self, hub: &Hub, room: usize) -> Done<Session> {
        let member = self.members(room).next().unwrap_or(HAS_TOKEN);
        let (mut session, _) = hub.attach("bench", Scope::AllRooms);
        session.log_in_token(&token(member)).await?;
        Ok(session)
    }
}

async fn timed(mut session: Session, query: History) -> Done<Duration> {
    let began = Instant::now();
    session.call(query).await?;
    Ok(began.elapsed())
}

fn selector(room: usize) -> Done<RoomSelector> {
    Ok(RoomSelector::Id(RoomId(i32::try_from(room)?)))
}

/// The CPU time of a delivery in a hub in memory.
async fn tell(rooms: usize, members: usize) -> Done<f64> {
    let options = Options::default().rooms_per_user(0);
    let hub = Hub::builder().options(options).start().await?;
    let mut speakers = Vec::new();
    for number in 0..rooms * members {
        let (mut session, _) = hub.attach("bench", Scope::AllRooms);
        session.log_in_guest(&format!("guest{number}")).await?;
        let room = session.enter(&format!("room{}", number % rooms)).await?;
        speakers.push((session, RoomSelector::Id(room.room.id)));
    }
    let says = (DELIVERIES / members).max(200);
    let before = cpu()?;
    for number in 0..says {
        // In another room each time.
        let place = number * 7919 % speakers.len();
        let (session, room) = &mut speakers[place];
        session.say(room.clone(), TEXT).await?;
    }
    let spent = cpu()? - before;
    hub.stop().await;
    Ok(spent.as_secs_f64() * 1e6 / (says * members) as f64)
}

/// The token of a user.
fn token(user: usize) -> String {
    format!("{user:064x}user{user}")
}

/// The CPU time of this process's threads.
fn cpu() -> Done<Duration> {
    let mut all = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task")? {
        // In nanoseconds, the first of three numbers.
        let ran = fs::read_to_string(task?.path().join("schedstat"))?;
        all += Duration::from_nanos(ran.split(' ').next().unwrap_or_default().parse()?);
    }
    Ok(all)
}

/// The time that so many in a hundred did not exceed.
fn of(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let place = (times.len() * percent).div_ceil(100).max(1) - 1;
    times.get(place).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
