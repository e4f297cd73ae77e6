//! What a client sends, taken apart: RFC 6455, part 5.
//!
//! ```text
//!          a header               its last byte
//!  Between ────────▶ In a frame ─────────────────▶ Between
//!     ▲ ping, pong, close: whole, also between the fragments of a message
//! ```
//!
//! Bytes are looked at once, however the stream is cut, and taken as they come: a message may be of any length.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::frame::MAX_CONTROL;
use super::utf8::Utf8;

/// Where in the stream a decoder is.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The frame that is begun.
    frame: Option<Begun>,
    /// The message that is begun, by this frame or one before it.
    message: Option<Message>,
}

#[derive(Debug)]
struct Begun {
    /// Bytes of its payload that are still to come.
    left: u64,
    /// The key, turned so that its first byte is the next one's.
    mask: [u8; 4],
    is_final: bool,
}

#[derive(Debug)]
enum Message {
    Text(Utf8),
    Binary,
}

/// What was taken from the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Bytes of a message, appended to the output; perhaps its last ones.
    Data { ends_message: bool },
    /// It wants an answer with the same payload.
    Ping(Bytes),
    /// The answer to a ping; what it carries means nothing here.
    Pong,
    /// Nothing comes behind it.
    Close(Bytes),
}

/// How a client broke the rules: the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("a frame is not masked")]
    Unmasked,
    #[error("a reserved bit is set")]
    ReservedBit,
    #[error("a reserved opcode")]
    ReservedOpcode,
    #[error("a length is not written as short as it can be, or is no length")]
    BadLength,
    #[error("a control frame is a fragment, or longer than {MAX_CONTROL} bytes")]
    BadControl,
    #[error("a message begins inside another, or goes on without a beginning")]
    OutOfPlace,
    #[error("a text is not UTF-8")]
    NotUtf8,
    #[error("a farewell has no valid code, or its words are not UTF-8")]
    BadClose,
}

impl Decoder {
    /// Takes the next item off `input`; the bytes of messages are appended to `output`. `None` until more has come.
    pub(super) fn decode(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Result<Option<Item>, Violation> {
        if self.frame.is_none() {
            let Some((head, header, length)) = parse_head(input)? else {
                return Ok(None);
            };
            let mask = header.mask.ok_or(Violation::Unmasked)?;
            match header.opcode {
                OpCode::Control(kind) => {
                    return control(kind, input, head, &header, mask, length);
                }
                OpCode::Data(kind) => self.begin(kind)?,
            }
            input.advance(head);
            self.frame = Some(Begun {
                left: length,
                mask,
                is_final: header.is_final,
            });
        }
        self.data(input, output)
    }

    /// A frame of data begins.
    fn begin(&mut self, kind: Data) -> Result<(), Violation> {
        match (kind, &self.message) {
            (Data::Continue, Some(_)) => {}
            (Data::Text, None) => self.message = Some(Message::Text(Utf8::default())),
            (Data::Binary, None) => self.message = Some(Message::Binary),
            (Data::Continue, None) | (Data::Text | Data::Binary, Some(_)) => {
                return Err(Violation::OutOfPlace);
            }
            (Data::Reserved(_), _) => return Err(Violation::ReservedOpcode),
        }
        Ok(())
    }

    /// Takes as much of the frame's payload as is there.
    fn data(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Result<Option<Item>, Violation> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Ok(None);
        };
        let length = usize::try_from(frame.left).map_or(input.len(), |left| left.min(input.len()));
        let from = output.len();
        output.extend_from_slice(&input[..length]);
        input.advance(length);
        unmask(&mut output[from..], frame.mask);
        frame.mask.rotate_left(length % 4);
        frame.left -= length as u64;
        let is_ended = frame.left == 0;
        let ends_message = is_ended && frame.is_final;
        if is_ended {
            self.frame = None;
        }
        if let Message::Text(utf8) = message
            && !(utf8.accept(&output[from..]) && (utf8.is_whole() || !ends_message))
        {
            // Nobody reads on in it.
            output.truncate(from);
            return Err(Violation::NotUtf8);
        }
        if ends_message {
            self.message = None;
        }
        let is_any = length > 0 || is_ended;
        Ok(is_any.then_some(Item::Data { ends_message }))
    }
}

/// The header that `input` begins with, how long it is, and how long its payload.
fn parse_head(input: &[u8]) -> Result<Option<(usize, FrameHeader, u64)>, Violation> {
    let mut cursor = Cursor::new(input);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Violation::ReservedOpcode)?;
    let Some((header, length)) = parsed else {
        return Ok(None);
    };
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(Violation::ReservedBit);
    }
    let head = cursor.position() as usize;
    if head != header.len(length) || i64::try_from(length).is_err() {
        return Err(Violation::BadLength);
    }
    Ok(Some((head, header, length)))
}

