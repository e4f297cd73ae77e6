//! What a client says.

use bytes::BytesMut;

/// A line that a client sends, by what it asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientLine {
    /// `/login NAME PASSWORD`: opens an account.
    Login {
        /// The login of the account.
        name: String,
        /// Its password, in clear.
        password: String,
    },
    /// `/join ROOM [PASSWORD]`: enters a room.
    Join {
        /// The room's name, without `#`.
        room: String,
        /// What a protected room asks for.
        password: Option<String>,
    },
    /// `/leave [ROOM]`: that room, else the one joined last.
    Leave(Option<String>),
    /// `/msg NAME TEXT`: for this user alone.
    Tell {
        /// The login of the user.
        to: String,
        /// What the user is told.
        text: String,
    },
    /// `/me TEXT`: an emote in the room joined last.
    Emote(String),
    /// `/who [ROOM]`: who is in that room, else in the one joined last.
    Who(Option<String>),
    /// `/ping`: asks for a sign of life.
    Ping,
    /// `/help`: asks for the list of commands.
    Help,
    /// `/quit`: says farewell; the server closes.
    Quit,
    /// Any other line: a name from whoever has none yet, then a text for the room joined last.
    Text(String),
}

/// Why a line is no [`ClientLine`]. The lines behind it are read as ever.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// It has more bytes than the limit; none of them is kept.
    #[error("the line is longer than {limit} bytes")]
    TooLong {
        /// Bytes of a line, at most.
        limit: usize,
    },
    /// Its bytes are not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// It begins with `/` and a word that is no command; the word.
    #[error("/{0} is unknown; /help tells what there is")]
    Unknown(String),
    /// Something is missing, or there is too much; how the command is said.
    #[error("say it so: {0}")]
    Usage(&'static str),
}

/// How each command is said, and what it does; the first word is its name.
pub(crate) const COMMANDS: &[(&str, &str)] = &[
    ("/login NAME PASSWORD", "come in as an account"),
    (
        "/join ROOM",
        "enter a room, with its password behind it where it has one",
    ),
    ("/leave", "leave the room joined last, or the one named"),
    ("/msg NAME TEXT", "say something to one user alone"),
    ("/me TEXT", "say what you do"),
    ("/who", "who is in the room"),
    ("/ping", "hear whether the server is there"),
    ("/help", "this list"),
    ("/quit", "say farewell"),
];

impl ClientLine {
    /// What a line says, its end left out.
    ///
    /// # Errors
    /// [`BadLine::Unknown`], [`BadLine::Usage`].
    pub fn parse(line: &str) -> Result<Self, BadLine> {
        let Some(command) = line.strip_prefix('/') else {
            return Ok(Self::Text(line.to_owned()));
        };
        if command.starts_with('/') {
            return Ok(Self::Text(command.to_owned()));
        }
        let (word, rest) = split(command);
        let rest = Rest { word, rest };
        match word {
            "login" => rest.two(|name, password| Self::Login { name, password }),
            "join" => rest.one().map(|room| {
                let (room, password) = split(&room);
                Self::Join {
                    room: room.strip_prefix('#').unwrap_or(room).to_owned(),
                    password: Some(password.to_owned()).filter(|password| !password.is_empty()),
                }
            }),
            "leave" => Ok(Self::Leave(rest.room())),
            "msg" => rest.two(|to, text| Self::Tell { to, text }),
            "me" => rest.one().map(Self::Emote),
            "who" => Ok(Self::Who(rest.room())),
            "ping" => Ok(Self::Ping),
            "help" => Ok(Self::Help),
            "quit" => Ok(Self::Quit),
            _ => Err(BadLine::Unknown(word.to_owned())),
        }
    }

    /// Appends the line. A control character in it, but a tab, is written as a space.
    pub fn write(&self, out: &mut BytesMut) {
        let line = match self {
            Self::Login { name, password } => format!("/login {name} {password}"),
            Self::Join { room, password } => match password {
                None => format!("/join {room}"),
                Some(password) => format!("/join {room} {password}"),
            },
            Self::Leave(room) => with_room("/leave", room.as_deref()),
            Self::Tell { to, text } => format!("/msg {to} {text}"),
            Self::Emote(text) => format!("/me {text}"),
            Self::Who(room) => with_room("/who", room.as_deref()),
            Self::Ping => "/ping".to_owned(),
            Self::Help => "/help".to_owned(),
            Self::Quit => "/quit".to_owned(),
            Self::Text(text) if text.starts_with('/') => format!("/{text}"),
            Self::Text(text) => text.clone(),
        };
        let line = line.replace(|c: char| c.is_control() && c != '\t', " ");
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// Without what is secret.
impl std::fmt::Debug for ClientLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::shown::line(self))
    }
}

fn with_room(command: &str, room: Option<&str>) -> String {
    match room {
        None => command.to_owned(),
        Some(room) => format!("{command} {room}"),
    }
}

/// The first word, and what comes behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// What stands behind a command's word.
struct Rest<'a> {
    word: &'a str,
    rest: &'a str,
}

impl Rest<'_> {
    /// One thing, the whole of it.
    fn one(&self) -> Result<String, BadLine> {
        match self.rest {
            "" => Err(self.usage()),
            rest => Ok(rest.to_owned()),
        }
    }

    /// A word and what comes behind it.
    fn two(&self, line: impl FnOnce(String, String) -> ClientLine) -> Result<ClientLine, BadLine> {
        match split(self.rest) {
            (_, "") => Err(self.usage()),
            (first, second) => Ok(line(first.to_owned(), second.to_owned())),
        }
    }

    /// A room's name, if there is one.
    fn room(&self) -> Option<String> {
        let room = self.rest.strip_prefix('#').unwrap_or(self.rest);
        Some(room.to_owned()).filter(|room| !room.is_empty())
    }

    fn usage(&self) -> BadLine {
        let of_word = |(usage, _): &&(&str, &str)| split(usage).0[1..] == *self.word;
        let found = COMMANDS.iter().find(of_word);
        BadLine::Usage(found.map_or("/help", |(usage, _)| usage))
    }
}
