//! From a hub and what is listened on to a running gateway.

use std::collections::HashSet;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::balancer::Balancers;
use super::hits::Hits;
use super::listening::{Bound, bind};
use super::liveness::PeerTimeout;
use super::opening::Opening;
use super::serve::Serve;
#[cfg(feature = "tls")]
use super::tls::{Policy, Tls};
use super::{Gateway, Limits, ListenerOptions, TlsMode};
use crate::hub::Hub;
use crate::refusal::of_address;
use crate::runtime;
#[cfg(feature = "tls")]
use crate::turns::Turns;

/// Why a gateway does not listen.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.said())]
#[non_exhaustive]
pub struct BindError {
    /// The listener, as the ready line calls it; empty where it is about all of them.
    pub name: String,
    /// Its address, as it was given; empty where it is about all of them.
    pub address: String,
    /// What the system said.
    #[source]
    pub error: io::Error,
}

impl BindError {
    /// Why there is no gateway at all.
    pub(super) fn of_all(reason: &'static str) -> Self {
        Self {
            name: String::new(),
            address: String::new(),
            error: io::Error::other(reason),
        }
    }

    fn said(&self) -> String {
        let Self {
            name,
            address,
            error,
        } = self;
        match address.is_empty() {
            true => format!("the gateway cannot listen: {error}"),
            false => format!(
                "listener {name} cannot bind {address}: {}",
                of_address(address, error)
            ),
        }
    }
}

/// A gateway that does not run yet, or what one that runs is to become; made by [`Gateway::builder`].
#[must_use]
pub struct GatewayBuilder {
    hub: Hub,
    threads: usize,
    pub(super) limits: Limits,
    pub(super) grace: Duration,
    peer_timeout: Duration,
    pub(super) listeners: Vec<Pending>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

pub(super) struct Pending {
    name: String,
    place: Place,
    options: ListenerOptions,
}

enum Place {
    Address(io::Result<SocketAddr>, String, Arc<dyn Serve>),
    Bound(std::net::TcpListener, Arc<dyn Serve>),
    /// That of the listener of this name, which runs, and perhaps another dialect.
    Running(String, Option<Arc<dyn Serve>>),
}

/// A listener that lacks nothing any more.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) socket: PreparedSocket,
    pub(super) opening: Opening,
}

pub(super) enum PreparedSocket {
    Bound(Bound, Arc<dyn Serve>),
    Running(String, Option<Arc<dyn Serve>>),
}

impl GatewayBuilder {
    pub(super) fn new(hub: Hub) -> Self {
        Self {
            hub,
            threads: 1,
            limits: Limits::default(),
            grace: Duration::from_secs(10),
            peer_timeout: Duration::from_secs(30),
            listeners: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Over how many threads connections are spread; 1 unless said. One of them is the runtime that starts the gateway, which
    /// accepts; each other is a thread of the gateway's own with a runtime of its own, until the gateway is closed. Connections
    /// that are no sockets stay on the runtime that brings them ([`Gateway::connect`]). Which events a session is told, and in
    /// which order, does not depend on it.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads.get();
        self
    }

    /// What connections may take; [`Limits::default`] unless said.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long clients may take, when the gateway stops, to read what waits for them; 10 s unless said.
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long a peer's system may acknowledge nothing until the connection is given up; 30 s unless said. The system asks a
    /// silent one after half of it; whole seconds from 2 s on are kept best. A connection that has acknowledged nothing for
    /// so long is displaced by who comes with the right credentials.
    pub fn peer_timeout(mut self, timeout: Duration) -> Self {
        self.peer_timeout = timeout;
        self
    }

    /// By which certificate connections are encrypted; none are unless said. Each listener's
    /// [options](ListenerOptions::tls) say whether it speaks TLS beside plain, alone or not at all. Handshakes are bounded by
    /// [`Limits::handshakes`] and [`Limits::login_timeout`].
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens on an address; `[::]` hears both families, port 0 lets the system choose one. A name is looked up now.
    ///
    /// `dialect` is what [`Settings::serve`](crate::dialects::Settings::serve) or [`serving`](super::serving) gives.
    pub fn listen(
        self,
        name: &str,
        address: impl ToSocketAddrs + ToString,
        dialect: Arc<dyn Serve>,
    ) -> Self {
        self.listen_with(name, address, dialect, ListenerOptions::default())
    }

    /// As [`listen`](Self::listen), with what the listener takes beside its dialect.
    pub fn listen_with(
        mut self,
        name: &str,
        address: impl ToSocketAddrs + ToString,
        dialect: Arc<dyn Serve>,
        options: ListenerOptions,
    ) -> Self {
        let found = address.to_socket_addrs().and_then(|mut found| {
            let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            found.next().ok_or_else(none)
        });
        self.listeners.push(Pending {
            name: name.to_owned(),
            place: Place::Address(found, address.to_string(), dialect),
            options,
        });
        self
    }

    /// Listens on a socket that is bound already, and listens.
    pub fn listen_on(
        mut self,
        name: &str,
        socket: std::net::TcpListener,
        dialect: Arc<dyn Serve>,
        options: ListenerOptions,
    ) -> Self {
        self.listeners.push(Pending {
            name: name.to_owned(),
            place: Place::Bound(socket, dialect),
            options,
        });
        self
    }

    /// For [`Gateway::change`]: keeps the socket and the connections of the listener that is called `running`, perhaps under
    /// another name. Connections that come later are served by `dialect`, where one is given.
    pub fn keep(
        mut self,
        running: &str,
        name: &str,
        dialect: Option<Arc<dyn Serve>>,
        options: ListenerOptions,
    ) -> Self {
        self.listeners.push(Pending {
            name: name.to_owned(),
            place: Place::Running(running.to_owned(), dialect),
            options,
        });
        self
    }

    /// Starts to listen. Whoever can connect when this returns is served. Must be called in a tokio runtime with I/O and timers.
    ///
    /// # Errors
    /// The first listener that cannot be had, as one that requires TLS where there is no certificate, or that has the name of
    /// another; then the others are closed, and the hub is stopped. One whose hub was stopped before does not start.
    pub async fn start(self) -> Result<Gateway, BindError> {
        if let Err(missing) = runtime::current() {
            self.hub.stop().await;
            return Err(BindError::of_all(missing));
        }
        let gateway = Gateway::new(
            self.hub.clone(),
            self.threads,
            self.limits,
            self.grace,
            PeerTimeout(self.peer_timeout),
        );
        match gateway.change(self).await {
            Ok(()) => Ok(gateway),
            Err(error) => {
                gateway.stop().await;
                Err(error)
            }
        }
    }
}

impl GatewayBuilder {
    /// Whether its listeners have names by which they can be told apart, in the ready line too.
    pub(super) fn check_names(&self) -> Result<(), BindError> {
        let (mut names, mut kept) = (HashSet::new(), HashSet::new());
        for one in &self.listeners {
            let is_wrong = |c: char| c.is_whitespace() || c.is_control();
            let reason = match one.kept() {
                _ if one.name.is_empty() => "its name is empty",
                _ if one.name.contains(is_wrong) => {
                    "its name has white space or a control character in it"
                }
                _ if !names.insert(&one.name) => "another listener has this name",
                Some(running) if !kept.insert(running) => {
                    "that socket is kept for another listener"
                }
                Some(_) | None => continue,
            };
            return Err(BindError {
                name: one.name.clone(),
                address: one.address(),
                error: io::Error::new(io::ErrorKind::InvalidInput, reason),
            });
        }
        Ok(())
    }
}

impl Pending {
    /// Its address, for a message about it.
    fn address(&self) -> String {
        match &self.place {
            Place::Address(_, address, _) => address.clone(),
            Place::Bound(..) => "the given socket".to_owned(),
            Place::Running(..) => "the socket that it has".to_owned(),
        }
    }

