//! Connections that are turned away: each is told why in its dialect, through TLS if that is what it speaks, and closed. How many that are
//! at once is bounded, and so is how long each of them takes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::oneshot;

use super::dialect::Messages;
use super::liveness::PeerTimeout;
use super::transport::Transport;
use super::writer::{Counted, Writer};
use crate::hub::Bounds;

/// How long one may take in all: to say whether it speaks TLS, to shake hands, to read why.
const LONGEST: Duration = Duration::from_secs(5);
/// How long of that it may say nothing; then it is told in plain.
const SILENT: Duration = Duration::from_secs(2);
/// How long it may take where the next one needs its descriptor.
const ALONE: Duration = Duration::from_secs(1);
/// How many there are at once; of more the first is told what can be told at once, and closed.
const AT_ONCE: usize = 64;

/// Those of all listeners that are under way, the first one first: dropped, each ends at once.
#[derive(Default)]
pub(super) struct Refusals(Mutex<VecDeque<oneshot::Sender<()>>>);

impl Refusals {
    /// Runs one on a task of its own. Must be called in a tokio runtime.
    pub(super) fn begin(&self, refusal: Refusal) {
        let (patience, impatience) = oneshot::channel();
        tokio::spawn(refusal.run(impatience));
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|other| !other.is_closed());
        under_way.push_back(patience);
        if under_way.len() > AT_ONCE {
            under_way.pop_front();
        }
    }
}

/// A connection that is turned away.
pub(super) struct Refusal {
    /// What it is told.
    pub(super) last: BytesMut,
    pub(super) transport: Transport,
    pub(super) peer_timeout: PeerTimeout,
    /// As what its bytes are counted.
    pub(super) counted: Counted,
}

impl Refusal {
    /// Says why and closes, and waits for that [no longer](ALONE) than whoever needs the descriptor can.
    pub(super) async fn run_alone(self) {
        let (_patience, impatience) = oneshot::channel();
        // Who is late is not waited for.
        let _ = tokio::time::timeout(ALONE, self.run(impatience)).await;
    }

    /// Says why and closes; the peer is waited for as long as [`LONGEST`] says, and no longer once `impatience` comes.
    async fn run(self, impatience: oneshot::Receiver<()>) {
        let Self {
            last,
            transport,
            peer_timeout,
            counted,
        } = self;
        let (mut reader, wire) = transport.split(None, Messages::default());
        let bounds = Bounds::default();
        let writer = Writer::new(wire, peer_timeout, bounds, counted, None, None, None);
        let mut late = pin!(async {
            tokio::select! {
                biased;
                _ = impatience => {}
                () = tokio::time::sleep(LONGEST) => {}
            }
        });
        // It may have to be told over TLS.
        let open = async {
            let begun = tokio::time::timeout(SILENT, reader.begin()).await;
            if begun.is_ok() {
                reader.open().await;
            }
        };
        let is_late = tokio::select! {
            biased;
            () = open => false,
            () = &mut late => true,
        };
        let told = async {
            writer.finish(last.freeze());
            poll_fn(|cx| writer.poll_drain(cx)).await;
            writer.shut_down().await;
            // What it has said already must not make the close a reset.
            reader.discard().await;
        };
        // Who is late is told what the socket takes at once.
        let late = async {
            if !is_late {
                late.await;
            }
        };
        tokio::select! {
            biased;
            () = told => {}
            () = late => tracing::debug!("a refused connection was not waited for"),
        }
    }
}
