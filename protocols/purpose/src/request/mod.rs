//! What a client asks of a server.
//!
//! [`requests!`] makes of the list in `table` the [`Request`]s, their [`RequestKind`]s, the rows of the table of
//! purposes, and reading and writing. How one field is read and written stands in [`value`](crate::value).

mod table;

pub use table::{Request, RequestKind};

use crate::purpose::{Purpose, State};
use crate::revision::Revision;
use crate::writer::FrameWriter;
use bytes::BytesMut;

/// `-` where a revision lacks the purpose, else its byte.
macro_rules! byte {
    (-) => {
        None
    };
    ($byte:literal) => {
        Some($byte)
    };
}

/// Each entry: what it is; `Variant "NAME" r1 r2, State, Answer { member: Type = "field", … }`.
macro_rules! requests {
    ($(
        $(#[doc = $doc:literal])*
        $kind:ident $name:literal $one:tt $two:tt, $state:ident, $answer:ident
        $( { $( $member:ident: $type:ty = $field:literal ),* } )?
    )*) => {
        /// What a client asks of a server: one variant per purpose of PROTOCOL.md 4.
        ///
        /// The names in PROTOCOL.md, and which revision has which, are in [`RequestKind`].
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Request {
            $(
                #[doc = concat!("`", $name, "`:")]
                $(#[doc = $doc])*
                $kind $( { $(
                    #[doc = concat!("The field `", $field, "`.")]
                    $member: $type,
                )* } )?,
            )*
        }

        /// Which [`Request`] it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RequestKind {
            $(
                #[doc = concat!(
                    "`", $name, "`: `", stringify!($one), "` in revision 1, `", stringify!($two),
                    "` in revision 2."
                )]
                $kind,
            )*
        }

        impl RequestKind {
            /// Every kind, in the order of PROTOCOL.md.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            pub(crate) fn row(self) -> &'static Row {
                match self {
                    $(Self::$kind => {
                        static ROW: Row = Row {
                            names: [$name; 2],
                            bytes: [byte!($one), byte!($two)],
                            bodies: [&[$( $( Field {
                                name: $field,
                                layout: <$type as Value>::LAYOUT,
                                is_optional: <$type as Value>::IS_OPTIONAL,
                            } ),* )?]; 2],
                            sender: Sender::Client,
                            state: State::$state,
                        };
                        &ROW
                    })*
                }
            }

            /// What an ACCEPTED that answers it contains.
            pub fn answer(self) -> AnswerKind {
                match self {
                    $(Self::$kind => AnswerKind::$answer,)*
                }
            }
        }

        /// The kind of each byte, per revision.
        pub(super) const BYTES: [[Option<RequestKind>; 256]; 2] = {
            let mut kinds = [[None; 256]; 2];
            $(
                if let Some(byte) = byte!($one) {
                    let byte: u8 = byte;
                    kinds[0][byte as usize] = Some(RequestKind::$kind);
                }
                if let Some(byte) = byte!($two) {
                    let byte: u8 = byte;
                    kinds[1][byte as usize] = Some(RequestKind::$kind);
                }
            )*
            kinds
        };

        impl Request {
            /// Which request it is.
            pub fn kind(&self) -> RequestKind {
                match self {
                    $(Self::$kind $( { $($member: _),* } )? => RequestKind::$kind,)*
                }
            }

            /// Reads a body, without looking what is behind its last field.
            pub(crate) fn read(kind: RequestKind, body: &mut Body) -> Result<Self, BadBody> {
                match kind {
                    $(RequestKind::$kind => Ok(
                        Self::$kind $( { $($member: Value::read(body, $field)?),* } )?
                    ),)*
                }
            }

            /// Writes the body's fields.
            pub(crate) fn write_body(&self, frame: &mut FrameWriter<'_>) {
                match self {
                    $(Self::$kind $( { $($member),* } )? => { $( $(Put::put($member, frame);)* )? })*
                }
            }
        }
    };
}
use {byte, requests};

impl RequestKind {
    /// The request of a purpose byte; `None` when the revision has none.
    pub fn from_byte(revision: Revision, byte: u8) -> Option<Self> {
        static BYTES: [[Option<RequestKind>; 256]; 2] = table::BYTES;
        let [one, two] = &BYTES;
        let kinds = match revision {
            Revision::One => one,
            Revision::Two => two,
        };
        kinds.get(usize::from(byte)).copied().flatten()
    }

    /// Its name in PROTOCOL.md, the same in both revisions.
    pub fn name(self) -> &'static str {
        Purpose::Request(self).name(Revision::Two)
    }

    /// Its byte; `None` when the revision lacks it.
    pub fn byte(self, revision: Revision) -> Option<u8> {
        Purpose::Request(self).byte(revision)
    }

    /// The least state in which it is allowed.
    pub fn state(self) -> State {
        self.row().state
    }

    /// Whether a connection in this state may ask it.
    pub fn is_allowed(self, state: State) -> bool {
        state >= self.state()
    }
}

impl Request {
    /// Writes the whole frame. Returns whether it did: nothing is written when the revision lacks the purpose.
    #[must_use]
    pub fn write(&self, revision: Revision, task: u8, out: &mut BytesMut) -> bool {
        let Some(purpose) = self.kind().byte(revision) else {
            return false;
        };
        let mut frame = FrameWriter::begin(purpose, task, out);
        self.write_body(&mut frame);
        frame.finish();
        true
    }
}
