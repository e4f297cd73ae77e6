//! One person's connection: what it asks is waited for, what it is told is dropped.

use bytes::BytesMut;
use tokio::sync::{mpsc, oneshot};

use super::wire::Wire;
use crate::dialects::client::Heard;

/// A connection that is open. Dropped, it breaks off.
pub(super) struct ClientTask {
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    /// Write this, and wait until all of it is answered.
    Ask(BytesMut, oneshot::Sender<Answered>),
    /// Write this, and wait until the server closes.
    Go(BytesMut, oneshot::Sender<Answered>),
}

/// What came of what was asked.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// Why something was refused.
    pub(super) refused: Vec<String>,
    /// The connection is gone.
    pub(super) closed: bool,
}

impl ClientTask {
    pub(super) fn new(wire: Wire) -> Self {
        let (orders, taken) = mpsc::unbounded_channel();
        tokio::spawn(attend(wire, taken));
        Self { orders }
    }

    /// Writes frames and waits until they are carried out or refused.
    pub(super) async fn ask(&self, bytes: BytesMut) -> Answered {
        self.order(|tell| Order::Ask(bytes, tell)).await
    }

    /// Writes a farewell and waits for the end.
    pub(super) async fn go(self, bytes: BytesMut) -> Answered {
        self.order(|tell| Order::Go(bytes, tell)).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<Answered>) -> Order) -> Answered {
        let (tell, told) = oneshot::channel();
        let gone = || Answered {
            refused: Vec::new(),
            closed: true,
        };
        match self.orders.send(order(tell)) {
            Ok(()) => told.await.unwrap_or_else(|_| gone()),
            Err(_) => gone(),
        }
    }
}

async fn attend(mut wire: Wire, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut asked: Asked = None;
    loop {
        tokio::select! {
            order = orders.recv(), if asked.is_none() => match order {
                None => return,
                Some(Order::Ask(mut bytes, tell)) => {
                    wire.client().ping(&mut bytes);
                    wire.write(&bytes).await;
                    asked = Some((tell, Vec::new()));
                }
                Some(Order::Go(bytes, tell)) => {
                    wire.write(&bytes).await;
                    let refused = wire.finish().await;
                    // Whoever asked may be gone, here and below.
                    let _ = tell.send(Answered { refused, closed: true });
                    return;
                }
            },
            frame = wire.next() => match frame {
                None => {
                    if let Some((tell, refused)) = asked {
                        let _ = tell.send(Answered { refused, closed: true });
                    }
                    return;
                }
                Some((_, heard)) => asked = take(heard, asked, &mut wire).await,
            },
        }
    }
}

/// Who waits for an answer, and what was refused so far.
type Asked = Option<(oneshot::Sender<Answered>, Vec<String>)>;

async fn take(heard: Heard, mut asked: Asked, wire: &mut Wire) -> Asked {
    match heard {
        Heard::ToAnswer(answer) => wire.write(&answer).await,
        Heard::Refused(reason) => {
            if let Some((_, refused)) = &mut asked {
                refused.push(reason);
            }
        }
        Heard::Pong => {
            if let Some((tell, refused)) = asked.take() {
                let answered = Answered {
                    refused,
                    closed: false,
                };
                let _ = tell.send(answered);
            }
        }
        Heard::Told | Heard::Answer => {}
    }
    asked
}

/// Frames in a buffer of their own.
pub(super) fn frames(write: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let mut out = BytesMut::new();
    write(&mut out);
    out
}
