//! What a service manager is told.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use super::bench::{Bench, Running};
use super::people::{Client, PATIENCE};

/// A service manager: a socket, and what comes in at it.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    /// A gateway that it started, and that says something of itself every tenth of a second.
    fn start(bench: &mut Bench, address: &str) -> Self {
        let socket = match address.strip_prefix('@') {
            None => UnixDatagram::bind(address),
            #[cfg(target_os = "linux")]
            Some(name) => {
                use std::os::linux::net::SocketAddrExt;
                let address = std::os::unix::net::SocketAddr::from_abstract_name(name);
                UnixDatagram::bind_addr(&address.unwrap())
            }
            #[cfg(not(target_os = "linux"))]
            Some(_) => unreachable!("there are no such names"),
        };
        Self::start_at(bench, address, socket.unwrap())
    }

    /// The same, with a socket that is bound there.
    fn start_at(bench: &mut Bench, address: &str, socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = bench.command(&["serve"]);
        let command = command.env("NOTIFY_SOCKET", address);
        command.env("WATCHDOG_USEC", "200000");
        let log = std::fs::File::create(bench.path("log")).unwrap();
        bench.gateway = Some(Running::start(command, log));
        Self { socket }
    }

    fn message(&self) -> String {
        let mut buffer = [0; 1024];
        let count = self.socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..count].to_vec()).unwrap()
    }

    fn until(&self, is_meant: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let message = self.message();
            if is_meant(&message) {
                return message;
            }
            assert!(begun.elapsed() < PATIENCE, "{message}");
        }
    }
}

#[test]
fn a_service_manager_is_told_how_it_goes() {
    let mut bench = Bench::offline();
    let path = bench.path("notify");
    let manager = Manager::start(&mut bench, path.to_str().unwrap());
    assert_eq!(manager.message(), "READY=1");
    manager.until(|message| message == "STATUS=0 connections, 0.0 messages/s");
    manager.until(|message| message == "WATCHDOG=1");
    let begun = Instant::now();
    for _ in 0..5 {
        manager.until(|message| message == "WATCHDOG=1");
    }
    // Twice as often as it is waited for.
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let mut guest = Client::guest(&bench, "anna");
    guest.makes("tea");
    guest.ask(r##"{"action":"msg","time":1,"to":"#tea","from":"anna","message":"hello"}"##);
    let status = manager.until(|message| message.starts_with("STATUS=1 "));
    assert_eq!(status, "STATUS=1 connections, 0.1 messages/s");
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    manager.until(|message| message == "STOPPING=1");
    assert_eq!(gateway.wait().0.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn its_socket_may_have_an_abstract_name_and_nobody_need_read_it() {
    let mut bench = Bench::offline();
    let name = format!("@{}", bench.path("notify").display());
    let manager = Manager::start(&mut bench, &name);
    assert_eq!(manager.message(), "READY=1");
    // A socket that is full, then one that is gone, hold nobody up.
    std::thread::sleep(Duration::from_secs(2));
    Client::guest(&bench, "anna").makes("tea");
    drop(manager);
    Client::guest(&bench, "boris").makes("coffee");
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
}

/// A service manager that does not read for a while, with a queue that is full, hears of the start and of the end all the same.
#[test]
fn the_start_and_the_end_are_told_though_nobody_reads_now() {
    let mut bench = Bench::offline();
    let path = bench.path("notify");
    let fill = || {
        let other = UnixDatagram::unbound().unwrap();
        other.set_nonblocking(true).unwrap();
        while other.send_to(b"FULL", &path).is_ok() {}
    };
    let address = path.to_str().unwrap();
    let socket = UnixDatagram::bind(address).unwrap();
    fill();
    let manager = Manager::start_at(&mut bench, address, socket);
    manager.until(|message| message == "READY=1");
    fill();
    let gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    manager.until(|message| message == "STOPPING=1");
}
