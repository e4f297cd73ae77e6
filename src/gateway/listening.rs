//! Listeners at work: the sockets, and what who comes to them is met with.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::listener::ConnectionLimiter;
use super::opening::Opening;
use super::serve::Serve;
use crate::model::EndReason;
use crate::runtime;

/// How many connections the system keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// What connections that come to a listener are met with.
#[derive(Clone)]
pub(super) struct Reception {
    pub(super) dialect: Arc<dyn Serve>,
    pub(super) opening: Opening,
}

/// A listener at work.
pub(super) struct Listening {
    pub(super) name: String,
    pub(super) address: SocketAddr,
    is_ours: bool,
    limiter: Arc<ConnectionLimiter>,
    reception: watch::Sender<Reception>,
    /// Says to its connections that they end.
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl Listening {
    /// Begins to accept. Must be called in a tokio runtime.
    pub(super) fn start(
        limiter: Arc<ConnectionLimiter>,
        name: String,
        socket: Bound,
        reception: Reception,
    ) -> Self {
        let Bound {
            socket,
            address,
            is_ours,
        } = socket;
        tracing::info!(
            listener = name,
            dialect = reception.dialect.label(),
            %address,
            tls = reception.opening.tls_mode(),
            "listening"
        );
        limiter.expect_at(&name, reception.dialect.name());
        let (reception, met) = watch::channel(reception);
        let shutdown = Shutdown::new(limiter.clone());
        let task = tokio::spawn(limiter.clone().accept(socket, met, shutdown.subscribe()));
        Self {
            name,
            address,
            is_ours,
            limiter,
            reception,
            shutdown,
            task,
        }
    }

    /// Accepts nobody any more, and lets the address go. Its connections stay.
    pub(super) async fn pause(&mut self) {
        self.task.abort();
        // It ends cancelled, as it should.
        let _ = (&mut self.task).await;
    }

    /// Accepts again after a [pause](Self::pause).
    ///
    /// # Errors
    /// Somebody else took the address meanwhile.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        let socket = Bound::new(bind(self.address)?, self.is_ours)?.socket;
        let (met, down) = (self.reception.subscribe(), self.shutdown.subscribe());
        self.task = tokio::spawn(self.limiter.clone().accept(socket, met, down));
        Ok(())
    }

    /// Whether whoever wants to bind this port has to wait for this one's pause.
    pub(super) fn stands_on(&self, port: u16) -> bool {
        self.is_ours && self.address.port() == port
    }

    /// Accepts nobody any more, and its connections end for this reason.
    pub(super) fn end(self, reason: EndReason) {
        let (listener, address) = (&self.name, self.address);
        tracing::info!(listener, %address, "not listening any more");
        self.shutdown.say(reason);
    }

    /// Connections that come from now on are met with this; what is not given stays.
    pub(super) fn set(&self, dialect: Option<Arc<dyn Serve>>, opening: Opening) {
        self.reception.send_modify(|reception| {
            reception.opening = opening;
            if let Some(dialect) = dialect {
                reception.dialect = dialect;
            }
        });
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Says to connections that they end and why, at the latest when it is dropped: then it is the gateway that stops. An idle connection waits for its writer alone and
/// looks at the channel whenever it wakes: a waiter of the channel's own would be as large as all else that it holds.
pub(super) struct Shutdown {
    channel: watch::Sender<Option<EndReason>>,
    limiter: Arc<ConnectionLimiter>,
}

impl Shutdown {
    pub(super) fn new(limiter: Arc<ConnectionLimiter>) -> Self {
        let (channel, _) = watch::channel(None);
        Self { channel, limiter }
    }

    /// What a connection looks at: none as long as it goes on.
    pub(super) fn subscribe(&self) -> watch::Receiver<Option<EndReason>> {
        self.channel.subscribe()
    }

    /// The reason that is said first is the one.
    pub(super) fn say(&self, reason: EndReason) {
        let is_first = self.channel.send_if_modified(|said| {
            let is_first = said.is_none();
            said.get_or_insert(reason);
            is_first
        });
        if is_first {
            self.limiter.wake_all();
        }
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        self.say(EndReason::Shutdown);
    }
}

/// A socket that listens, and where.
pub(super) struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    /// It was bound here, and can be again.
    is_ours: bool,
}

impl Bound {
    /// A listening socket from elsewhere, to be served by this runtime.
    pub(super) fn new(socket: std::net::TcpListener, is_ours: bool) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = runtime::with_io(|| TcpListener::from_std(socket))?;
        let address = socket.local_addr()?;
        Ok(Self {
            socket,
            address,
            is_ours,
        })
    }
}

/// A listening socket; `[::]` hears both families.
///
/// # Errors
/// What the system says of the address.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
