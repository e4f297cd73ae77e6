//! One telnet connection: a name, then lines.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use tolmach::commands;
use tolmach::dialects::{redaction, service_user};
use tolmach::gateway::{Adapter, DecodedOf, RequestContext, Response};
use tolmach::hub::Session;
use tolmach::model::{
    Error, MessageKind, Presence, Present, RoomId, RoomSelector, Secret, Timestamp, User,
    UserSelector,
};

use crate::client_line::{BadLine, COMMANDS, ClientLine};
use crate::codec::ServerCodec;
use crate::server_line::{PONG, ServerLine};
use crate::settings::TelnetSettings;

/// One connection's state.
///
/// ```text
///  stranger ──a name──▶ guest ──/join──▶ in rooms ◀──▶ silent
///      └────/login────▶ account ──/join──┘
/// ```
pub struct TelnetAdapter {
    settings: TelnetSettings,
    heard: Instant,
    is_somebody: bool,
    is_silent: bool,
    /// The rooms that were joined over this connection; the last one is spoken in.
    rooms: Vec<(RoomId, String)>,
}

impl TelnetAdapter {
    pub(crate) fn new(settings: TelnetSettings, now: Instant) -> Self {
        Self {
            settings,
            heard: now,
            is_somebody: false,
            is_silent: false,
            rooms: Vec::new(),
        }
    }

    fn hear(&mut self, cx: &RequestContext<'_>) {
        self.heard = cx.now;
        if std::mem::replace(&mut self.is_silent, false) {
            cx.session.set_silent(false);
        }
    }

    async fn log_in(
        &mut self,
        name: String,
        password: String,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        if let Some(user) = cx.session.user() {
            return refusal(format!("you are {} already", user.login));
        }
        let log_in = commands::LogIn {
            login: name,
            secret: Secret::Password(password),
            token: false,
        };
        match cx.session.call(log_in).await {
            Ok(welcome) => self.welcome(&welcome.user),
            Err(error) => refused(&error),
        }
    }

    async fn be_guest(&mut self, name: &str, cx: &mut RequestContext<'_>) -> Response {
        let name = name.trim().to_owned();
        match cx.session.call(commands::LogInGuest { name }).await {
            Ok(welcome) => self.welcome(&welcome.user),
            Err(Error::Unauthenticated) if !cx.session.options().guests => {
                refusal("guests are not let in here; say /login NAME PASSWORD")
            }
            Err(Error::Unauthenticated) => {
                refusal("this name belongs to an account; say /login NAME PASSWORD")
            }
            Err(error) => refused(&error),
        }
    }

    fn welcome(&mut self, user: &User) -> Response {
        self.is_somebody = true;
        answer(format!("you are {}; /help tells what there is", user.login))
    }

    async fn join(
        &mut self,
        room: String,
        password: Option<String>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let mut enter = commands::Enter::room(room);
        enter.password = password.map(Secret::Password);
        match cx.session.call(enter).await {
            Ok(entered) => {
                let (id, name) = (entered.room.id, entered.room.name.clone());
                self.rooms.retain(|(room, _)| *room != id);
                self.rooms.push((id, name.clone()));
                answer(format!("in #{name}: {}", names(&entered.present)))
            }
            Err(error) => refused(&error),
        }
    }

    async fn leave(&mut self, room: Option<String>, cx: &mut RequestContext<'_>) -> Response {
        let Some((room, name)) = self.room(room) else {
            return refusal(NO_ROOM);
        };
        match cx.session.call(commands::Leave { room }).await {
            Ok(()) => {
                self.rooms.retain(|(_, joined)| !is_same(joined, &name));
                answer(format!("you have left #{name}"))
            }
            Err(error) => refused(&error),
        }
    }

    async fn who(&self, room: Option<String>, cx: &mut RequestContext<'_>) -> Response {
        let Some((room, name)) = self.room(room) else {
            return refusal(NO_ROOM);
        };
        match cx.session.call(commands::Who { room }).await {
            Ok(present) => answer(format!("in #{name}: {}", names(&present))),
            Err(error) => refused(&error),
        }
    }

    /// The room of this name, else the one joined last; and what it is called.
    fn room(&self, name: Option<String>) -> Option<(RoomSelector, String)> {
        match name {
            Some(name) => Some((RoomSelector::name(name.clone()), name)),
            None => {
                let (id, name) = self.rooms.last()?;
                Some((RoomSelector::Id(*id), name.clone()))
            }
        }
    }

    async fn say(&self, kind: MessageKind, text: String, cx: &mut RequestContext<'_>) -> Response {
        let Some((room, _)) = self.room(None) else {
            return refusal(NO_ROOM);
        };
        let mut message = commands::Send::text(room, String::new());
        message.kind = kind;
        message.text = text;
        cx.post(message, |outcome| match outcome {
            // The answer is the echo, which everybody in the room gets.
            Ok(_) => Bytes::new(),
            Err(error) => written(&ServerLine::Refusal(error.to_string())),
        })
        .await
    }

