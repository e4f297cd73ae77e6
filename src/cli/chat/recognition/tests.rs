use super::Recognition;
use crate::dialects::ALL;

#[test]
fn every_dialect_is_told_from_the_others() {
    let spoken = [
        ("jim", &br#"{"response":400,"time":1}"#[..]),
        ("talker", br#"{"type": "error","message":"Invalid JSON"}"#),
        ("uchat", br#"{"type":9,"error_code":5,"msg":""}"#),
        ("purpose", b"\x05\0\0\0\x01\0none\0"),
        ("TLS", b"\x15\x03\x01\0\x02\x02\x0a"),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n"),
    ];
    for expected in ALL {
        for (name, bytes) in &spoken {
            let mut recognition = Recognition::new(expected.name(), ALL);
            // Of its very beginning nothing is known.
            assert!(recognition.hear(&bytes[..1]).is_ok());
            let heard = recognition.hear(&bytes[1..]);
            match expected.name() == *name {
                true => assert!(heard.is_ok()),
                false => assert!(heard.unwrap_err().to_string().contains(name)),
            }
        }
        let mut recognition = Recognition::new(expected.name(), ALL);
        assert!(recognition.hear(b"* welcome\r\n").is_ok());
    }
}
