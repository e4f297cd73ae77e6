//! The gateway's end of the control socket.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::protocol::{self, Answer, Line, MAX_REQUEST, read_line};
use super::socket;
use crate::hub::Hub;
use crate::model::Error;

/// How long [`ControlServer::stop`] waits for requests that are under way.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long to wait when no connection can be accepted (no file descriptor is left).
const RETRY: Duration = Duration::from_millis(100);

/// A control socket that is served. Dropping it ends its connections where they are and removes the socket.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Serves `hub` at `path`, which only this user can open. What an earlier process left there is replaced, so the
/// caller must hold the [lock](super::lock::DataDirLock) on the directory. Must be called in a tokio runtime.
///
/// # Errors
/// The socket cannot be made there.
pub async fn listen(hub: Hub, path: &Path) -> io::Result<ControlServer> {
    let listener = socket::bind(path)?;
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    let (stopping, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, hub, stopped));
    Ok(ControlServer { path: path.to_owned(), stopping, task })
}

impl ControlServer {
    /// Takes no more requests, answers those that are under way, and removes the socket.
    pub async fn stop(mut self) {
        // Nobody can connect any more; whoever tries finds no gateway.
        let _ = fs::remove_file(&self.path);
        self.stopping.send_replace(true);
        if tokio::time::timeout(LAST_ANSWERS, &mut self.task).await.is_err() {
            tracing::warn!("a request on the control socket was not answered before the end");
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        self.task.abort();
    }
}

async fn accept(listener: UnixListener, hub: Hub, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, hub.clone(), stopping.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket cannot accept a connection");
                    tokio::time::sleep(RETRY).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Answers one connection's requests in their order. It may break off at any time; that harms nobody.
async fn serve(mut stream: UnixStream, hub: Hub, mut stopping: watch::Receiver<bool>) {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let line = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            line = read_line(&mut reader, MAX_REQUEST) => line,
        };
        let (answer, last) = match line {
            Ok(Line::Whole(line)) => (answer(&hub, &line).await, false),
            Ok(Line::TooLong) => (Answer::Error(Error::TooLarge { limit: MAX_REQUEST as u64 }), true),
            Ok(Line::End) | Err(_) => return,
        };
        if writer.write_all(&protocol::answer(&answer)).await.is_err() || last {
            return;
        }
    }
}

async fn answer(hub: &Hub, line: &[u8]) -> Answer {
    let outcome = match protocol::command(line) {
        Ok(command) => hub.operate(command).await,
        Err(error) => Err(error),
    };
    outcome.into()
}
