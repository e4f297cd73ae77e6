//! The gateway's end of the control socket.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::audit::{self, Act, By, On};
use super::protocol::{self, Answer, Line, MAX_REQUEST, Operated, Request, read_line};
use super::silent::Silent;
use super::socket;
use super::tap::{TapQuery, Watching};
use crate::hub::Hub;
use crate::model::{Error, Result};
use crate::throttle::Throttle;

/// Most connections at once.
pub const MAX_CONNECTIONS: usize = 16;
/// Most connections that watch at once.
pub const MAX_WATCHING: usize = 8;
/// How long a client may take nothing of its answer.
const UNREAD: Duration = Duration::from_secs(10);
/// How long [`ControlServer::stop`] waits for requests that are under way.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long to wait when no connection can be accepted (no file descriptor is left).
const RETRY: Duration = Duration::from_millis(100);
/// How often that is said.
const UNACCEPTED_SAID: Duration = Duration::from_secs(60);

/// A control socket that is served. Dropping it ends its connections where they are and removes the socket.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

/// Serves `hub`, and the gateway that leads to it, at `path`, which only this user can open. What an earlier process left there is replaced, so the
/// caller must hold the [lock](crate::daemon::lock::DataDirLock) on the directory. Must be called in a tokio runtime.
///
/// # Errors
/// The socket cannot be made there.
pub async fn listen(
    hub: Hub,
    gateway: Arc<dyn Operated>,
    path: &Path,
) -> io::Result<ControlServer> {
    let listener = socket::bind(path)?;
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    let stopping = CancellationToken::new();
    let served = Arc::new(Served {
        hub,
        gateway,
        silent: Silent::default(),
        watching: Semaphore::new(MAX_WATCHING),
    });
    let task = tokio::spawn(accept(listener, served, stopping.clone()));
    Ok(ControlServer {
        path: path.to_owned(),
        stopping,
        task,
    })
}

impl ControlServer {
    /// Takes no more requests, answers those that are under way, and removes the socket.
    pub async fn stop(mut self) {
        // Nobody can connect any more; whoever tries finds no gateway.
        socket::remove(&self.path);
        self.stopping.cancel();
        if tokio::time::timeout(LAST_ANSWERS, &mut self.task)
            .await
            .is_err()
        {
            tracing::warn!("a request on the control socket was not answered before the end");
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        socket::remove(&self.path);
        self.task.abort();
    }
}

/// What can be asked for, and what those who ask share.
struct Served {
    hub: Hub,
    gateway: Arc<dyn Operated>,
    silent: Silent,
    watching: Semaphore,
}

async fn accept(listener: UnixListener, served: Arc<Served>, stopping: CancellationToken) {
    let mut connections = JoinSet::new();
    let unaccepted = Throttle::new(UNACCEPTED_SAID);
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if connections.len() >= MAX_CONNECTIONS {
                        tokio::select! {
                            () = stopping.cancelled() => break,
                            _ = connections.join_next() => {}
                            () = served.silent.end_longest() => {}
                        }
                    }
                    connections.spawn(serve(stream, served.clone(), stopping.clone()));
                }
                Err(error) => {
                    unaccepted.note(error, |times, error| {
                        tracing::warn!(%error, times, "the control socket cannot accept connections");
                    });
                    tokio::time::sleep(RETRY).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Answers one connection's requests in their order. It may break off at any time; that harms nobody.
async fn serve(mut stream: UnixStream, served: Arc<Served>, stopping: CancellationToken) {
    let by = match By::peer(&stream) {
        Ok(by) => by,
        Err(error) => return tracing::warn!(%error, "who asks on the control socket is not known"),
    };
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let line = tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            line = served.silent.wait(read_line(&mut reader, MAX_REQUEST)) => line,
        };
        let (line, last) = match line {
            None => return,
            Some(Ok(Line::Whole(line))) => match protocol::read_request(&line) {
                Ok(Request::Command(command)) => {
                    let done = audit::operate(&served.hub, by.clone(), command, |act| act.log());
                    (written(done.await).await, false)
                }
                Ok(Request::Listeners) => (written(Ok(served.gateway.listeners())).await, false),
                Ok(Request::Reload { check }) => {
                    let reloaded = served.gateway.reload(check).await;
                    if !check {
                        Act::new(
                            by.clone(),
                            "reload",
                            On::default(),
                            reloaded.error().as_ref(),
                        )
                        .log();
                    }
                    (written(Ok(reloaded)).await, false)
                }
                #[cfg(feature = "sqlite")]
                Ok(Request::Import(room)) => {
                    let done = audit::import(&served.hub, by.clone(), room, |act| act.log());
                    (written(done.await).await, false)
                }
                #[cfg(feature = "sqlite")]
                Ok(Request::Copy) => (written(served.hub.write_store().await).await, false),
                Ok(Request::Tap(query)) => match watch(&served, query).await {
                    // Nothing is asked any more: it goes on until either side has enough.
                    Ok((watching, _permit)) => {
                        return watching.tell(&mut reader, &mut writer, &stopping).await;
                    }
                    Err(error) => (refused(error), false),
                },
                Err(error) => (refused(error), false),
            },
            Some(Ok(Line::TooLong)) => {
                let limit = MAX_REQUEST as u64;
                (refused(Error::TooLarge { limit }), true)
            }
            Some(Ok(Line::End) | Err(_)) => return,
        };
        if !is_taken(&mut writer, &line).await || last {
            return;
        }
    }
}

