//! Several gateways as one, each a process of its own, over a database and a bus of the tests' own.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tolmach_test_servers::{NatsServer, Postgres};

use super::bench::Bench;
use super::people::{Client, anna_by_jim};

/// How long a node may be unheard of here.
const LEASE: Duration = Duration::from_secs(2);
/// How long what must come may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "CorrectHorse";

/// What nodes share, and an account `anna`.
struct Shared {
    nats: NatsServer,
    database: String,
    lease: Duration,
}

impl Shared {
    /// `None` where a server's program is not installed.
    fn start() -> Option<Self> {
        let (nats, server) = (NatsServer::start()?, Postgres::shared()?);
        let database = server.database();
        Some(Self {
            nats,
            database,
            lease: LEASE,
        })
    }

    /// A place for a node, or for commands.
    fn place(&self, name: &str) -> Bench {
        let bench = Bench::offline();
        let bus = self.nats.url().replace("://", "://user:secret@");
        let (database, lease) = (&self.database, self.lease.as_secs());
        bench.configure(&format!(
            "[store]\nurl = {database:?}\n[bus]\nurl = {bus:?}\n[node]\nname = {name:?}\nlease = \"{lease}s\"\n[presence]\ngrace = \"1s\"\n"
        ));
        bench
    }

    fn node(&self, name: &str) -> Bench {
        let mut bench = self.place(name);
        bench.gateway = Some(bench.serve(&[]));
        bench
    }

    /// Two nodes, and an account `anna`.
    fn two(&self) -> [Bench; 2] {
        let two = ["east", "west"].map(|name| self.node(name));
        two[0]
            .run_with(&["user", "add", "anna"], &format!("{PASSWORD}\n"))
            .done();
        two
    }
}

fn signal(bench: &Bench, name: &str) {
    bench.gateway.as_ref().unwrap().signal(name);
}

/// What a login of anna comes to: her connection, or the code of the refusal.
fn comes(bench: &Bench) -> Result<Client, String> {
    let mut client = Client::connect(bench, "jim");
    let answer = client.ask(&format!(
        r#"{{"action":"authenticate","time":1,"user":{{"account_name":"anna","password":"{PASSWORD}"}}}}"#
    ));
    let code = answer.split("\"response\":").nth(1).unwrap()[..3].to_owned();
    match code.as_str() {
        "200" => Ok(client),
        _ => Err(code),
    }
}

/// Waits until anna is let in; how long that took.
fn let_in(bench: &Bench) -> (Client, Duration) {
    let begun = Instant::now();
    loop {
        match comes(bench) {
            Ok(client) => return (client, begun.elapsed()),
            Err(code) => assert_eq!(code, "409"),
        }
        assert!(begun.elapsed() < PATIENCE, "the name is not free");
        sleep(Duration::from_millis(50));
    }
}

