//! From a hub and what is listened on to a running gateway.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::balancer::Balancers;
use super::hits::Hits;
use super::listener::{Serve, bind};
use super::liveness::PeerTimeout;
use super::opening::Opening;
#[cfg(feature = "tls")]
use super::tls::{Policy, Tls};
use super::{Gateway, Limits, ListenerOptions, TlsMode};
use crate::hub::Hub;
use crate::refusal::of_address;
#[cfg(feature = "tls")]
use tokio::sync::Semaphore;

/// Why a gateway does not listen.
#[derive(Debug, thiserror::Error)]
#[error("listener {name} cannot bind {address}: {}", of_address(.address, .error))]
pub struct BindError {
    /// The listener, as the ready line calls it.
    pub name: String,
    /// Its address, as it was given.
    pub address: String,
    /// What the system said.
    #[source]
    pub error: io::Error,
}

/// A gateway that does not run yet; made by [`Gateway::builder`].
#[must_use]
pub struct GatewayBuilder {
    hub: Hub,
    limits: Limits,
    grace: Duration,
    peer_timeout: Duration,
    listeners: Vec<Pending>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

struct Pending {
    name: String,
    place: Place,
    dialect: Arc<dyn Serve>,
    options: ListenerOptions,
}

enum Place {
    Address(io::Result<SocketAddr>, String),
    Bound(std::net::TcpListener),
}

impl GatewayBuilder {
    pub(super) fn new(hub: Hub) -> Self {
        Self {
            hub,
            limits: Limits::default(),
            grace: Duration::from_secs(10),
            peer_timeout: Duration::from_secs(30),
            listeners: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
        }
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
            place: Place::Address(found, address.to_string()),
            dialect,
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
    ) -> Self {
        self.listeners.push(Pending {
            name: name.to_owned(),
            place: Place::Bound(socket),
            dialect,
            options: ListenerOptions::default(),
        });
        self
    }

    /// Starts to listen. Whoever can connect when this returns is served. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// The first listener that cannot be had, as one that requires TLS where there is no certificate; then the others are closed, and the hub is stopped.
    pub async fn start(self) -> Result<Gateway, BindError> {
        let openings = Openings {
            #[cfg(feature = "tls")]
            tls: self.tls.map(|tls| (tls, self.limits.turns())),
        };
        let mut gateway = Gateway::new(
            self.hub,
            self.limits,
            self.grace,
            PeerTimeout(self.peer_timeout),
        );
        for Pending {
            name,
            place,
            dialect,
            options,
        } in self.listeners
        {
            let (socket, address) = match place {
                Place::Address(found, text) => {
                    (found.and_then(bind).and_then(TcpListener::from_std), text)
                }
                Place::Bound(socket) => (take_over(socket), "the given socket".to_owned()),
            };
            let listening = socket.and_then(|socket| {
                let opening = openings.of(&name, options, gateway.limiter.hits())?;
                gateway.accept(&name, socket, dialect, opening)
            });
            if let Err(error) = listening {
                gateway.stop().await;
                return Err(BindError {
                    name,
                    address,
                    error,
                });
            }
        }
        Ok(gateway)
    }
}

/// What the connections of a listener may begin with.
#[derive(Default)]
struct Openings {
    #[cfg(feature = "tls")]
    tls: Option<(Tls, Arc<Semaphore>)>,
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
            let reason = "TLS is required, and the gateway has no certificate";
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

fn take_over(socket: std::net::TcpListener) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}
