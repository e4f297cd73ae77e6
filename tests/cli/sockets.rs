//! Sockets that a service manager passes: nobody is refused while the gateway is started anew.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use super::bench::{Bench, Running, read, run, tolmach};
use super::people::Client;

/// The program with this socket as its first passed descriptor, of this name; another process's where `pid` is given.
fn passing(bench: &Bench, socket: &TcpListener, name: &str, pid: &str) -> Command {
    let serve = "exec 3<&0 0</dev/null; export LISTEN_FDS=1; \
                 LISTEN_PID=${PID:-$$} exec \"$0\" serve -c tolmach.toml";
    let mut command = Command::new("sh");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TOLMACH_") {
            command.env_remove(name);
        }
    }
    command
        .args(["-c", serve])
        .arg(tolmach().get_program())
        .env("LISTEN_FDNAMES", name)
        .env("TOLMACH_HTTP__ADDRESS", "")
        .env("PID", pid)
        .current_dir(bench.path(""))
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
        .stdout(Stdio::piped());
    command
}

fn start(bench: &mut Bench, socket: &TcpListener) {
    let log = std::fs::File::create(bench.path("log")).unwrap();
    let mut command = passing(bench, socket, "jim", "");
    bench.gateway = Some(Running::started(command.stderr(log).spawn().unwrap()));
}

fn terminate(bench: &mut Bench) {
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
}

fn guest(address: SocketAddr, name: &str) -> Client {
    let mut guest = Client::to(address);
    guest.say(format!(
        r#"{{"action":"presence","time":1,"type":"status","user":{{"account_name":"{name}","status":""}}}}"#
    ));
    guest
}

#[test]
fn who_connects_while_no_gateway_runs_is_served_by_the_next_one() {
    let mut bench = Bench::offline();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    start(&mut bench, &socket);
    let ready = bench.gateway.as_ref().unwrap().ready.clone();
    assert!(ready.contains(&format!("jim={address}")), "{ready}");
    assert!(guest(address, "anna").hear().contains("200"));
    terminate(&mut bench);
    let mut waiting = guest(address, "boris");
    start(&mut bench, &socket);
    assert!(waiting.hear().contains("200"));
    // A reload keeps it, also one that leaves it out for a while.
    bench.configure("[jim]\nprobe_after = \"2m\"\n");
    let said = bench.run(&["reload"]).done();
    assert_eq!(said, "listener jim: probe_after: \"60s\" -> \"2m\"\n");
    let text = read(&bench.path("tolmach.toml"));
    std::fs::write(
        bench.path("tolmach.toml"),
        text.replace("dialect = \"jim\"", "dialect = \"jim\"\nname = \"other\""),
    )
    .unwrap();
    bench.run(&["reload"]).done();
    waiting.say("{\"action\":\"probe\",\"time\":1}");
    bench.configure("");
    bench.run(&["reload"]).done();
    assert!(guest(address, "clara").hear().contains("200"));
    terminate(&mut bench);
}

/// Where it is bound is the service manager's to say, and not what the configuration has.
#[test]
fn a_reload_names_the_address_at_which_a_socket_is_bound() {
    let mut bench = Bench::offline();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    start(&mut bench, &socket);
    let whole = read(&bench.path("tolmach.toml"));
    let jim = "[[listener]]\ndialect = \"jim\"\naddress = \"127.0.0.1:0\"\n";
    let without = whole.replace(jim, "");
    assert_ne!(without, whole);
    for (text, change) in [
        (&without, format!("listener jim: removed from {address}\n")),
        (&whole, format!("listener jim: added on {address}\n")),
    ] {
        std::fs::write(bench.path("tolmach.toml"), text).unwrap();
        assert_eq!(bench.run(&["reload", "--check"]).done(), change);
        assert_eq!(bench.run(&["reload"]).done(), change);
    }
    assert!(guest(address, "anna").hear().contains("200"));
    // So does one for which the system chose the port.
    let other = jim.replace("jim\"\n", "jim\"\nname = \"other\"\n");
    std::fs::write(bench.path("tolmach.toml"), whole.clone() + &other).unwrap();
    bench.run(&["reload"]).done();
    std::fs::write(bench.path("tolmach.toml"), &whole).unwrap();
    let said = bench.run(&["reload", "--check"]).done();
    let port = said
        .trim_end()
        .strip_prefix("listener other: removed from 127.0.0.1:");
    assert!(port.is_some_and(|port| port != "0"), "{said}");
    terminate(&mut bench);
}

#[test]
fn a_socket_that_is_nobodys_is_named_and_one_of_another_process_is_left_alone() {
    let bench = Bench::offline();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    for (name, said) in [("gym", "\"gym\""), ("", "\"unknown\"")] {
        let mut command = passing(&bench, &socket, name, "");
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{err}");
        for part in [said, "jim, talker", "FileDescriptorName="] {
            assert!(err.contains(part), "{err}");
        }
    }
    let not_listening = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut command = passing(&bench, &socket, "jim", "");
    command
        .stdin(Stdio::from(OwnedFd::from(not_listening)))
        .stderr(Stdio::piped());
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && err.contains("none to listen on"),
        "{err}"
    );
    let mut command = passing(&bench, &socket, "gym", "1");
    let gateway = Running::started(command.stderr(Stdio::null()).spawn().unwrap());
    assert_ne!(gateway.port("jim"), socket.local_addr().unwrap().port());
    drop(gateway);
    run(&mut bench.command(&["user", "list"]), "").done();
}
