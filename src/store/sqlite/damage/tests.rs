//! Real damage: pages of a real file are overwritten.

use std::fs;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::*;
use crate::commands::Actor;
use crate::model::{Error, HistoryQuery, RoomSelector, SearchQuery, UserId};
use crate::store::contract::{Bench, Gate, Recorder, limits, post};
use crate::store::sqlite::open;
use crate::store::{DatabaseCopy, SqliteStore, Store};

const PAGE: u64 = 4096;

/// A database with three rooms, whose messages lie one room after the other.
struct Sample {
    _directory: tempfile::TempDir,
    path: PathBuf,
    anna: UserId,
    rooms: Vec<RoomId>,
}

fn open(path: &Path) -> (Arc<SqliteStore>, Bench) {
    let sink = Arc::new(Recorder::default());
    let store = Arc::new(SqliteStore::open(path, limits(), sink.clone()).unwrap());
    let bench = Bench::over(store.clone(), sink, Arc::new(Gate::default()), true, None);
    (store, bench)
}

impl Sample {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tolmach.db");
        let (_, bench) = open(&path);
        let anna = bench.account("anna");
        let rooms: Vec<RoomId> = ["one", "two", "three"]
            .map(|name| bench.room(name, anna))
            .to_vec();
        for room in &rooms {
            let said =
                (0..400).map(|_| bench.submit(Actor::User(anna), post(*room, &"x".repeat(200))));
            bench.sink.wait(said.last().unwrap().ticket).0.unwrap();
        }
        Self {
            _directory: directory,
            path,
            anna,
            rooms,
        }
    }

    /// The leaves of a table or an index, by number, from 1.
    fn leaves(&self, name: &str) -> Vec<u64> {
        let conn = Connection::open(&self.path).unwrap();
        let sql = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY path";
        let mut statement = conn.prepare(sql).unwrap();
        let pages = statement
            .query_map([name], |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))
            .unwrap();
        pages.collect::<Sql<_>>().unwrap()
    }

    fn overwrite(&self, page: u64) -> Vec<u8> {
        let file = fs::File::options()
            .read(true)
            .write(true)
            .open(&self.path)
            .unwrap();
        let mut before = vec![0; PAGE as usize];
        let place = (page - 1) * PAGE;
        file.read_exact_at(&mut before, place).unwrap();
        file.write_all_at(&[0x5a; PAGE as usize], place).unwrap();
        before
    }

    fn put_back(&self, page: u64, bytes: &[u8]) {
        let file = fs::File::options().write(true).open(&self.path).unwrap();
        file.write_all_at(bytes, (page - 1) * PAGE).unwrap();
    }

    /// The leaf of the index of places in which the end of the second room is, and of no other.
    fn end_of_the_second_room(&self) -> u64 {
        let ends = |room: RoomId| {
            let conn = Connection::open(&self.path).unwrap();
            let sql = "SELECT max(seq) FROM messages INDEXED BY messages_seq WHERE room = ?1";
            conn.query_row(sql, [room.0], |row| row.get::<_, i64>(0))
                .is_ok()
        };
        let leaves = self.leaves("messages_seq").into_iter();
        let mut found = leaves.filter(|page| {
            let bytes = self.overwrite(*page);
            let hit = self
                .rooms
                .iter()
                .map(|room| ends(*room))
                .collect::<Vec<_>>();
            self.put_back(*page, &bytes);
            hit == [true, false, true]
        });
        found.next().unwrap()
    }
}

async fn read(store: &SqliteStore, room: RoomId) -> crate::model::Result<usize> {
    let query = HistoryQuery::page(RoomSelector::Id(room), None, 1_000);
    let page = store.history(room, None, &query).await?;
    Ok(page.messages.len())
}

#[tokio::test]
async fn a_room_that_cannot_be_read_is_named_once_and_the_others_go_on() {
    let sample = Sample::new();
    let leaves = sample.leaves("messages");
    let (store, bench) = open(&sample.path);
    sample.overwrite(leaves[leaves.len() / 2]);
    let [one, two, three] = sample.rooms[..] else {
        unreachable!()
    };
    for _ in 0..5 {
        assert_eq!(read(&store, one).await, Ok(400));
        assert_eq!(read(&store, two).await, Err(Error::Unavailable));
        assert_eq!(read(&store, three).await, Ok(400));
        let found = store
            .search(two, None, &SearchQuery::containing("y", 9))
            .await;
        assert_eq!(found, Err(Error::Unavailable));
    }
    assert_eq!(store.readers.damage().found(), HashSet::from([Some(two)]));
    // Nothing of it stands in the way of what is said.
    for room in [one, two, three] {
        bench.say(sample.anna, room, "goes on");
    }
}

