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

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use bytes::Bytes;
use tokio::sync::mpsc;

pub(crate) use args::{TranscodeArgs, help};

use super::failure::{Failure, Outcome};
use super::output::{shown_bytes, visible};
use crate::dialects::Dialects;
use crate::dialects::client::{Places, Recording};
use crate::refusal::words;
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
    let pieces = input::read(io::stdin()).map_err(unread)?;
    let out = BufWriter::new(io::stdout());
    let out: Box<dyn Write + Send> = match io::stdout().is_terminal() {
        true => Box::new(Shown(out)),
        false => Box::new(out),
    };
    transcode(&args, (from, to), pieces, out).await?;
    Ok(ExitCode::SUCCESS)
}

/// A terminal: each frame, which is written at once, is a line without what could steer it.
struct Shown<W>(W);

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.0.write_all(shown_bytes(frame).as_bytes())?;
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
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
            let places = self.source.places();
            self.begun = self.begun.or_else(|| self.unread.place(places));
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
                Ok(None) => ended = !self.more(places).await?,
                Err(reason) => {
                    self.observer.sync().await?;
                    return Err(Failure::because(at(self.begun, &reason)));
                }
            }
        }
    }

    /// Waits for more input, with the output complete. Whether there is more.
    async fn more(&mut self, places: Places) -> Outcome<bool> {
        self.observer.sync().await?;
        let piece = tokio::select! {
            piece = self.pieces.recv() => piece,
            failure = self.observer.failed() => return Err(failure),
        };
        let piece = piece.transpose();
        let piece = piece.map_err(unread)?;
        if let Some(piece) = &piece {
            self.unread.add(piece, places);
        }
        Ok(piece.is_some())
    }
}

fn unread(error: io::Error) -> Failure {
    Failure::because(format!("standard input: {}", words(&error)))
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
