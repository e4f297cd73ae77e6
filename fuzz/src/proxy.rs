//! The PROXY protocol.

use tolmach::gateway::proxy::{Header, read};

/// The longest header: one of version 2 with as much behind its addresses as its length can say.
const LONGEST: usize = 16 + 65_535;

/// Any bytes as the beginning of a balancer's connection, read as they are asked for: a header ends by itself, or is
/// refused with a reason, and each byte of it alone changes nothing.
pub fn header(input: &[u8]) {
    let mut have = 0;
    let end = loop {
        match read(&input[..have]) {
            Ok(Header::Unfinished(more)) => {
                assert!(more > 0 && have + more <= LONGEST, "{more} after {have}");
                if have + more > input.len() {
                    break None;
                }
                have += more;
            }
            end => break Some(end),
        }
    };
    for part in 0..have {
        let read = read(&input[..part]);
        match end {
            Some(Ok(_)) | None => assert!(matches!(read, Ok(Header::Unfinished(_))), "{read:?}"),
            // What it is refused for may be seen earlier than at the end of what was asked for.
            Some(Err(_)) => assert!(!matches!(read, Ok(Header::Whole(_))), "{read:?}"),
        }
    }
    if let Some(Err(reason)) = end {
        assert!(!reason.to_string().is_empty());
    }
}