/// Names and states of the nodes, as a node or a command sees them.
fn nodes(bench: &Bench) -> Vec<String> {
    let nodes = bench.json(&["node", "list", "--json"]);
    let shown = |node: &serde_json::Value| {
        let [name, state] = ["name", "state"].map(|key| node[key].as_str().unwrap());
        format!("{name} {state}")
    };
    let mut nodes: Vec<String> = nodes.iter().map(shown).collect();
    nodes.sort();
    nodes
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_a_killed_node_held_is_free_when_its_lease_is_over() {
    let Some(shared) = Shared::start() else {
        return;
    };
    let [east, west] = shared.two();
    let _anna = anna_by_jim(&east, "anna", PASSWORD);
    let _guest = Client::guest(&east, "gast");
    assert_eq!(nodes(&west), ["east alive", "west alive"]);
    let sessions = west.json(&["session", "list", "--json"]);
    let mut seen: Vec<_> = sessions
        .iter()
        .map(|session| {
            (
                session["user"].as_str().unwrap(),
                session["node"].as_str().unwrap(),
            )
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [("anna", "east"), ("gast", "east")]);
    assert_eq!(comes(&west).err().unwrap(), "409");
    // So that west may say who is gone.
    sleep(LEASE);
    signal(&east, "KILL");
    let (_again, waited) = let_in(&west);
    assert!(waited < LEASE * 5, "{waited:?}");
    let _guest = Client::guest(&west, "gast");
    until("east is listed", || nodes(&west) == ["west alive"]);
}

#[test]
fn a_paused_node_commits_nothing_and_begins_afresh() {
    let Some(shared) = Shared::start() else {
        return;
    };
    let [east, west] = shared.two();
    let mut anna = anna_by_jim(&east, "anna", PASSWORD);
    anna.makes("tea");
    let id = |bench: &Bench| {
        let nodes = bench.json(&["node", "list", "--json"]);
        let east = nodes.iter().find(|node| node["name"] == "east");
        east.map(|node| node["id"].clone())
    };
    let before = id(&west).unwrap();
    sleep(LEASE);
    let lags = |bench: &Bench| {
        let nodes = bench.json(&["node", "list", "--json"]);
        let lag = |node: &serde_json::Value| (node["name"].to_string(), node["lag"].is_f64());
        nodes.iter().map(lag).collect::<Vec<_>>()
    };
    let listed = |east| [("\"east\"".to_owned(), east), ("\"west\"".to_owned(), true)];
    assert_eq!(lags(&west), listed(true));
    signal(&east, "STOP");
    let ran = west.run(&["session", "list"]);
    let said = ran.err.clone();
    assert!(
        said.contains("node east (") && said.contains("does not answer"),
        "{said}"
    );
    assert_eq!(ran.code, Some(0));
    // The system takes it, the node does not.
    anna.say(r##"{"action":"msg","time":1,"to":"#tea","from":"anna","message":"too late"}"##);
    let (mut again, _) = let_in(&west);
    signal(&east, "CONT");
    let rest = String::from_utf8(anna.rest()).unwrap();
    assert!(!rest.contains("\"response\":200"), "{rest}");
    let answer =
        again.ask(r##"{"action":"msg","time":1,"to":"#tea","from":"anna","message":"in time"}"##);
    assert!(answer.contains("\"response\":200"), "{answer}");
    until("east is not there again", || {
        id(&west).is_some_and(|now| now != before)
    });
    until("somebody is late", || {
        nodes(&west) == ["east alive", "west alive"]
    });
    assert_eq!(comes(&east).err().unwrap(), "409");
    let history = west.run(&["history", "tea"]).done();
    assert!(
        history.contains("in time") && !history.contains("too late"),
        "{history}"
    );
    drop(again);
    let (_back, _) = let_in(&east);
}

#[test]
fn check_asks_the_bus_who_one_is_and_what_one_may_do() {
    let Some(nats) = NatsServer::start() else {
        return;
    };
    let checked = |server: &NatsServer, who: &str| {
        let bench = Bench::offline();
        let bus = server.url().replace("://", &format!("://{who}@"));
        // Nothing is asked of this database before the bus is.
        bench.configure(&format!(
            "[bus]\nurl = {bus:?}\n[store]\nurl = \"postgres://nobody@127.0.0.1:1/none\"\n"
        ));
        let checked = bench.run(&["check"]);
        assert_eq!(checked.code, Some(1), "{}", checked.err);
        let mut of_bus = checked
            .err
            .lines()
            .filter(|line| line.contains("the bus cannot be used"));
        let told = of_bus.next().unwrap_or_default().to_owned();
        assert_eq!(of_bus.next(), None, "{}", checked.err);
        told
    };
    assert_eq!(checked(&nats, "user:secret"), "");
    let refused = checked(&nats, "user:wrong");
    assert!(
        refused.contains("does not accept the user and the password"),
        "{refused}"
    );
    for (publish, subscribe, named) in [
        (["other.>"], ["tolmach.>", "_INBOX.>"], "tolmach.node."),
        (["tolmach.>"], ["tolmach.all", "_INBOX.>"], "tolmach.node."),
        (["tolmach.>"], ["tolmach.>", "tolmach.all"], "_INBOX."),
    ] {
        let nats = NatsServer::allowing(&publish, &subscribe).unwrap();
        let refused = checked(&nats, "user:secret");
        assert!(
            refused.contains("needs to publish and to subscribe") && refused.contains(named),
            "{refused}"
        );
    }
    let nats = NatsServer::allowing(&["tolmach.>"], &["tolmach.>", "_INBOX.>"]).unwrap();
    assert_eq!(checked(&nats, "user:secret"), "");
    let mut nats = nats;
    nats.kill();
    let away = checked(&nats, "user:secret");
    assert!(away.contains("no server answers"), "{away}");
}

#[test]
fn while_the_database_is_away_for_all_who_speaks_is_told_so_and_stays() {
    let (Some(nats), Some(server)) = (NatsServer::start(), Postgres::quick()) else {
        return;
    };
    // Long enough for questions between nodes on a busy machine.
    let (database, lease) = (server.database(), LEASE * 3);
    let shared = Shared {
        nats,
        database,
        lease,
    };
    let [east, west] = shared.two();
    let mut anna = anna_by_jim(&east, "anna", PASSWORD);
    anna.makes("tea");
    let mut guest = Client::guest(&west, "gast");
    let entered = guest.ask(r##"{"action":"join","time":1,"room":"#tea"}"##);
    assert!(entered.contains("\"response\":200"), "{entered}");
    // So that each knows of the other by the registry.
    sleep(lease / 2);
    server.kill();
    let away = Instant::now();
    let says = |client: &mut Client, login: &str| {
        client.say(format!(
            r##"{{"action":"msg","time":1,"to":"#tea","from":"{login}","message":"hello"}}"##
        ));
        client.hear_of("\"response\":")
    };
    while away.elapsed() < lease * 3 / 2 {
        for (client, login) in [(&mut anna, "anna"), (&mut guest, "gast")] {
            let asked = Instant::now();
            let answer = says(client, login);
            let waited = asked.elapsed();
            assert!(
                answer.contains("\"response\":503") && waited < Duration::from_secs(5),
                "after {waited:?}: {answer}"
            );
        }
        sleep(Duration::from_millis(100));
    }
    server.serve();
    for (client, login) in [(&mut anna, "anna"), (&mut guest, "gast")] {
        until("nothing is accepted", || {
            says(client, login).contains("\"response\":200")
        });
    }
}

#[test]
fn who_stops_gives_everything_back_at_once() {
    let Some(shared) = Shared::start() else {
        return;
    };
    let [mut east, west] = shared.two();
    let _anna = anna_by_jim(&east, "anna", PASSWORD);
    signal(&east, "TERM");
    let status = east.gateway.as_mut().unwrap().wait().0;
    assert!(status.success());
    assert!(comes(&west).is_ok());
    assert_eq!(nodes(&west), ["west alive"]);
}

#[test]
fn a_command_without_a_gateway_reaches_all_nodes() {
    let Some(shared) = Shared::start() else {
        return;
    };
    let [east, west] = shared.two();
    let mut there = anna_by_jim(&east, "anna", PASSWORD);
    let elsewhere = shared.place("elsewhere");
    assert_eq!(nodes(&elsewhere), ["east alive", "west alive"]);
    let sessions = elsewhere.json(&["session", "list", "--json"]);
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    let id = sessions[0]["id"].to_string();
    elsewhere.run(&["session", "close", &id]).done();
    there.rest();
    let mut there = anna_by_jim(&west, "anna", PASSWORD);
    elsewhere.run(&["user", "disable", "anna"]).done();
    there.rest();
    assert_eq!(comes(&east).err().unwrap(), "402");
    until("commands are nodes", || {
        nodes(&west) == ["east alive", "west alive"]
    });
}
