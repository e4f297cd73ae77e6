//! Which clients a listener serves, and how each of them spells a message.

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
}

/// Under which key the text stands: PROTOCOL.md 7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextKey {
    /// `message`, as in the document.
    #[default]
    Message,
    /// `mess_text`.
    MessText,
    /// `message_text`.
    MessageText,
    /// `text`.
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
    };

    /// How to write to a connection that was written to like this, once it has said something like `said`: as
    /// `message` from the first `message` on, also when it says `msg` later (PROTOCOL.md 7.7).
    #[must_use]
    pub fn after(self, said: Self) -> Self {
        if self.message && !said.message {
            self
        } else {
            said
        }
    }

    /// Every spelling there is.
    pub fn all() -> impl Iterator<Item = Self> {
        TextKey::ALL
            .into_iter()
            .flat_map(|text| [false, true].map(|message| Self { message, text }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Spelling, TextKey};

    #[test]
    fn who_has_used_message_once_is_written_to_so() {
        let said = |message, text| Spelling { message, text };
        let first = Spelling::DOCUMENT.after(said(false, TextKey::Text));
        assert_eq!(first, said(false, TextKey::Text));
        let second = first.after(said(true, TextKey::MessText));
        assert_eq!(second, said(true, TextKey::MessText));
        assert_eq!(second.after(Spelling::DOCUMENT), second);
        let third = said(true, TextKey::Text);
        assert_eq!(second.after(third), third);
        assert_eq!(Spelling::all().count(), 8);
    }
}
