//! The characters that a JSON string holds as they are, found eight at a time.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// How many bytes at the start of `bytes` a JSON string holds as they are: neither `"` nor `\` nor a control
/// character below U+0020.
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (eights, _) = bytes.as_chunks::<8>();
    let skipped = 8 * eights
        .iter()
        .take_while(|eight| all_plain(u64::from_ne_bytes(**eight)))
        .count();
    skipped
        + bytes[skipped..]
            .iter()
            .take_while(|byte| is_plain(**byte))
            .count()
}

fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

fn all_plain(word: u64) -> bool {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    (any_below(word, 0x20) | any_below(quote, 1) | any_below(backslash, 1)) == 0
}

/// Not zero when a byte of `word` is below `bound`, which is at most 0x80.
fn any_below(word: u64, bound: u64) -> u64 {
    word.wrapping_sub(ONES * bound) & !word & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_judged_alike() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[place] = byte;
                let want = if is_plain(byte) { 20 } else { place };
                assert_eq!(plain_run(&bytes), want, "byte {byte:#x} at {place}");
            }
        }
    }

    /// What is common is passed over eight bytes at a time; else it would only be slow.
    #[test]
    fn eight_plain_bytes_are_seen_at_once() {
        for plain in [b"all eigh", b"t plain!", b"\x7f ~#[]{}"] {
            assert!(all_plain(u64::from_ne_bytes(*plain)));
        }
        assert!(!all_plain(u64::from_ne_bytes(*b"seven \"!")));
    }

    #[test]
    fn many_alike_are_judged_as_one() {
        for byte in 0..=u8::MAX {
            let want = if is_plain(byte) { 20 } else { 0 };
            assert_eq!(plain_run(&[byte; 20]), want, "byte {byte:#x}");
        }
    }

    #[test]
    fn an_empty_run_is_empty() {
        assert_eq!(plain_run(b""), 0);
        assert_eq!(plain_run(b"\"abc"), 0);
    }
}
