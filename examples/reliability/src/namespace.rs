//! A network of its own for a client, whose packets can be lost.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;

use nix::sched::{CloneFlags, setns};

use crate::Outcome;
use crate::harm::succeed;

/// The two ends, of a network kept for measurements (RFC 2544).
const HERE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// A network namespace and a pair of interfaces to it.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one; root's right.
    pub(crate) fn new() -> Outcome<Self> {
        let name = format!("tolmach{}", std::process::id());
        let namespace = Self { name };
        let name = &namespace.name;
        let commands = [
            format!("netns add {name}"),
            format!("link add {name} type veth peer name {name} netns {name}"),
            format!("addr add {HERE}/30 dev {name}"),
            format!("link set {name} up"),
            format!("-n {name} addr add {THERE}/30 dev {name}"),
            format!("-n {name} link set {name} up"),
        ];
        for command in commands {
            ip(&command).map_err(|error| format!("no namespace can be made here: {error}"))?;
        }
        Ok(namespace)
    }

    /// Connects from inside to a port of this side.
    pub(crate) fn connect(&self, port: u16) -> Outcome<tokio::net::TcpStream> {
        let namespace = File::open(format!("/run/netns/{}", self.name))?;
        // A thread's namespace is its own; a socket stays in that where it was made.
        let connecting = std::thread::spawn(move || -> Outcome<TcpStream> {
            setns(namespace, CloneFlags::CLONE_NEWNET)?;
            Ok(TcpStream::connect(SocketAddr::new(IpAddr::V4(HERE), port))?)
        });
        let stream = connecting.join().map_err(|_| "the thread broke")??;
        stream.set_nonblocking(true)?;
        Ok(tokio::net::TcpStream::from_std(stream)?)
    }

    /// From now on nothing that is sent from inside arrives.
    pub(crate) fn vanish(&self) -> Outcome<()> {
        ip(&format!("-n {} route add blackhole {HERE}", self.name))
    }

    /// All is as before.
    pub(crate) fn come_back(&self) -> Outcome<()> {
        ip(&format!("-n {} route del blackhole {HERE}", self.name))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The interfaces go with it; where it cannot be removed, the next one has another name.
        let _ = ip(&format!("netns del {}", self.name));
    }
}

fn ip(arguments: &str) -> Outcome<()> {
    let mut command = Command::new("ip");
    command.args(arguments.split(' '));
    succeed(command)
}
