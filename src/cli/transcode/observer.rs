//! Who is in the room before anything happens: what it is told is the output.

use std::io::Write;

use bytes::BytesMut;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::wire::Wire;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::unwritable;
use crate::dialects::client::Heard;

/// Writes down what a connection is told.
pub(super) struct Observer {
    syncs: mpsc::Sender<oneshot::Sender<()>>,
    writing: Option<JoinHandle<Outcome<()>>>,
}

impl Observer {
    /// Begins with what the connection is told from now on: `login` was written to it, and its answers are not told.
    ///
    /// # Errors
    /// Why it was not let in.
    pub(super) async fn begin(
        mut wire: Wire,
        login: BytesMut,
        out: Box<dyn Write + Send>,
    ) -> Result<Self, String> {
        let mut bytes = login;
        wire.client().ping(&mut bytes);
        wire.write(&bytes).await;
        let mut refused = Vec::new();
        loop {
            match wire.next().await {
                Some((_, Heard::Pong)) if refused.is_empty() => break,
                None | Some((_, Heard::Pong)) => return Err(refused.join("; ")),
                Some((_, Heard::Refused(reason))) => refused.push(reason),
                Some((_, Heard::ToAnswer(answer))) => wire.write(&answer).await,
                Some((_, Heard::Told | Heard::Answer)) => {}
            }
        }
        let (syncs, asked) = mpsc::channel(1);
        let writing = Some(tokio::spawn(write_down(wire, asked, out)));
        Ok(Self { syncs, writing })
    }

    /// Waits until all that was told until now is written.
    ///
    /// # Errors
    /// Why nothing can be written any more.
    pub(super) async fn sync(&mut self) -> Outcome<()> {
        let (tell, told) = oneshot::channel();
        if self.syncs.send(tell).await.is_ok() && told.await.is_ok() {
            return Ok(());
        }
        self.ended().await
    }

    /// Waits until no more is written, also where the gateway has closed the connection: then never.
    pub(super) async fn failed(&mut self) -> Failure {
        match self.ended().await {
            Err(failure) => failure,
            Ok(()) => std::future::pending().await,
        }
    }

    async fn ended(&mut self) -> Outcome<()> {
        let Some(writing) = &mut self.writing else {
            return Ok(());
        };
        let ended = writing.await;
        self.writing = None;
        ended.unwrap_or_else(|error| Err(Failure::because(format!("the observer: {error}"))))
    }
}

/// Runs until the server closes, or nothing can be written.
async fn write_down(
    mut wire: Wire,
    mut syncs: mpsc::Receiver<oneshot::Sender<()>>,
    mut out: Box<dyn Write + Send>,
) -> Outcome<()> {
    let mut waiting: Option<oneshot::Sender<()>> = None;
    // Whether something was told since the last ping.
    let mut told = false;
    loop {
        tokio::select! {
            sync = syncs.recv(), if waiting.is_none() => {
                let Some(sync) = sync else { return Ok(()) };
                waiting = Some(sync);
                told = false;
                ping(&mut wire).await;
            }
            frame = wire.next() => match frame {
                None => return flush(&mut out),
                // What waited for answers is behind a pong: nothing waits only where nothing comes.
                Some((_, Heard::Pong)) if told => {
                    told = false;
                    ping(&mut wire).await;
                }
                Some((_, Heard::Pong)) => {
                    flush(&mut out)?;
                    // Whoever asked may be gone.
                    let _ = waiting.take().map(|sync| sync.send(()));
                }
                Some((frame, heard)) => {
                    told = true;
                    out.write_all(&frame).map_err(unwritable)?;
                    if let Heard::ToAnswer(answer) = heard {
                        wire.write(&answer).await;
                    }
                }
            },
        }
    }
}

async fn ping(wire: &mut Wire) {
    let mut bytes = BytesMut::new();
    wire.client().ping(&mut bytes);
    wire.write(&bytes).await;
}

fn flush(out: &mut impl Write) -> Outcome<()> {
    out.flush().map_err(unwritable)
}
