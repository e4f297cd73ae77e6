//! What a text says of itself.

use std::time::Duration;

/// Of what every text begins with.
const MARK: &[u8; 6] = b"bench:";
/// Digits of who said it, and of which message it is.
const NUMBER_DIGITS: usize = 8;
/// Digits of the time.
const TIME_DIGITS: usize = 14;
/// Bytes of all of it, with a separator behind each number.
const STAMP_BYTES: usize = MARK.len() + 2 * (NUMBER_DIGITS + 1) + TIME_DIGITS + 1;
/// With what a text is filled to its size.
const FILLING: &[u8] =
    b"The quick brown fox jumps over the lazy dog, says the interpreter, and nobody is surprised. ";

/// Who said a text, as which of its messages, and when it was meant to be said.
///
/// ```
/// # use std::time::Duration;
/// # use tolmach_load::Stamp;
/// let stamp = Stamp { sender: 3, number: 14, at: Duration::from_nanos(159) };
/// let mut text = String::new();
/// stamp.write(60, &mut text);
/// assert_eq!(text, "bench:00000003.00000014.00000000000159 The quick brown fox j");
/// assert_eq!(Stamp::read(text.as_bytes()), Some(stamp));
/// assert_eq!(Stamp::read(&text.as_bytes()[1..]), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The place of the sender in the crowd, below 100,000,000.
    pub sender: usize,
    /// How many messages the sender said before, modulo 100,000,000.
    pub number: u32,
    /// When it was meant to be said, since the crowd began, to the nanosecond, below 100,000 s.
    pub at: Duration,
}

impl Stamp {
    /// With what every text begins; nothing else that a server sends has it.
    pub const MARK: &[u8] = MARK;

    /// The least bytes of a text.
    pub const LEAST_BYTES: usize = STAMP_BYTES;

    /// Makes `text` a text of so many bytes, at least [`Stamp::LEAST_BYTES`].
    pub fn write(&self, bytes: usize, text: &mut String) {
        use std::fmt::Write;
        text.clear();
        let (sender, number, at) = (self.sender, self.number, self.at.as_nanos());
        // A String takes whatever is written.
        let _ = write!(
            text,
            "bench:{sender:0NUMBER_DIGITS$}.{number:0NUMBER_DIGITS$}.{at:0TIME_DIGITS$} "
        );
        let filling = FILLING.iter().copied().map(char::from).cycle();
        text.extend(filling.take(bytes.saturating_sub(STAMP_BYTES)));
    }

    /// What a text says; `None` where it is not, to the last byte, as it was written.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let (stamp, mut filling) = text.split_at_checked(STAMP_BYTES)?;
        let mut rest = stamp.strip_prefix(MARK)?;
        let mut field = |digits: usize, end: u8| {
            let (value, after) = rest.split_at_checked(digits)?;
            rest = after.strip_prefix(&[end])?;
            number(value)
        };
        let sender = usize::try_from(field(NUMBER_DIGITS, b'.')?).ok()?;
        let number = u32::try_from(field(NUMBER_DIGITS, b'.')?).ok()?;
        let at = Duration::from_nanos(field(TIME_DIGITS, b' ')?);
        while filling.len() > FILLING.len() {
            filling = filling.strip_prefix(FILLING)?;
        }
        FILLING
            .starts_with(filling)
            .then_some(Self { sender, number, at })
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number: u64, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(number * 10 + digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_size_a_text_says_the_same_and_no_byte_may_differ() {
        let stamp = Stamp {
            sender: 12_345_678,
            number: 87_654_321,
            at: Duration::from_nanos(12_345_678_901_234),
        };
        let mut text = String::new();
        for bytes in [Stamp::LEAST_BYTES, 100, 131, 132, 1000] {
            stamp.write(bytes, &mut text);
            assert_eq!(text.len(), bytes);
            assert_eq!(Stamp::read(text.as_bytes()), Some(stamp), "{text}");
            for at in 0..bytes {
                let mut wrong = text.clone().into_bytes();
                wrong[at] ^= 0x80;
                assert_eq!(Stamp::read(&wrong), None, "{at}");
            }
        }
    }
}
