//! What a protocol has to be able to.

use bytes::BytesMut;

/// One connection's side of a protocol, without I/O: it enters one room, says and hears texts there.
pub trait Wire {
    /// The connection stands: says who one is, and asks to enter the room. Whatever is to be sent is appended to `out`.
    fn open(&mut self, out: &mut BytesMut);

    /// Reads what is whole of `input`, and tells what that is; how many bytes it was. What follows them comes again, with more.
    ///
    /// # Errors
    /// The server refused something, or cannot be understood; in its words.
    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String>;

    /// Says a text in the room; it is one line of ASCII.
    fn say(&mut self, text: &str, out: &mut BytesMut);

    /// Says that one is still there; it is due every 15 s.
    fn keep_alive(&mut self, _out: &mut BytesMut) {}

    /// Whether one hears what one said oneself. Who does not is told [`Heard::Accepted`] for each.
    fn hears_itself(&self) -> bool;
}

/// What a connection was told, as far as the load looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// One is in the room.
    Entered,
    /// The oldest of one's own messages without an answer is accepted.
    Accepted,
    /// Somebody said this text, perhaps oneself.
    Said(&'a [u8]),
}
