//! The PROXY protocol, versions 1 and 2: what a balancer says of a connection before the connection's own bytes
//! (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>; "section" below is one of these).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What every header of version 1 begins with.
const TEXT: &[u8] = b"PROXY ";
/// What every header of version 2 begins with.
const BINARY: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The shortest header of version 1, `PROXY UNKNOWN\r\n`.
const SHORTEST_TEXT: usize = 15;
/// "The maximum line lengths the receiver must support including the CRLF" (section 2.1).
const LONGEST_TEXT: usize = 107;
/// A header of version 2 up to its addresses.
const FIXED: usize = 16;

/// What the beginning of a connection is, as far as it is there.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    /// The header needs at least so many bytes more, so one may read as many and takes none of what follows it.
    Unfinished(usize),
    /// The whole header; from where the connection comes, where the balancer says so.
    Whole(Option<IpAddr>),
}

/// What a connection begins with is no header: why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadHeader(&'static str);

/// Reads what may be a header or a part of one, and nothing behind it: of an unfinished one the caller appends as many bytes
/// as it is told at most, and asks again.
///
/// # Errors
/// It is no header, whatever follows.
pub fn read(bytes: &[u8]) -> Result<Header, BadHeader> {
    if is_begun(bytes, TEXT) {
        read_text(bytes)
    } else if is_begun(bytes, BINARY) {
        read_binary(bytes)
    } else {
        Err(BadHeader("it begins without a header"))
    }
}

/// Whether a connection begins with a header, unless that cannot be told of so few bytes.
pub(super) fn is_header(bytes: &[u8]) -> Option<bool> {
    let known = [TEXT, BINARY];
    if known.iter().any(|start| bytes.starts_with(start)) {
        return Some(true);
    }
    let may_be = known.iter().any(|start| start.starts_with(bytes));
    (!may_be).then_some(false)
}

fn is_begun(bytes: &[u8], start: &[u8]) -> bool {
    bytes.starts_with(start) || start.starts_with(bytes)
}

/// "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n" (section 2.1).
fn read_text(bytes: &[u8]) -> Result<Header, BadHeader> {
    if bytes.len() < SHORTEST_TEXT {
        return Ok(Header::Unfinished(SHORTEST_TEXT - bytes.len()));
    }
    let Some(line) = bytes.strip_suffix(b"\r\n") else {
        if bytes.len() >= LONGEST_TEXT || bytes.contains(&b'\n') {
            return Err(BadHeader("its header has no end"));
        }
        let least = 2 - usize::from(bytes.ends_with(b"\r"));
        return Ok(Header::Unfinished(least.min(LONGEST_TEXT - bytes.len())));
    };
    let line = str::from_utf8(line).map_err(|_| BadHeader("its header is no text"))?;
    let mut fields = line.split(' ').skip(1);
    let family = fields.next();
    if family == Some("UNKNOWN") {
        // "The receiver must ignore anything presented before the CRLF is found."
        return Ok(Header::Whole(None));
    }
    let mut next = || fields.next().unwrap_or_default();
    let (addresses, ports) = ([next(), next()], [next(), next()]);
    let from = match family {
        Some("TCP4") => first::<Ipv4Addr>(addresses)?,
        Some("TCP6") => first::<Ipv6Addr>(addresses)?,
        _ => return Err(BadHeader("its header names an unknown family")),
    };
    if !ports.into_iter().all(is_port) || fields.next().is_some() {
        return Err(BadHeader("its header's ports are wrong"));
    }
    Ok(Header::Whole(specified(from)))
}

/// The first of both addresses, which must be of one family.
fn first<A: FromStr + Into<IpAddr>>(addresses: [&str; 2]) -> Result<IpAddr, BadHeader> {
    match addresses.map(A::from_str) {
        [Ok(from), Ok(_)] => Ok(from.into()),
        _ => Err(BadHeader("its header's addresses are wrong")),
    }
}

/// "An integer between 0 and 65535 inclusive", without leading zeros.
fn is_port(text: &str) -> bool {
    text.parse::<u16>()
        .is_ok_and(|port| port.to_string() == text)
}

/// Section 2.2; what stands behind the addresses is passed over.
fn read_binary(bytes: &[u8]) -> Result<Header, BadHeader> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(Header::Unfinished(FIXED - bytes.len()));
    };
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    let (command, family) = (fixed[12], fixed[13]);
    let is_local = match command {
        0x20 => true,
        0x21 => false,
        _ => return Err(BadHeader("its header has an unknown version or command")),
    };
    // Both addresses and both ports; LOCAL: "discard the protocol block including the family which is ignored".
    let least = match family >> 4 {
        _ if is_local => 0,
        0 | 3 => 0,
        1 => 12,
        2 => 36,
        _ => return Err(BadHeader("its header names an unknown family")),
    };
    if !is_local && family & 0xf > 2 {
        return Err(BadHeader("its header names an unknown protocol"));
    }
    if length < least {
        return Err(BadHeader("its header is too short for its addresses"));
    }
    if rest.len() < length {
        return Ok(Header::Unfinished(length - rest.len()));
    }
    let from: Option<IpAddr> = match family >> 4 {
        1 => rest.first_chunk::<4>().map(|from| (*from).into()),
        2 => rest.first_chunk::<16>().map(|from| (*from).into()),
        _ => None,
    };
    Ok(Header::Whole(
        from.filter(|_| !is_local).and_then(specified),
    ))
}

