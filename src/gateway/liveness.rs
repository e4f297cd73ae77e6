//! Whether a peer is still there: what its system acknowledges, whatever the dialect.
//!
//! A peer that vanished says nothing of it. Where data is under way to it, the system gives up after
//! `TCP_USER_TIMEOUT`; where none is, it asks by keepalive probes. But data that is first sent just before the probes
//! would have told begins to be waited for anew, so the gateway also looks by itself when anything was last acknowledged
//! ([`silence`]). That is what displacing a connection goes by, too.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// A silent peer is asked after this part of the time in which it has to acknowledge something.
const ASK_AFTER: u32 = 2;
/// And again after each of these parts; so often the gateway looks, too.
const ROUND: u32 = 6;
/// The least time that the system takes.
const SECOND: Duration = Duration::from_secs(1);

/// When a peer that acknowledges nothing counts as gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeerTimeout(pub(super) Duration);

impl PeerTimeout {
    /// Has the system ask a peer that is silent, and give up one that acknowledges nothing for the time. What the system
    /// takes is whole seconds, at least one.
    pub(super) fn apply(self, socket: &TcpStream) -> io::Result<()> {
        let socket = SockRef::from(socket);
        let keepalive = TcpKeepalive::new()
            .with_time((self.0 / ASK_AFTER).max(SECOND))
            .with_interval(self.round());
        // As many as fit into the time: with more, a system without the user timeout would wait longer.
        #[cfg(unix)]
        let keepalive = keepalive.with_retries(ROUND - ROUND / ASK_AFTER);
        socket.set_tcp_keepalive(&keepalive)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(self.0))?;
        Ok(())
    }

    /// How often to look.
    pub(super) fn round(self) -> Duration {
        (self.0 / ROUND).max(SECOND)
    }

    /// For how long the peer has acknowledged nothing, if it is too long. A live one answers the probes.
    pub(super) fn exceeded(self, socket: &TcpStream) -> Option<Duration> {
        silence(socket).filter(|silence| *silence >= self.0)
    }
}

/// For how long the peer's system has acknowledged nothing, where this one tells.
#[cfg(target_os = "linux")]
fn silence(socket: &TcpStream) -> Option<Duration> {
    use nix::sys::socket::getsockopt;
    let words = getsockopt(socket, linux::TcpInfo).ok()?;
    Some(Duration::from_millis(
        words[linux::LAST_ACK_RECEIVED].into(),
    ))
}

#[cfg(not(target_os = "linux"))]
fn silence(_: &TcpStream) -> Option<Duration> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use nix::{getsockopt_impl, libc, sys::socket::sockopt::GetStruct};

    /// The beginning of the system's `struct tcp_info` up to `tcpi_last_ack_recv`, in words of 32 bits: all of it but the
    /// first two words is such fields, and a shorter buffer than the system has is filled.
    type Words = [u32; LAST_ACK_RECEIVED + 1];

    /// The place of `tcpi_last_ack_recv`, in milliseconds.
    pub(super) const LAST_ACK_RECEIVED: usize = 14;

    #[derive(Debug, Clone, Copy)]
    pub(super) struct TcpInfo;

    getsockopt_impl!(
        TcpInfo,
        libc::IPPROTO_TCP,
        libc::TCP_INFO,
        Words,
        GetStruct<Words>
    );
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn what_a_peer_acknowledges_is_noticed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
        let timeout = PeerTimeout(Duration::from_millis(200));
        timeout.apply(&near).unwrap();
        let began = std::time::Instant::now();
        while timeout.exceeded(&near).is_none() {
            assert!(began.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        near.write_all(b"there?").await.unwrap();
        far.read_exact(&mut [0; 6]).await.unwrap();
        far.write_all(b"yes").await.unwrap();
        near.read_exact(&mut [0; 3]).await.unwrap();
        assert_eq!(timeout.exceeded(&near), None);
    }
}