/// Somebody watches, if not too many do.
async fn watch(served: &Served, query: TapQuery) -> Result<(Watching, SemaphorePermit<'_>)> {
    let permit = served.watching.try_acquire().map_err(|_| {
        let reason = format!("{MAX_WATCHING} watch already, which is the most");
        Error::invalid("tap", reason)
    })?;
    Ok((Watching::start(&served.hub, query).await?, permit))
}

/// Whether the client took an answer, some of it every now and then.
async fn is_taken(writer: &mut (impl AsyncWrite + Unpin), mut answer: &[u8]) -> bool {
    while !answer.is_empty() {
        match tokio::time::timeout(UNREAD, writer.write(answer)).await {
            Ok(Ok(count)) if count > 0 => answer = &answer[count..],
            _ => return false,
        }
    }
    true
}

/// An answer as a line. A long one takes its time; the thread here may be the one that serves all clients.
async fn written(outcome: Result<impl Serialize + Send + 'static>) -> Vec<u8> {
    let line = tokio::task::spawn_blocking(move || protocol::answer(&Answer::from(outcome)));
    line.await.unwrap_or_else(|_| refused(Error::Internal))
}

fn refused(error: Error) -> Vec<u8> {
    protocol::answer(&Answer::<()>::Error(error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use tokio::io::AsyncReadExt;

    use super::super::{
        ControlClient, ControlError, ListenerAddress, MAX_REQUEST, Reloaded, VERSION,
    };
    use super::*;
    use crate::commands::{CreateRoom, FindRoom};
    use crate::model::RoomSelector;

    async fn hub() -> Hub {
        Hub::builder().start().await.unwrap()
    }

    #[tokio::test]
    async fn commands_are_carried_out_and_refused_over_one_connection() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let server = listen(hub().await, Arc::new(NoGateway), &path)
            .await
            .unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let mut client = ControlClient::connect(&path).await.unwrap();
        let made = client.call(CreateRoom::public("tea")).await.unwrap();
        assert!(made.created);
        let again = client.call(CreateRoom::public("TEA")).await;
        assert!(
            matches!(again, Err(ControlError::Refused(Error::NameTaken))),
            "{again:?}"
        );
        let find = FindRoom {
            room: RoomSelector::Name("tea".to_owned()),
        };
        let mut other = ControlClient::connect(&path).await.unwrap();
        assert_eq!(other.call(find.clone()).await.unwrap().name, "tea");
        server.stop().await;
        assert!(!path.exists());
        assert!(matches!(client.call(find).await, Err(ControlError::Closed)));
        assert!(matches!(
            ControlClient::connect(&path).await,
            Err(ControlError::NotRunning)
        ));
    }

    struct NoGateway;

    #[async_trait::async_trait]
    impl Operated for NoGateway {
        fn listeners(&self) -> Vec<ListenerAddress> {
            Vec::new()
        }

        async fn reload(&self, _check: bool) -> Reloaded {
            Reloaded::Failed("there is none".to_owned())
        }
    }

    /// Sends bytes, ends the stream, reads all that comes.
    async fn answers(path: &Path, bytes: &[u8]) -> String {
        let stream = UnixStream::connect(path).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let mut answers = String::new();
        let write = async {
            // The server may close before it has read all.
            let _ = writer.write_all(bytes).await;
            let _ = writer.shutdown().await;
        };
        let (_, read) = tokio::join!(write, reader.read_to_string(&mut answers));
        let _ = read;
        answers
    }

    #[tokio::test]
    async fn bad_requests_are_answered_and_skipped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _server = listen(hub().await, Arc::new(NoGateway), &path)
            .await
            .unwrap();
        let lines = format!("nonsense\n{{\"version\":{VERSION},\"command\":{{\"users\":null}}}}");
        let all = answers(&path, lines.as_bytes()).await;
        let lines: Vec<&str> = all.lines().collect();
        assert!(
            lines[0].starts_with(r#"{"error":{"Invalid":{"field":"request""#),
            "{all}"
        );
        assert_eq!(lines[1..], [r#"{"ok":[]}"#]);
    }

    /// Connections that say nothing, half a request, or never read their answers.
    async fn silent_clients(path: &Path, count: usize) -> Vec<UnixStream> {
        let mut clients = Vec::new();
        while clients.len() < count {
            let Ok(mut client) = UnixStream::connect(path).await else {
                // All that wait to be accepted are as many as the system keeps.
                tokio::task::yield_now().await;
                continue;
            };
            let words: &[u8] = match clients.len() % 3 {
                0 => b"",
                1 => b"{\"version\":2,\"comm",
                _ => b"{\"version\":2,\"listeners\":true}\n",
            };
            // It may have been closed already.
            let _ = client.write_all(words).await;
            clients.push(client);
        }
        clients
    }

    #[tokio::test]
    async fn a_thousand_silent_clients_keep_nobody_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let server = listen(hub().await, Arc::new(NoGateway), &path)
            .await
            .unwrap();
        let mut first = UnixStream::connect(&path).await.unwrap();
        let _silent = silent_clients(&path, 1000).await;
        let mut client = ControlClient::connect(&path).await.unwrap();
        client.call(CreateRoom::public("tea")).await.unwrap();
        // The one that was silent for longest has made room.
        assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
        server.stop().await;
    }

    #[tokio::test]
    async fn all_who_may_watch_leave_room_for_commands() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _server = listen(hub().await, Arc::new(NoGateway), &path)
            .await
            .unwrap();
        let watch = async || {
            let client = ControlClient::connect(&path).await.unwrap();
            client.tap(&TapQuery::default()).await
        };
        let mut watching = Vec::new();
        for _ in 0..MAX_WATCHING {
            watching.push(watch().await.unwrap());
        }
        let refused = watch().await.unwrap_err().to_string();
        assert!(refused.contains("8 watch already"), "{refused}");
        let _silent = silent_clients(&path, 100).await;
        let mut client = ControlClient::connect(&path).await.unwrap();
        client.call(CreateRoom::public("tea")).await.unwrap();
        // Who has enough makes room for another one.
        watching.pop();
        while watch().await.is_err() {}
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_reads_its_answer_is_closed() {
        let (mut near, _far) = tokio::io::duplex(10);
        assert!(is_taken(&mut near, b"0123456789").await);
        assert!(!is_taken(&mut near, b"0").await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_that_does_not_answer_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _listener = socket::bind(&path).unwrap();
        let mut client = ControlClient::connect(&path).await.unwrap();
        let outcome = client.call(CreateRoom::public("tea")).await;
        assert!(
            matches!(outcome, Err(ControlError::TimedOut(_))),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn a_request_without_end_ends_the_connection() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _server = listen(hub().await, Arc::new(NoGateway), &path)
            .await
            .unwrap();
        let all = answers(&path, &vec![b'x'; MAX_REQUEST + 1]).await;
        assert_eq!(all.lines().count(), 1, "{all}");
        assert!(all.contains("TooLarge"), "{all}");
    }
}
