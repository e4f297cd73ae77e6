//! A client with its connection.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Outcome;
use crate::client::{Answer, Client, Deed, Dialect, Happened, Room};
use crate::server::Account;

/// How long an answer may take before the server counts as hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody in a room.
pub struct Member {
    stream: TcpStream,
    client: Box<dyn Client>,
    input: BytesMut,
    out: BytesMut,
    happened: VecDeque<Happened>,
}

impl Member {
    /// Connects, says who it is and enters the room.
    ///
    /// # Errors
    /// The server does not let it in, within 20 seconds.
    pub async fn enter(
        dialect: Dialect,
        address: SocketAddr,
        who: &Account,
        room: &Room,
    ) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        Self::over(stream, dialect, who, room).await
    }

    /// The same over a connection that is there.
    ///
    /// # Errors
    /// The server does not let it in, within 20 seconds.
    pub async fn over(
        stream: TcpStream,
        dialect: Dialect,
        who: &Account,
        room: &Room,
    ) -> Outcome<Self> {
        stream.set_nodelay(true)?;
        let mut member = Self {
            stream,
            client: dialect.client(who, room),
            input: BytesMut::new(),
            out: BytesMut::new(),
            happened: VecDeque::new(),
        };
        member.client.open(&mut member.out);
        let entering = async {
            let mut told = None;
            loop {
                match member.next().await {
                    Ok(Happened::Entered) => return Outcome::Ok(()),
                    Ok(Happened::Told(words)) => told = Some(words),
                    Ok(Happened::Heard(_) | Happened::Answered(_)) => {}
                    // What it was told last is why.
                    Err(end) => {
                        return Err(told.map_or(end, |why| format!("refused: {why}").into()));
                    }
                }
            }
        };
        timeout(PATIENCE, entering).await??;
        Ok(member)
    }

    /// Asks without waiting: it is sent, and answered, while [`next`](Self::next) is waited for.
    ///
    /// # Errors
    /// The dialect has no such thing.
    pub fn ask(&mut self, deed: Deed<'_>) -> Outcome<()> {
        self.client.ask(deed, &mut self.out)
    }

    /// Asks and waits for the answer; what is heard meanwhile goes to `heard`.
    ///
    /// # Errors
    /// The connection ended, or nothing came in 20 seconds.
    pub async fn act(&mut self, deed: Deed<'_>, heard: &mut Vec<String>) -> Outcome<Answer> {
        self.ask(deed)?;
        let answered = async {
            loop {
                match self.next().await? {
                    Happened::Answered(answer) => return Ok(answer),
                    Happened::Heard(text) => heard.push(text),
                    Happened::Entered | Happened::Told(_) => {}
                }
            }
        };
        timeout(PATIENCE, answered).await?
    }

    /// Waits until somebody says this; what else is heard meanwhile goes to `heard`.
    ///
    /// # Errors
    /// The connection ended, or it was not said in 20 seconds.
    pub async fn hear(&mut self, awaited: &str, heard: &mut Vec<String>) -> Outcome<()> {
        let hearing = async {
            loop {
                match self.next().await? {
                    Happened::Heard(text) if text == awaited => return Ok(()),
                    Happened::Heard(text) => heard.push(text),
                    Happened::Answered(_) | Happened::Entered | Happened::Told(_) => {}
                }
            }
        };
        timeout(PATIENCE, hearing).await?
    }

    /// What happens next. Nothing is lost where this is not waited for to its end.
    ///
    /// # Errors
    /// The connection ended, or the server says what cannot be understood.
    pub async fn next(&mut self) -> Outcome<Happened> {
        loop {
            if let Some(happened) = self.happened.pop_front() {
                return Ok(happened);
            }
            if let Some(happened) = self.client.next(&mut self.input, &mut self.out)? {
                self.happened.extend(happened);
            } else if !self.out.is_empty() {
                self.stream.write_buf(&mut self.out).await?;
            } else if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }

    /// Says as much as the connection takes, for ever, and reads what comes without looking at it.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn flood(self) -> Outcome<()> {
        let mut frames = BytesMut::new();
        for number in 0..1000 {
            self.client.frame(&format!("flood {number}"), &mut frames);
        }
        let (mut reader, mut writer) = self.stream.into_split();
        let write = async {
            loop {
                writer.write_all(&frames).await?;
            }
        };
        let read = async {
            let mut ignored = vec![0; 64 * 1024];
            while reader.read(&mut ignored).await? > 0 {}
            Err("the server closed the connection".into())
        };
        tokio::select! {
            ended = write => ended,
            ended = read => ended,
        }
    }
}