    /// The listener whose socket it keeps.
    pub(super) fn kept(&self) -> Option<&str> {
        match &self.place {
            Place::Running(name, _) => Some(name),
            Place::Address(..) | Place::Bound(..) => None,
        }
    }

    /// The port that it is about to bind.
    pub(super) fn port(&self) -> Option<u16> {
        match &self.place {
            Place::Address(Ok(address), ..) => Some(address.port()).filter(|port| *port != 0),
            Place::Address(Err(_), ..) | Place::Bound(..) | Place::Running(..) => None,
        }
    }

    /// Gets the socket, unless it is kept.
    pub(super) fn prepare(
        self,
        openings: &Openings,
        hits: &Arc<Hits>,
    ) -> Result<Prepared, BindError> {
        let address = self.address();
        let Self {
            name,
            place,
            options,
        } = self;
        let socket = match place {
            Place::Address(found, _, dialect) => found
                .and_then(bind)
                .and_then(|socket| Bound::new(socket, true))
                .map(|bound| PreparedSocket::Bound(bound, dialect)),
            Place::Bound(socket, dialect) => {
                Bound::new(socket, false).map(|bound| PreparedSocket::Bound(bound, dialect))
            }
            Place::Running(running, dialect) => Ok(PreparedSocket::Running(running, dialect)),
        };
        let ready = socket.and_then(|socket| Ok((socket, openings.of(&name, options, hits)?)));
        match ready {
            Ok((socket, opening)) => Ok(Prepared {
                name,
                socket,
                opening,
            }),
            Err(error) => Err(BindError {
                name,
                address,
                error,
            }),
        }
    }
}

/// What the connections of a listener may begin with.
#[derive(Default)]
pub(super) struct Openings {
    #[cfg(feature = "tls")]
    pub(super) tls: Option<(Tls, Arc<Turns>)>,
}

impl Openings {
    #[cfg_attr(not(feature = "tls"), expect(unused_variables))]
    fn of(&self, name: &str, options: ListenerOptions, hits: &Arc<Hits>) -> io::Result<Opening> {
        let listener = Some(name.into());
        let balancers = Balancers::new(name, options.proxy).map(Arc::new);
        #[cfg(feature = "tls")]
        if let Some((tls, turns)) = self.tls.as_ref().filter(|_| options.tls != TlsMode::Off) {
            let policy = Policy {
                tls: tls.clone(),
                is_required: options.tls == TlsMode::Required,
                turns: turns.clone(),
                hits: hits.clone(),
            };
            let tls = Some(Arc::new(policy));
            return Ok(Opening {
                listener,
                balancers,
                tls,
            });
        }
        if options.tls == TlsMode::Required {
            let reason =
                "TLS is required, and the gateway has no certificate (GatewayBuilder::tls)";
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        Ok(Opening {
            listener,
            balancers,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }
}
