//! A server, its connections and nodes that fail or stand still.

use super::*;

#[tokio::test]
async fn backends_that_are_terminated_are_replaced() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let node = node(&database);
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    for round in 0..5 {
        server.terminate(&database);
        let text = round.to_string();
        node.bench.say(anna, room, &text);
        server.terminate(&database);
        assert_eq!(history(&node.bench, room).await.len(), round + 1);
    }
}

/// Says something as soon as the store takes it again, which is since when.
fn goes_on(node: &Node, user: UserId, room: RoomId) -> Instant {
    let back = Instant::now();
    while node.bench.by(user, post(room, "back")).is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    back
}

/// What is accepted is there, and nothing else but what nobody can say of.
#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_has_what_was_accepted() {
    let Some(server) = Postgres::durable() else {
        return;
    };
    let node = node(&server.database());
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    let (mut sure, mut unsure) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let sent: Vec<_> = (0..600)
            .map(|place| {
                let text = format!("{round} {place}");
                if place == 300 {
                    server.kill();
                }
                let sent = node.bench.submit(Actor::User(anna), post(room, &text));
                (text, sent, Instant::now())
            })
            .collect();
        let mut latest = Duration::ZERO;
        for (text, sent, at) in sent {
            match node.bench.sink.wait_for(sent).0 {
                Ok(_) => sure.push(text),
                Err(Error::OutcomeUnknown) => unsure.push(text),
                Err(Error::Unavailable) => latest = latest.max(at.elapsed()),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(latest < Duration::from_secs(9), "{latest:?}");
        server.serve();
        goes_on(&node, anna, room);
    }
    let kept = history(&node.bench, room).await;
    let kept: Vec<&str> = texts(&kept)
        .into_iter()
        .filter(|text| *text != "back")
        .collect();
    let unexpected = kept
        .iter()
        .filter(|text| !sure.iter().any(|sure| sure == *text));
    assert!(
        unexpected
            .clone()
            .all(|text| unsure.iter().any(|unsure| unsure == text))
    );
    let certain: Vec<&&str> = kept
        .iter()
        .filter(|text| sure.iter().any(|sure| sure == *text))
        .collect();
    assert_eq!(
        certain,
        sure.iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
}

/// One that answers no more, though its machine does.
#[tokio::test]
async fn a_server_that_is_paused_is_away() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let node = node(&server.database());
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    server.signal(Signal::SIGSTOP);
    for _ in 0..2 {
        let asked = Instant::now();
        assert_eq!(
            node.bench.by(anna, post(room, "paused")),
            Err(Error::Unavailable)
        );
        assert_eq!(node.store.room(room).await, Err(Error::Unavailable));
        assert!(
            asked.elapsed() < Duration::from_secs(9),
            "{:?}",
            asked.elapsed()
        );
    }
    server.signal(Signal::SIGCONT);
    let back = goes_on(&node, anna, room);
    while node.store.room(room).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    assert_eq!(texts(&history(&node.bench, room).await), ["back"]);
}

/// Who waits for a connection, and then for its answer, waits no longer for both.
#[tokio::test]
async fn reads_that_wait_at_a_paused_server_are_refused_in_time() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let node = node(&server.database());
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    node.store.room(room).await.unwrap();
    server.signal(Signal::SIGSTOP);
    let asks = (0..30).map(|place| {
        let store = &node.store;
        async move {
            tokio::time::sleep(Duration::from_millis(100) * place).await;
            let asked = Instant::now();
            assert_eq!(store.room(room).await, Err(Error::Unavailable));
            asked.elapsed()
        }
    });
    let took = futures_util::future::join_all(asks).await;
    server.signal(Signal::SIGCONT);
    let longest = took.into_iter().max().unwrap();
    assert!(longest < Duration::from_millis(4900), "{longest:?}");
}

/// A node that is paused in a transaction holds up others for 2 s.
#[tokio::test]
async fn a_node_that_is_paused_holds_up_others_for_a_while_only() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let other = node(&database);
    let anna = other.bench.account("anna");
    let room = other.bench.room("lobby", anna);
    let sink = Arc::new(Recorder::default());
    let (url, gate) = (
        PostgresUrl::parse(&database).unwrap(),
        Arc::new(Gate::default()),
    );
    let inner = gate.clone();
    let around = |backend| inner.before(backend);
    let neighbours = Neighbours::OnTheBus;
    let indexing = Indexing::default();
    let sunk = sink.clone();
    let paused = PostgresStore::over(&url, 2, neighbours, limits(), sunk, indexing, around);
    let paused = Bench::over(Arc::new(paused.unwrap()), sink, gate, true, None);
    let sent = held(&paused, anna, post(room, "paused"), || {
        let asked = Instant::now();
        while other.bench.by(anna, post(room, "on")).is_err() {
            assert!(
                asked.elapsed() < Duration::from_secs(6),
                "it does not go on"
            );
        }
    });
    assert_eq!(paused.sink.wait_for(sent).0, Err(Error::Unavailable));
    assert_eq!(texts(&history(&other.bench, room).await), ["on"]);
}
