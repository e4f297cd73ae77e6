//! What the server says.

use bytes::BytesMut;

/// The answer to `/ping`.
pub(crate) const PONG: &str = "pong";

/// A line of the server's; the crate's page says how each looks. Names are logins, rooms are without `#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerLine {
    /// Somebody said something in a room.
    Said {
        /// The name of the room.
        room: String,
        /// The login of who said it.
        from: String,
        /// The text as it was said.
        text: String,
    },
    /// Somebody does something in a room.
    Emote {
        /// The name of the room.
        room: String,
        /// The login of who does it.
        from: String,
        /// What, without "/me ".
        text: String,
    },
    /// Somebody said something to this user alone.
    Private {
        /// The login of who said it.
        from: String,
        /// The text as it was said.
        text: String,
    },
    /// What this connection said to one user is accepted.
    Sent {
        /// The login of whom it was said to.
        to: String,
        /// The text as it was accepted.
        text: String,
    },
    /// The answer to any other request.
    Answer(String),
    /// Something happened that nobody said, in words for people.
    Notice(String),
    /// A request is refused, or the server closes; why.
    Refusal(String),
}

impl ServerLine {
    /// What a line says, its end left out. What is none of the others is a notice.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let other = || Self::Notice(line.strip_prefix("** ").unwrap_or(line).to_owned());
        let of_room = || Self::parse_in_room(line.strip_prefix('#')?);
        let private = || {
            let (from, text) = starred(line)?;
            Some(Self::Private { from, text })
        };
        let sent = || {
            let (to, text) = starred(line.strip_prefix("-> ")?)?;
            Some(Self::Sent { to, text })
        };
        let marked = |mark, kind: fn(String) -> Self| {
            let text = line.strip_prefix(mark);
            text.map(|text| kind(text.to_owned()))
        };
        of_room()
            .or_else(private)
            .or_else(sent)
            .or_else(|| marked("-- ", Self::Answer))
            .or_else(|| marked("!! ", Self::Refusal))
            .unwrap_or_else(other)
    }

    fn parse_in_room(line: &str) -> Option<Self> {
        let (room, said) = line.split_once(' ')?;
        let room = room.to_owned();
        if let Some(said) = said.strip_prefix('<') {
            let (from, text) = owned(said.split_once("> ")?);
            return Some(Self::Said { room, from, text });
        }
        let (from, text) = owned(said.strip_prefix("* ")?.split_once(' ')?);
        Some(Self::Emote { room, from, text })
    }

    /// Appends the line, or a line for each of the text's; how many. Control characters but tabs become U+FFFD.
    pub fn write(&self, out: &mut BytesMut) -> usize {
        let (head, text) = match self {
            Self::Said { room, from, text } => (format!("#{room} <{from}> "), text),
            Self::Emote { room, from, text } => (format!("#{room} * {from} "), text),
            Self::Private { from, text } => (format!("*{from}* "), text),
            Self::Sent { to, text } => (format!("-> *{to}* "), text),
            Self::Answer(text) => ("-- ".to_owned(), text),
            Self::Notice(text) => ("** ".to_owned(), text),
            Self::Refusal(text) => ("!! ".to_owned(), text),
        };
        let unprintable = |c: char| c.is_control() && c != '\t';
        let lines = text.split('\n');
        let written = lines.map(|line| {
            let line = format!("{head}{line}").replace(unprintable, "\u{fffd}");
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        });
        written.count()
    }
}

/// The name and the text of a line `*name* text`.
fn starred(line: &str) -> Option<(String, String)> {
    let (name, text) = line.split_once(' ')?;
    let name = name.strip_prefix('*')?.strip_suffix('*')?;
    (!name.is_empty()).then(|| owned((name, text)))
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}
