//! How a connection that is turned away is told why.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::dialect::Messages;
use super::liveness::PeerTimeout;
use super::serve::Serve;
use super::transport::Transport;
use super::writer::{Counted, Writer};
use crate::hub::Bounds;
use crate::model::EndReason;

/// How long a refused connection may take to read why.
const REFUSAL: Duration = Duration::from_secs(1);
/// How long of that it may take to say whether it speaks TLS; who is silent for so long is told in plain.
const REFUSAL_BEGIN: Duration = Duration::from_millis(50);
/// How long of that it may take to shake hands.
const REFUSAL_OPEN: Duration = Duration::from_millis(400);

/// Says why and closes; a peer that does not read is not waited for long, and not at all once `impatience` comes.
pub(super) async fn refuse(
    dialect: Arc<dyn Serve>,
    transport: Transport,
    reason: EndReason,
    peer_timeout: PeerTimeout,
    counted: Counted,
    mut impatience: oneshot::Receiver<()>,
) {
    let last = dialect.refusal(reason);
    let (mut reader, wire) = transport.split(None, Messages::default());
    let bounds = Bounds::default();
    let writer = Writer::new(wire, peer_timeout, bounds, counted, None, None, None);
    // It may have to be told over TLS.
    let open = async {
        let begun = tokio::time::timeout(REFUSAL_BEGIN, reader.begin()).await;
        if begun.is_ok() {
            let _ = tokio::time::timeout(REFUSAL_OPEN, reader.open()).await;
        }
    };
    let patience = tokio::select! {
        biased;
        () = open => REFUSAL,
        _ = &mut impatience => Duration::ZERO,
    };
    let told = async {
        writer.finish(last.freeze());
        poll_fn(|cx| writer.poll_drain(cx)).await;
        writer.shut_down().await;
        // What it has said already must not make the close a reset.
        reader.discard().await;
    };
    tokio::select! {
        biased;
        () = told => {}
        _ = impatience, if !patience.is_zero() => {}
        () = tokio::time::sleep(patience) => tracing::debug!("a refused connection was not waited for"),
    }
}
