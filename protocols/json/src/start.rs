//! The start of a stream, where a platform's default writer may put a mark.

use bytes::{Buf, BytesMut};

/// U+FEFF in UTF-8: the byte order mark.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Takes a byte order mark off the start of one stream; anywhere else it is a character as any.
#[derive(Debug, Default)]
pub struct StreamStart {
    is_passed: bool,
}

impl StreamStart {
    /// Whether `input` is past the start, without the mark; false until enough bytes have come to tell.
    pub fn pass(&mut self, input: &mut BytesMut) -> bool {
        let may_be_mark = input.len() < MARK.len() && MARK.starts_with(input);
        if !(self.is_passed || may_be_mark) {
            self.is_passed = true;
            if input.starts_with(MARK) {
                input.advance(MARK.len());
            }
        }
        self.is_passed
    }

    /// The stream has ended: a piece of a mark is none.
    pub fn end(&mut self) {
        self.is_passed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::{MARK, StreamStart};
    use bytes::BytesMut;

    #[test]
    fn one_mark_is_taken_however_it_is_cut() {
        let stream = [MARK, b"a", MARK].concat();
        for cut in 0..=stream.len() {
            let (mut start, mut input) = (StreamStart::default(), BytesMut::new());
            let (head, tail) = stream.split_at(cut);
            input.extend_from_slice(head);
            assert_eq!(start.pass(&mut input), cut >= MARK.len(), "cut at {cut}");
            input.extend_from_slice(tail);
            assert!(start.pass(&mut input));
            assert_eq!(&input[..], &stream[MARK.len()..], "cut at {cut}");
        }
    }

    #[test]
    fn a_piece_of_a_mark_at_the_end_stays() {
        let (mut start, mut input) = (StreamStart::default(), BytesMut::from(&MARK[..2]));
        assert!(!start.pass(&mut input));
        start.end();
        assert!(start.pass(&mut input));
        assert_eq!(&input[..], &MARK[..2]);
    }
}