/// The address as it is compared and shown everywhere; the one that stands for none is none.
fn specified(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    (!address.is_unspecified()).then_some(address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [BINARY, &[command, family], &length, body].concat()
    }

    /// Reads as from a socket that gives one byte at a time; none is read that the header does not need.
    fn read_slowly(bytes: &[u8]) -> (Option<IpAddr>, usize) {
        for taken in 0.. {
            match read(&bytes[..taken]).unwrap() {
                Header::Unfinished(more) => assert!(more > 0 && taken + more <= bytes.len()),
                Header::Whole(from) => return (from, taken),
            }
        }
        unreachable!()
    }

    fn from(bytes: &[u8]) -> Option<String> {
        let (from, taken) = read_slowly(bytes);
        assert_eq!(taken, bytes.len());
        assert_eq!(read(bytes), Ok(Header::Whole(from)));
        from.map(|from| from.to_string())
    }

    #[test]
    fn each_form_of_version_1_is_read() {
        for (line, expected) in [
            (
                "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443",
                Some("192.0.2.1"),
            ),
            (
                "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535",
                Some("255.255.255.255"),
            ),
            ("PROXY TCP6 2001:db8::1 ::1 0 443", Some("2001:db8::1")),
            ("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 443", Some("192.0.2.1")),
            ("PROXY TCP4 0.0.0.0 198.51.100.1 1 443", None),
            ("PROXY UNKNOWN", None),
            ("PROXY UNKNOWN ffff::1 whatever 1", None),
        ] {
            assert_eq!(
                from(format!("{line}\r\n").as_bytes()).as_deref(),
                expected,
                "{line}"
            );
        }
        let longest = format!("PROXY UNKNOWN{}\r\n", " ".repeat(LONGEST_TEXT - 15));
        assert_eq!(from(longest.as_bytes()), None);
    }

    #[test]
    fn each_form_of_version_2_is_read() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb];
        let mut six = [0; 36];
        six[..16].copy_from_slice(&"2001:db8::1".parse::<Ipv6Addr>().unwrap().octets());
        for (header, expected) in [
            (binary(0x21, 0x11, &four), Some("192.0.2.1")),
            (binary(0x21, 0x12, &four), Some("192.0.2.1")),
            (binary(0x21, 0x21, &six), Some("2001:db8::1")),
            // With what else a balancer may have to say.
            (
                binary(0x21, 0x11, &[&four[..], &[4, 0, 1, 9]].concat()),
                Some("192.0.2.1"),
            ),
            (binary(0x21, 0x11, &[0; 12]), None),
            (binary(0x21, 0x31, &[0; 216]), None),
            (binary(0x21, 0x00, &[]), None),
            (binary(0x21, 0x00, &[7; 3]), None),
            (binary(0x20, 0x00, &[]), None),
            (binary(0x20, 0x11, &four), None),
            // Whatever family is named with LOCAL is ignored.
            (binary(0x20, 0x41, &[]), None),
            (binary(0x20, 0x13, &[7; 5]), None),
            (binary(0x20, 0xff, &[7; 3]), None),
            (binary(0x21, 0x11, &[1; 65535]), Some("1.1.1.1")),
        ] {
            assert_eq!(from(&header).as_deref(), expected, "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused_as_soon_as_that_is_seen() {
        let endless = format!("PROXY TCP4 {}", "1".repeat(200));
        for bytes in [
            "{".as_bytes(),
            b"\x16\x03\x01",
            b"proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
            b"PROXZ",
            b"PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
            b"PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP4\n1.1.1.1 2.2.2.2 1 2\r\n",
            b"PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 \xff 2\r\n",
            endless.as_bytes(),
            &binary(0x11, 0x11, &[0; 12]),
            &binary(0x22, 0x11, &[0; 12]),
            &binary(0x21, 0x41, &[0; 12]),
            &binary(0x21, 0x13, &[0; 12]),
            &binary(0x21, 0x11, &[0; 11]),
            &binary(0x21, 0x21, &[0; 35]),
            b"\r\n\r\n\0\r\nQUIX",
        ] {
            let is_refused = |end| read(&bytes[..end]).is_err();
            assert!((0..=bytes.len()).any(is_refused), "{bytes:?}");
        }
    }

    #[test]
    fn a_header_is_told_from_the_bytes_of_a_client() {
        assert_eq!(
            [is_header(b""), is_header(b"PROX"), is_header(b"\r\n\r\n\0")],
            [None; 3]
        );
        assert_eq!(is_header(b"PROXY UNK"), Some(true));
        assert_eq!(is_header(BINARY), Some(true));
        for bytes in ["{", "PROXIES", "\r\n{", "\x16\x03"] {
            assert_eq!(is_header(bytes.as_bytes()), Some(false), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            start in prop::sample::select(vec![&b""[..], b"PROXY ", b"PROXY TCP4 ", BINARY, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [start, &rest[..]].concat();
            for end in 0..bytes.len() {
                if let Ok(Header::Unfinished(more)) = read(&bytes[..end]) {
                    prop_assert!(more > 0);
                }
            }
        }
    }
}
