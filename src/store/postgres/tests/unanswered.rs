//! Commits whose answer is lost.

use super::*;

/// Between a store and its server; keeps the answer to the next COMMIT back, and ends that connection.
struct Between {
    port: u16,
    cuts: Arc<AtomicBool>,
}

impl Between {
    fn start(to: u16) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let cuts = Arc::<AtomicBool>::default();
        let when = cuts.clone();
        thread::spawn(move || {
            for client in socket.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (from, into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || passed(from, into, |_| true));
                let when = when.clone();
                thread::spawn(move || {
                    passed(server, client, |bytes| {
                        let is_commit = bytes.windows(7).any(|part| part == b"COMMIT\0");
                        !(is_commit && when.swap(false, Ordering::SeqCst))
                    });
                });
            }
        });
        Self { port, cuts }
    }
}

/// Passes bytes on as long as they may; then both ends are closed.
fn passed(mut from: TcpStream, mut into: TcpStream, may: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !may(&buffer[..count]) || into.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for end in [from, into] {
        // The other side may have closed it.
        let _ = end.shutdown(Shutdown::Both);
    }
}

/// "A commit whose answer was lost is asked for before anybody is answered: known, it is told."
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_asked_for() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let between = Between::start(server.port());
    let port = format!(":{}/", server.port());
    let way = database.replace(&port, &format!(":{}/", between.port));
    let node = node(&way);
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    for text in ["first", "second"] {
        between.cuts.store(true, Ordering::SeqCst);
        assert_eq!(node.bench.say(anna, room, text).text, text);
        assert!(!between.cuts.load(Ordering::SeqCst), "it was not cut");
    }
    let kept = history(&node.bench, room).await;
    assert_eq!(texts(&kept), ["first", "second"]);
    // One that did not come to its COMMIT.
    drop(node);
    let bench = Bench::in_postgres(&database, Indexing::default());
    let sent = held(&bench, anna, post(room, "third"), || {
        server.terminate(&database)
    });
    assert_eq!(bench.sink.wait_for(sent).0, Err(Error::Unavailable));
    bench.say(anna, room, "fourth");
    let kept = history(&bench, room).await;
    assert_eq!(texts(&kept), ["first", "second", "fourth"]);
}

/// "Not to be known, the sender is closed without an answer", and the store goes on.
#[tokio::test]
async fn a_commit_of_which_nothing_can_be_known_stops_nothing() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let bench = Bench::in_postgres(&server.database(), Indexing::default());
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let asked = Instant::now();
    let sent = held(&bench, anna, post(room, "who knows"), || server.kill());
    assert_eq!(bench.sink.wait_for(sent).0, Err(Error::OutcomeUnknown));
    assert!(
        asked.elapsed() < Duration::from_secs(7),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(bench.by(anna, post(room, "away")), Err(Error::Unavailable));
    assert_eq!(bench.store.room(room).await, Err(Error::Unavailable));
    server.serve();
    let back = Instant::now();
    while bench.by(anna, post(room, "back")).is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    while bench.store.room(room).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    assert_eq!(texts(&history(&bench, room).await), ["back"]);
}

/// What had a number and was on no disk when the server crashed: the number is another's then.
#[tokio::test]
async fn a_number_that_became_another_transactions_says_nothing() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let database = server.database();
    let mut has_been_given_again = false;
    for round in 0..5 {
        let rest = Duration::from_secs(3_600);
        let indexing = Indexing {
            rest,
            ..Indexing::default()
        };
        let bench = Bench::in_postgres(&database, indexing);
        let anna = bench.account(&format!("anna{round}"));
        let room = bench.room(&format!("lobby{round}"), anna);
        let said = bench.say(anna, room, "before");
        let last = "SELECT max(backend_xid::text::int8) FROM pg_stat_activity";
        let edit = Edit::text(said.id, "never");
        bench.gate.set(Verdict::Hold);
        let sent = bench.submit(Actor::User(anna), edit);
        bench.gate.wait_for_commit();
        let held_by: i64 = server.ask(&database, last).parse().unwrap();
        server.kill();
        server.serve();
        for _ in 0..40 {
            let given = server
                .ask(&database, "SELECT pg_current_xact_id()")
                .parse::<i64>();
            match given.unwrap().cmp(&held_by) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => {
                    has_been_given_again = true;
                    break;
                }
                std::cmp::Ordering::Greater => break,
            }
        }
        bench.gate.set(Verdict::Pass);
        assert_eq!(bench.sink.wait_for(sent).0, Err(Error::Unavailable));
        assert_eq!(texts(&history(&bench, room).await), ["before"]);
    }
    assert!(has_been_given_again, "it was on disk each time");
}

/// A transaction that goes on after its COMMIT was given up is waited for.
#[tokio::test]
async fn a_commit_that_is_still_under_way_is_waited_for() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let bench = node(&database).bench;
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    // It is longer than the COMMIT may take, and shorter than it is asked what became of it.
    let slow = "CREATE FUNCTION dawdle() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$; \
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()";
    server.ask(&database, slow);
    assert_eq!(bench.say(anna, room, "late").text, "late");
    server.ask(&database, "DROP TRIGGER slow ON messages");
    assert_eq!(texts(&history(&bench, room).await), ["late"]);
}
