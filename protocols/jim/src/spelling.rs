//! Which clients a listener serves, and how each of them spells a message.

use crate::client_frame::ClientFrame;

/// Which clients a [`ServerCodec`](crate::ServerCodec) understands, and how it writes for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavor {
    /// Those that keep to the document.
    #[default]
    Document,
    /// Published ones, too: PROTOCOL.md 7.
    Compat,
}

/// How a published client spells a message: it is answered in kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Spelling {
    /// The action is `message`, not `msg`, and every name stands there twice.
    pub message: bool,
    /// Where the text is.
    pub text: TextKey,
    /// The client has said no message yet, and its presence had no status: it belongs to a generation that knows only
    /// `message`, with `sender`, `destination`, and the text in `mess_text` or in `message_text`.
    pub unspoken: bool,
}

/// Under which key the text stands: PROTOCOL.md 7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextKey {
    /// `message`, as in the document.
    #[default]
    Message,
    /// The text stands under `mess_text`.
    MessText,
    /// The text stands under `message_text`.
    MessageText,
    /// The text stands under `text`.
    Text,
}

impl TextKey {
    /// All of them; where an object has several, the first one holds.
    pub const ALL: [Self; 4] = [Self::Message, Self::MessText, Self::MessageText, Self::Text];

    /// As it stands in the object.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::MessText => "mess_text",
            Self::MessageText => "message_text",
            Self::Text => "text",
        }
    }
}

impl Spelling {
    /// As the document has it: `msg`, with the text in `message`.
    pub const DOCUMENT: Self = Self {
        message: false,
        text: TextKey::Message,
        unspoken: false,
    };

    /// How to write to a client that has not spoken, and whose presence had no status: PROTOCOL.md 7.8.
    pub const UNSPOKEN: Self = Self {
        message: true,
        text: TextKey::MessText,
        unspoken: true,
    };

    /// How to write to a connection that was written to like this, once it has said something like `said`: as
    /// `message` from the first `message` on, also when it says `msg` later (PROTOCOL.md 7.7).
    #[must_use]
    pub fn after(self, said: Self) -> Self {
        if self.message && !self.unspoken && !said.message {
            self
        } else {
            said
        }
    }

    /// Every spelling there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let spoken = TextKey::ALL.into_iter().flat_map(|text| {
            [false, true].map(|message| Self {
                message,
                text,
                unspoken: false,
            })
        });
        spoken.chain([Self::UNSPOKEN])
    }
}

/// How to write to one connection, by what it has said: PROTOCOL.md 7.7 and 7.8.
#[derive(Debug, Default)]
pub struct Mirror {
    spelling: Spelling,
    has_spoken: bool,
}

impl Mirror {
    /// The client said this.
    pub fn hear(&mut self, said: &ClientFrame) {
        match said {
            ClientFrame::CompatMsg(msg) => {
                self.spelling = self.spelling.after(msg.spelling);
                self.has_spoken = true;
            }
            ClientFrame::Presence { status, .. } if !self.has_spoken => {
                self.spelling = match status {
                    None => Spelling::UNSPOKEN,
                    Some(_) => Spelling::DOCUMENT,
                };
            }
            _ => {}
        }
    }

    /// How to write from now on.
    #[must_use]
    pub fn spelling(&self) -> Spelling {
        self.spelling
    }
}

#[cfg(test)]
mod tests {
    use super::{Mirror, Spelling, TextKey};
    use crate::client_frame::ClientFrame;

    #[test]
    fn who_has_used_message_once_is_written_to_so() {
        let said = |message, text| Spelling {
            message,
            text,
            unspoken: false,
        };
        let first = Spelling::DOCUMENT.after(said(false, TextKey::Text));
        assert_eq!(first, said(false, TextKey::Text));
        let second = first.after(said(true, TextKey::MessText));
        assert_eq!(second, said(true, TextKey::MessText));
        assert_eq!(second.after(Spelling::DOCUMENT), second);
        let third = said(true, TextKey::Text);
        assert_eq!(second.after(third), third);
        assert_eq!(Spelling::all().count(), 9);
        assert_eq!(Spelling::UNSPOKEN.after(first), first);
    }

    #[test]
    fn who_says_no_status_knows_only_message_until_it_speaks() {
        let presence = |status: Option<&str>| ClientFrame::Presence {
            account_name: Some("anna".into()),
            status: status.map(Into::into),
        };
        let mut mirror = Mirror::default();
        assert_eq!(mirror.spelling(), Spelling::DOCUMENT);
        mirror.hear(&presence(None));
        assert_eq!(mirror.spelling(), Spelling::UNSPOKEN);
        mirror.hear(&ClientFrame::GetContacts);
        assert_eq!(mirror.spelling(), Spelling::UNSPOKEN);
        mirror.hear(&presence(Some("")));
        assert_eq!(mirror.spelling(), Spelling::DOCUMENT);
        mirror.spelling = Spelling::UNSPOKEN;
        mirror.has_spoken = true;
        mirror.hear(&presence(Some("")));
        assert_eq!(mirror.spelling(), Spelling::UNSPOKEN);
    }
}
