//! Two network namespaces with a wire between them that can be cut: packets are dropped, and nobody is told.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use nix::sched::{CloneFlags, setns};

/// Set where the test must not be left out.
const REQUIRED: &str = "TEST_NAMESPACES";

pub(crate) struct Network {
    near: String,
    far: String,
}

impl Network {
    /// None, and a line that says so, where no namespaces can be made.
    pub(crate) fn new() -> Option<Self> {
        let name = |side| format!("tolmach-{}-{side}", std::process::id());
        let network = Self {
            near: name("near"),
            far: name("far"),
        };
        match network.set_up() {
            Ok(()) => Some(network),
            Err(error) => {
                assert!(std::env::var_os(REQUIRED).is_none(), "{error}");
                println!("left out, no network namespaces can be made here: {error}");
                None
            }
        }
    }

    fn set_up(&self) -> Result<(), String> {
        let Self { near, far } = self;
        for line in [
            format!("netns add {near}"),
            format!("netns add {far}"),
            format!("-n {near} link add wire type veth peer name wire netns {far}"),
            format!("-n {near} address add 10.0.0.1/24 dev wire"),
            format!("-n {far} address add 10.0.0.2/24 dev wire"),
            format!("-n {near} link set wire up"),
            format!("-n {far} link set wire up"),
        ] {
            ip(&line)?;
        }
        Ok(())
    }

    /// A listener on the near side.
    pub(crate) fn listen(&self) -> TcpListener {
        inside(&self.near, || TcpListener::bind("10.0.0.1:0").unwrap())
    }

    /// A connection from the far side.
    pub(crate) fn connect(&self, address: SocketAddr) -> tokio::net::TcpStream {
        let socket = inside(&self.far, || TcpStream::connect(address).unwrap());
        socket.set_nonblocking(true).unwrap();
        tokio::net::TcpStream::from_std(socket).unwrap()
    }

    /// From now on nothing arrives on either side.
    pub(crate) fn cut(&self) {
        ip(&format!("-n {} link set wire down", self.far)).unwrap();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            // One that was not made is not there.
            let _ = ip(&format!("netns delete {namespace}"));
        }
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let ip = Command::new("ip").args(arguments.split(' ')).output();
    let done = ip.map_err(|error| format!("ip: {error}"))?;
    match done.status.success() {
        true => Ok(()),
        false => Err(format!(
            "ip {arguments}: {}",
            String::from_utf8_lossy(&done.stderr).trim()
        )),
    }
}

/// On a thread of its own, which alone is in that namespace. A socket stays where it was made.
fn inside<T: Send>(namespace: &str, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| {
            let namespace = File::open(format!("/run/netns/{namespace}")).unwrap();
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        there.join().unwrap()
    })
}
