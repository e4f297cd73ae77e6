//! `tolmach transcode`: a client's frames of one dialect in, the server's frames of another out, through the same
//! adapters as on a gateway.
//!
//! ```text
//!  stdin ─▶ Recording ──steps──▶ Replay ──frames──▶ a person's connection ─▶ adapter ─┐
//!           (input)          (people, room)                                     hub
//!  stdout ◀─ Observer ◀──────────frames──────── the observer's connection ◀─ adapter ┘
//! ```
//!
//! One frame is carried out after the other: the next one is looked at when the last was accepted or refused. All
//! this happens inside the process, in memory.
//!
//! Read it in this order: [`crate::dialects::client`] (what a recorded stream can mean, and what a connection needs),
//! `replay` (the people, on a `virtual_hub`), `observer` (the output), `dialect` (the dialects as they are named here).

mod args;
mod client_task;
mod dialect;
mod input;
mod numbers;
mod observer;
mod person;
mod replay;
mod upload;
mod virtual_hub;
mod wire;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use bytes::Bytes;
use tokio::sync::mpsc;

pub(crate) use args::{TranscodeArgs, help};

use super::failure::{Failure, Outcome};
use super::output::visible;
use crate::dialects::Dialects;
use crate::dialects::client::Recording;
use dialect::Named;
use input::{Place, Unread};
use observer::Observer;
use replay::Replay;
use virtual_hub::VirtualHub;

/// After so many frames the output is waited for, also where the input does not pause.
const FRAMES: usize = 256;

/// Transcodes standard input to standard output until the one ends or the other is closed.
pub(crate) async fn run(args: TranscodeArgs, dialects: Dialects) -> Outcome<ExitCode> {
    let (from, to) = match args.dialects(dialects) {
        Ok(both) => both,
        Err(wrong) => {
            // Nobody may be there to read it; the exit code says it, too.
            let _ = wrong.print();
            return Ok(ExitCode::from(2));
        }
    };
    let unread = |error| Failure::because(format!("standard input: {error}"));
    let pieces = input::read(io::stdin()).map_err(unread)?;
    let out = BufWriter::new(io::stdout());
    transcode(&args, (from, to), pieces, Box::new(out)).await?;
    Ok(ExitCode::SUCCESS)
}

async fn transcode(
    args: &TranscodeArgs,
    (from, to): (Named, Named),
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    out: Box<dyn Write + Send>,
) -> Outcome<()> {
    let settings = from.settings(args.revision);
    let hub = VirtualHub::open(&args.room, from.sends_files()).await?;
    let replay = Replay::open(hub, &settings, from.client(args.revision))?;
    let settings = to.settings(args.revision);
    let (wire, login) = replay
        .observer(&args.observer, &settings, to.client(args.revision))
        .await?;
    let observer = Observer::begin(wire, login, out).await.map_err(|reason| {
        Failure::because(format!(
            "the observer {:?} is not let in: {reason}",
            args.observer
        ))
    })?;
    let reading = Reading {
        source: from.recording(args.revision, &args.login),
        unread: Unread::default(),
        begun: None,
        pieces,
        replay,
        observer,
    };
    reading.run().await
}

struct Reading {
    source: Box<dyn Recording>,
    unread: Unread,
    /// Where the frame begins that is not whole yet.
    begun: Option<Place>,
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    replay: Replay,
    observer: Observer,
}

impl Reading {
    async fn run(mut self) -> Outcome<()> {
        let mut ended = false;
        let mut frames = 0;
        loop {
            let has_lines = self.source.has_lines();
            self.begun = self.begun.or_else(|| self.unread.place(has_lines));
            match self.source.next(&mut self.unread.bytes, ended) {
                Ok(Some(step)) => {
                    let place = self.begun.take();
                    if let Err(reason) = self.replay.act(step).await {
                        warn(place, &reason);
                    }
                    frames += 1;
                    if frames % FRAMES == 0 {
                        self.observer.sync().await?;
                    }
                }
                Ok(None) if ended => return self.observer.sync().await,
                Ok(None) => ended = !self.more(has_lines).await?,
                Err(reason) => {
                    self.observer.sync().await?;
                    return Err(Failure::because(at(self.begun, &reason)));
                }
            }
        }
    }

    /// Waits for more input, with the output complete. Whether there is more.
    async fn more(&mut self, has_lines: bool) -> Outcome<bool> {
        self.observer.sync().await?;
        let piece = tokio::select! {
            piece = self.pieces.recv() => piece,
            failure = self.observer.failed() => return Err(failure),
        };
        let piece = piece.transpose();
        let piece = piece.map_err(|error| Failure::because(format!("standard input: {error}")))?;
        if let Some(piece) = &piece {
            self.unread.add(piece, has_lines);
        }
        Ok(piece.is_some())
    }
}

/// What there is to say of a frame.
fn at(place: Option<Place>, reason: &str) -> String {
    match place {
        Some(place) => format!("{place}: {reason}"),
        None => format!("at the end: {reason}"),
    }
}

/// A frame was refused, and the transcoding goes on.
fn warn(place: Option<Place>, reason: &str) {
    let line = at(place, reason).replace('\n', " ");
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr(), "tolmach: warning: {}", visible(&line));
}
