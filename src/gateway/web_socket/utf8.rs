//! Whether a text that comes in pieces is UTF-8.

/// What a text's last piece leaves open: the first bytes of a character.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Utf8 {
    begun: [u8; 3],
    length: u8,
}

impl Utf8 {
    /// Whether the text can go on like this.
    pub(super) fn accept(&mut self, mut piece: &[u8]) -> bool {
        while self.length > 0 {
            let Some((first, rest)) = piece.split_first() else {
                return true;
            };
            let length = usize::from(self.length);
            let mut character = [0; 4];
            character[..length].copy_from_slice(&self.begun[..length]);
            character[length] = *first;
            *self = Self::default();
            if !self.keep_rest(&character[..=length]) {
                return false;
            }
            piece = rest;
        }
        self.keep_rest(piece)
    }

    /// Whether the text may end here.
    pub(super) fn is_whole(self) -> bool {
        self.length == 0
    }

    /// Whether it is UTF-8 up to a character that is begun, which is kept.
    fn keep_rest(&mut self, text: &[u8]) -> bool {
        let Err(error) = str::from_utf8(text) else {
            return true;
        };
        let begun = &text[error.valid_up_to()..];
        if error.error_len().is_some() || begun.len() > self.begun.len() {
            return false;
        }
        self.begun[..begun.len()].copy_from_slice(begun);
        self.length = begun.len() as u8;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is taken whole, and in any two pieces, and byte by byte.
    fn is_text(bytes: &[u8]) -> bool {
        let of = |pieces: &[&[u8]]| {
            let mut utf8 = Utf8::default();
            pieces.iter().all(|piece| utf8.accept(piece)) && utf8.is_whole()
        };
        let whole = of(&[bytes]);
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(of(&[head, tail]), whole, "{bytes:x?} cut at {cut}");
        }
        assert_eq!(of(&bytes.chunks(1).collect::<Vec<_>>()), whole);
        whole
    }

    #[test]
    fn a_text_is_judged_alike_however_it_is_cut() {
        for text in ["", "a", "é", "€", "😀", "aé€😀b"] {
            assert!(is_text(text.as_bytes()), "{text}");
        }
        for wrong in [
            &b"\x80"[..],
            b"\xC3",
            b"\xC3a",
            b"\xE2\x82",
            b"\xE2\x82a",
            b"\xED\xA0\x80",
            b"\xF0\x9F\x98",
            b"\xF0\x9F\x98a",
            b"\xF4\x90\x80\x80",
            b"\xC0\x80",
            b"\xFF",
        ] {
            assert!(!is_text(wrong), "{wrong:x?}");
        }
    }
}