#[tokio::test]
async fn a_write_that_meets_damage_stops_its_room_alone() {
    let sample = Sample::new();
    let leaf = sample.end_of_the_second_room();
    let (store, bench) = open(&sample.path);
    sample.overwrite(leaf);
    let [one, two, three] = sample.rooms[..] else {
        unreachable!()
    };
    let (anna, commits) = (sample.anna, store.commits());
    // Damage is met, and then where.
    for _ in 0..2 {
        assert_eq!(bench.by(anna, post(two, "lost")), Err(Error::Unavailable));
    }
    // From then on the room takes nobody with it.
    for _ in 0..5 {
        let sent =
            [one, two, three, two].map(|room| bench.submit(Actor::User(anna), post(room, "x")));
        let outcomes = sent.map(|sent| bench.sink.wait_for(sent).0.map(drop));
        let refused = Err(Error::Unavailable);
        assert_eq!(outcomes, [Ok(()), refused.clone(), Ok(()), refused]);
    }
    assert!(store.commits() > commits);
    assert_eq!(read(&store, one).await, Ok(405));
    bench.account("boris");
}

#[test]
fn a_damaged_database_is_refused_with_what_is_damaged_and_the_way_back() {
    let sample = Sample::new();
    let whole = fs::read(&sample.path).unwrap();
    let open = || SqliteStore::open(&sample.path, limits(), Arc::new(Recorder::default()));
    let middle = |name| {
        let leaves = sample.leaves(name);
        leaves[leaves.len() / 2]
    };
    for (place, page) in [
        ("table messages", middle("messages")),
        ("index messages_seq", middle("messages_seq")),
        ("table changes", middle("changes")),
    ] {
        sample.overwrite(page);
        let damaged = fs::read(&sample.path).unwrap();
        let error = open().err().unwrap();
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{place}: {error:?}"
        );
        let text = error.to_string();
        for part in [place, ".recover", &sample.path.display().to_string()] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(fs::read(&sample.path).unwrap() == damaged, "it was touched");
        fs::write(&sample.path, &whole).unwrap();
    }
    // What breaks the check itself off is named by place, too.
    (4..=5).for_each(|page| drop(sample.overwrite(page)));
    let faults = DatabaseCopy::open(&sample.path).unwrap().faults().unwrap();
    assert!(faults[0].what.contains("Tree 5 page 5"), "{faults:?}");
    fs::write(&sample.path, &whole).unwrap();
    let cut = whole.len() / 2 / PAGE as usize * PAGE as usize;
    for (what, bytes) in [
        ("cut short", &whole[..cut]),
        ("cut within a page", &whole[..cut + 100]),
    ] {
        fs::write(&sample.path, bytes).unwrap();
        let error = open().err().unwrap();
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{what}: {error:?}"
        );
    }
    let mut header = whole.clone();
    header[..100].fill(0);
    fs::write(&sample.path, &header).unwrap();
    assert!(matches!(open(), Err(OpenError::NotADatabase { .. })));
    fs::write(&sample.path, "").unwrap();
    assert!(matches!(open(), Err(OpenError::Empty { .. })));
    fs::write(&sample.path, &whole).unwrap();
    drop(open().unwrap());
    fs::remove_file(&sample.path).unwrap();
    fs::create_dir(&sample.path).unwrap();
    assert!(matches!(open(), Err(OpenError::Directory { .. })));
}

#[test]
fn a_database_is_in_its_place_once_it_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let new = directory.path().join("tolmach.db-new");
    // Another was killed while it made one.
    fs::write(&new, "half a database").unwrap();
    open::make(&path).unwrap();
    assert!(!new.exists());
    examine(&path).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let conn = connection(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let version = check(&conn, &path).unwrap();
    conn.execute_batch("SELECT 1 FROM messages").unwrap();
    // What is there is left alone.
    drop(conn);
    let before = fs::read(&path).unwrap();
    open::make(&path).unwrap();
    assert_eq!((fs::read(&path).unwrap(), version > 0), (before, true));
}

#[test]
fn a_check_that_takes_too_long_is_interrupted() {
    let conn = Connection::open_in_memory().unwrap();
    let endless = |conn: &Connection| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        conn.query_row(sql, [], |row| row.get::<_, i64>(0))
    };
    let error = within(Duration::from_millis(1), &conn, endless).unwrap_err();
    assert_eq!(
        error.sqlite_error_code(),
        Some(ErrorCode::OperationInterrupted)
    );
}