/// Takes a control frame off `input`, once it is whole.
fn control(
    kind: Control,
    input: &mut BytesMut,
    head: usize,
    header: &FrameHeader,
    mask: [u8; 4],
    length: u64,
) -> Result<Option<Item>, Violation> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if !header.is_final || length > MAX_CONTROL {
        return Err(Violation::BadControl);
    }
    if input.len() < head + length {
        return Ok(None);
    }
    input.advance(head);
    let mut payload = input[..length].to_vec();
    input.advance(length);
    unmask(&mut payload, mask);
    Ok(Some(match kind {
        Control::Ping => Item::Ping(payload.into()),
        Control::Pong => Item::Pong,
        Control::Close if is_farewell(&payload) => Item::Close(payload.into()),
        Control::Close => return Err(Violation::BadClose),
        Control::Reserved(_) => return Err(Violation::ReservedOpcode),
    }))
}

/// A farewell is empty, or a code and words.
fn is_farewell(payload: &[u8]) -> bool {
    match payload.split_first_chunk() {
        None => payload.is_empty(),
        Some((code, words)) => {
            let code = CloseCode::from(u16::from_be_bytes(*code));
            code.is_allowed() && str::from_utf8(words).is_ok()
        }
    }
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let (fours, rest) = payload.as_chunks_mut::<4>();
    let key = u32::from_ne_bytes(mask);
    for four in fours {
        *four = (u32::from_ne_bytes(*four) ^ key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// A client's frame: its first byte, and what it holds.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader {
            is_final: first & 0x80 != 0,
            opcode: OpCode::from(first & 0x0F),
            mask: Some(MASK),
            ..FrameHeader::default()
        };
        let mut bytes = Vec::new();
        header.format(payload.len() as u64, &mut bytes).unwrap();
        bytes[0] = first;
        let keys = MASK.iter().cycle();
        bytes.extend(payload.iter().zip(keys).map(|(byte, key)| byte ^ key));
        bytes
    }

    /// What comes out: messages joined, where they end marked by `|`, and what else came in brackets.
    type Outcome = (Vec<u8>, Result<(), Violation>);

    fn decode_pieces(pieces: &[&[u8]]) -> Outcome {
        let (mut decoder, mut input, mut all) = (Decoder::default(), BytesMut::new(), Vec::new());
        for piece in pieces {
            input.extend_from_slice(piece);
            let mut output = BytesMut::new();
            loop {
                let item = decoder.decode(&mut input, &mut output);
                all.extend_from_slice(&output.split());
                match item {
                    Ok(None) => break,
                    Ok(Some(Item::Data { ends_message })) => {
                        all.extend_from_slice(if ends_message { b"|" } else { b"" });
                    }
                    Ok(Some(Item::Ping(payload))) => {
                        all.extend_from_slice(&[b"[ping ", &payload[..], b"]"].concat());
                    }
                    Ok(Some(Item::Pong)) => all.extend_from_slice(b"[pong]"),
                    Ok(Some(Item::Close(payload))) => {
                        all.extend_from_slice(&[b"[close ", &payload[..], b"]"].concat());
                    }
                    Err(violation) => return (all, Err(violation)),
                }
            }
        }
        assert!(input.len() < 14 + MAX_CONTROL, "{} bytes wait", input.len());
        (all, Ok(()))
    }

    /// The same whole, byte by byte, and in any two pieces.
    fn decode(stream: &[u8]) -> Outcome {
        let whole = decode_pieces(&[stream]);
        let bytewise: Vec<_> = stream.chunks(1).collect();
        assert_eq!(decode_pieces(&bytewise).1, whole.1);
        if whole.1.is_ok() {
            assert_eq!(decode_pieces(&bytewise).0, whole.0);
        }
        for cut in 0..=stream.len().min(600) {
            let (head, tail) = stream.split_at(cut);
            assert_eq!(decode_pieces(&[head, tail]).1, whole.1, "cut at {cut}");
        }
        whole
    }

    fn text(outcome: Outcome) -> String {
        assert_eq!(outcome.1, Ok(()));
        String::from_utf8(outcome.0).unwrap()
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        let hello = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(text(decode(&hello)), "Hello|");
        let pong = [
            0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(text(decode(&pong)), "[pong]");
    }

    #[test]
    fn messages_are_read_glued_and_in_fragments_with_control_frames_between() {
        let stream = [
            frame(0x81, b"one"),
            frame(0x82, b""),
            frame(0x01, "t\u{e9}".as_bytes().split_at(2).0),
            frame(0x89, b"?"),
            frame(0x00, b""),
            frame(0x8A, b"late"),
            frame(0x80, "t\u{e9}".as_bytes().split_at(2).1),
            frame(0x02, b"bin"),
            frame(0x80, b""),
            frame(0x88, b"\x03\xe8bye"),
        ];
        let got = decode(&stream.concat());
        assert_eq!(got.1, Ok(()));
        assert_eq!(
            String::from_utf8_lossy(&got.0),
            "one||t\u{fffd}[ping ?][pong]\u{fffd}|bin|[close \u{3}\u{fffd}bye]"
        );
    }

    #[test]
    fn what_is_long_is_not_kept() {
        for length in [125, 126, 127, 0xFFFF, 0x10000, 300_000] {
            let long = vec![b'x'; length];
            let got = decode(&frame(0x82, &long)).0;
            assert_eq!((got.len(), got[length]), (length + 1, b'|'));
        }
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        let mut unmasked = frame(0x81, b"");
        unmasked[1] = 0;
        let long_way = [&[0x81, 0xFE, 0, 5], &MASK[..], b"12345"].concat();
        let longer_way = [&[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 1, 0], &MASK[..]].concat();
        let endless = [&[0x82, 0xFF], &[0xFF; 8][..], &MASK].concat();
        let inside = [frame(0x01, b"a"), frame(0x81, b"b")].concat();
        for (stream, violation) in [
            (unmasked, Violation::Unmasked),
            (frame(0xC1, b"a"), Violation::ReservedBit),
            (frame(0xA1, b"a"), Violation::ReservedBit),
            (frame(0x91, b"a"), Violation::ReservedBit),
            (frame(0x83, b"a"), Violation::ReservedOpcode),
            (frame(0x8B, b"a"), Violation::ReservedOpcode),
            (long_way, Violation::BadLength),
            (longer_way, Violation::BadLength),
            (endless, Violation::BadLength),
            (frame(0x09, b"a"), Violation::BadControl),
            (frame(0x89, &[0; 126]), Violation::BadControl),
            (frame(0x80, b"a"), Violation::OutOfPlace),
            (inside, Violation::OutOfPlace),
            (frame(0x81, b"\xff"), Violation::NotUtf8),
            (frame(0x81, b"\xc3"), Violation::NotUtf8),
            (frame(0x88, b"\x03"), Violation::BadClose),
            (frame(0x88, b"\x03\xed"), Violation::BadClose),
            (frame(0x88, b"\x00\x01"), Violation::BadClose),
            (frame(0x88, b"\x03\xe8\xff"), Violation::BadClose),
        ] {
            assert_eq!(decode(&stream).1, Err(violation), "{stream:x?}");
            // What came before it is read.
            let behind = [frame(0x82, b"good"), stream].concat();
            let (got, error) = decode(&behind);
            assert_eq!(error, Err(violation));
            assert!(got.starts_with(b"good|"));
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_however_it_is_cut(
            messages in prop::collection::vec((any::<bool>(), "\\PC{0,40}", 1..4usize), 0..8),
            cuts in prop::collection::vec(1..40usize, 1..20),
        ) {
            let (mut stream, mut want) = (Vec::new(), Vec::new());
            for (is_text, text, pieces) in &messages {
                let bytes = text.as_bytes();
                let length = (bytes.len() / pieces).max(1);
                let parts: Vec<_> = bytes.chunks(length).collect();
                let first = if *is_text { 1 } else { 2 };
                for (place, part) in parts.iter().enumerate() {
                    let opcode = if place == 0 { first } else { 0 };
                    let last = if place + 1 == parts.len() { 0x80 } else { 0 };
                    stream.extend(frame(opcode | last, part));
                }
                if parts.is_empty() {
                    stream.extend(frame(0x80 | first, b""));
                }
                want.extend_from_slice(bytes);
                want.push(b'|');
            }
            let (mut pieces, mut rest, mut lengths) = (Vec::new(), &stream[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let length = lengths.next().copied().unwrap_or(1).min(rest.len());
                let (piece, after) = rest.split_at(length);
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(decode_pieces(&pieces), (want, Ok(())));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (taken, _) = decode(&bytes);
            prop_assert!(taken.len() <= 3 * bytes.len() + 16);
        }
    }
}