    async fn tell(&self, to: String, text: String, cx: &mut RequestContext<'_>) -> Response {
        if service_user::is_gateway(&to, cx.session) {
            return ask_gateway(to, text, cx).await;
        }
        let user = UserSelector::login(to.clone());
        let message = commands::Send::text(user, text.clone());
        cx.post(message, move |outcome| {
            written(&match outcome {
                Ok(_) => ServerLine::Sent { to, text },
                Err(error) => ServerLine::Refusal(error.to_string()),
            })
        })
        .await
    }
}

const NO_ROOM: &str = "you are in no room; say /join ROOM";
/// This dialect shows files by their names only.
const NO_LINKS: &str = "";

impl Adapter for TelnetAdapter {
    type Codec = ServerCodec;

    fn codec(&self) -> ServerCodec {
        ServerCodec::new(self.settings.line_bytes)
    }

    fn greeting(&mut self) -> Bytes {
        let banner = std::mem::take(&mut self.settings.banner);
        if banner.is_empty() {
            return Bytes::new();
        }
        written(&ServerLine::Notice(banner))
    }

    async fn frame(
        &mut self,
        line: Result<ClientLine, BadLine>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        self.hear(cx);
        let line = match line {
            Ok(line) => line,
            Err(bad) => return refusal(bad.to_string()),
        };
        match line {
            ClientLine::Ping => answer(PONG),
            ClientLine::Help => help(),
            ClientLine::Quit => {
                Response::Farewell(written(&ServerLine::Answer("goodbye".to_owned())))
            }
            ClientLine::Login { name, password } => self.log_in(name, password, cx).await,
            ClientLine::Text(name) if !self.is_somebody => self.be_guest(&name, cx).await,
            _ if !self.is_somebody => refused(&Error::Unauthenticated),
            ClientLine::Text(text) => self.say(MessageKind::Text, text, cx).await,
            ClientLine::Emote(text) => self.say(MessageKind::Emote, text, cx).await,
            ClientLine::Tell { to, text } => self.tell(to, text, cx).await,
            ClientLine::Join { room, password } => self.join(room, password, cx).await,
            ClientLine::Leave(room) => self.leave(room, cx).await,
            ClientLine::Who(room) => self.who(room, cx).await,
        }
    }

    /// A message is a line, whether or not it ends like one.
    fn message_end(codec: &mut ServerCodec, input: &mut BytesMut) -> DecodedOf<ServerCodec> {
        codec.decode_eof(input)
    }

    fn lost(&mut self, error: std::io::Error, _: Timestamp) -> Bytes {
        written(&ServerLine::Refusal(error.to_string()))
    }

    fn next_timer(&self) -> Option<Instant> {
        let after = self.settings.idle_after;
        let runs = self.is_somebody && !self.is_silent && !after.is_zero();
        runs.then(|| self.heard + after)
    }

    fn timer(&mut self, _: Instant, _: Timestamp, session: &Session) -> Response {
        self.is_silent = true;
        session.set_silent(true);
        Response::Continue
    }
}

/// What the gateway itself says to who asks it; nothing of it is stored.
async fn ask_gateway(to: String, asked: String, cx: &mut RequestContext<'_>) -> Response {
    let from = cx.session.options().name.clone();
    let lines = service_user::answer(&asked, NO_LINKS, cx.session).await;
    let text = redaction::without_registration(&asked).unwrap_or(asked);
    let mut out = BytesMut::new();
    ServerLine::Sent { to, text }.write(&mut out);
    for text in lines {
        let from = from.clone();
        ServerLine::Private { from, text }.write(&mut out);
    }
    Response::Answer(out.freeze())
}

fn help() -> Response {
    let lines = COMMANDS.iter();
    let lines = lines.map(|(usage, does)| format!("{usage} — {does}"));
    answer(lines.collect::<Vec<_>>().join("\n"))
}

fn names(present: &[Present]) -> String {
    let name = |present: &Present| match present.presence {
        Presence::Online => present.user.login.clone(),
        Presence::Idle => format!("{} (idle)", present.user.login),
    };
    let names: Vec<_> = present.iter().map(name).collect();
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    }
}

/// Whether two names of rooms are one, as far as letters go.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn answer(text: impl Into<String>) -> Response {
    Response::Answer(written(&ServerLine::Answer(text.into())))
}

fn refusal(text: impl Into<String>) -> Response {
    Response::Answer(written(&ServerLine::Refusal(text.into())))
}

/// The answer to what has failed; of an outcome that is not known there is none, only a close.
fn refused(error: &Error) -> Response {
    match error {
        Error::OutcomeUnknown => Response::Close(Bytes::new()),
        error => refusal(error.to_string()),
    }
}

fn written(line: &ServerLine) -> Bytes {
    let mut out = BytesMut::new();
    line.write(&mut out);
    out.freeze()
}
