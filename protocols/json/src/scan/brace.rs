//! The end of an object by its braces alone, whatever is between them.

use memchr::memchr2;

/// Finds where an object ends by counting braces outside strings: what is between them need not be valid. Each byte is
/// looked at once, however the stream is cut; nesting is counted, not stacked.
#[derive(Debug, Default)]
pub struct BraceScanner {
    /// The next byte to look at; one past the buffer where that byte is escaped and has yet to come.
    at: usize,
    depth: usize,
    in_string: bool,
}

impl BraceScanner {
    /// The length of the object that `bytes` begins with; `bytes` may have grown since the last call. One scanner is for
    /// one object.
    pub fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        while self.at < bytes.len() {
            if self.in_string {
                self.string(bytes);
                continue;
            }
            match bytes[self.at] {
                b'{' => self.depth += 1,
                b'}' => self.depth = self.depth.saturating_sub(1),
                b'"' => self.in_string = true,
                _ => {}
            }
            self.at += 1;
            if self.depth == 0 {
                return Some(self.at);
            }
        }
        None
    }

    /// Goes to the end of the string, or behind the next escape.
    fn string(&mut self, bytes: &[u8]) {
        match memchr2(b'"', b'\\', &bytes[self.at..]) {
            None => self.at = bytes.len(),
            Some(i) if bytes[self.at + i] == b'"' => {
                self.at += i + 1;
                self.in_string = false;
            }
            Some(i) => self.at += i + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BraceScanner;

    #[test]
    fn braces_in_strings_do_not_count() {
        for object in [
            r#"{}"#,
            r#"{nonsense}"#,
            r#"{"}\"}":{"a":"{"}}"#,
            r#"{"\\":{}}"#,
            r#"{"a key":"some } value","another":{"of":"it}"}}"#,
            r#"{"before\"}behind":"\\\"}","x":1}"#,
        ] {
            let glued = format!("{object}{object}");
            assert_eq!(
                BraceScanner::default().scan(glued.as_bytes()),
                Some(object.len())
            );
            let mut scanner = BraceScanner::default();
            let ends = (1..=object.len()).map(|end| scanner.scan(&object.as_bytes()[..end]));
            assert_eq!(
                ends.flatten().collect::<Vec<_>>(),
                [object.len()],
                "{object}"
            );
        }
    }
}
