//! How bytes look to a person.

use bytes::Bytes;

/// A frame as lines of text. What is secret is [blanked](super::SECRET).
pub type Shown = Vec<String>;

/// How the bytes of one connection look to a person. It sees all of them in their order from when the viewer came, so
/// that it can know what an answer answers. No password, hash or token may be in what it shows, nor in part.
pub trait Show: Send {
    /// What came in as one frame, or as the rest that is none.
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown>;

    /// Whole frames that went out.
    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown>;
}

/// For a dialect that does not say how it is shown: how long its frames are, and no byte of them, which may be secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lengths;

impl Show for Lengths {
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        vec![vec![format!("<{} bytes>", bytes.len())]]
    }

    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        self.inbound(bytes)
    }
}

/// For a dialect without secrets: the bytes in hexadecimal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hex;

impl Show for Hex {
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        let bytes = bytes.iter().map(|byte| format!("{byte:02x}"));
        vec![vec![bytes.collect()]]
    }

    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        self.inbound(bytes)
    }
}

/// Makes a connection's [`Show`]; one for each viewer.
pub type MakeShow = Box<dyn Fn() -> Box<dyn Show> + Send + Sync>;
