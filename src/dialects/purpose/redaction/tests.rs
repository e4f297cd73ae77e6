use bytes::BytesMut;
use tolmach_purpose::{Notification, Secret, ServerBody, ServerFrame};

use super::*;

fn shown(by_client: bool, frame: &[u8], show: &mut dyn Show) -> Vec<String> {
    let frame = Bytes::copy_from_slice(frame);
    let frames = if by_client {
        show.inbound(&frame)
    } else {
        show.outbound(&frame)
    };
    frames.concat()
}

#[test]
fn a_renewed_session_is_shown_without_its_hash() {
    for revision in Revision::ALL {
        let body = ServerBody::Notification(Notification::SessionData {
            session_id: 7,
            session_hash: Secret("new hash"),
        });
        let mut frame = BytesMut::new();
        assert!(ServerFrame { task: 3, body }.write(revision, &mut frame));
        let lines = shown(false, &frame, &mut *show(revision));
        assert!(lines[0].ends_with("SESSION_DATA task 3"), "{lines:?}");
        let rest = [
            "07000000            session_id 7",
            "<secret>00          session_hash <secret>",
        ];
        assert_eq!(lines[1..], rest);
    }
}

#[test]
fn of_an_answer_to_what_was_not_seen_and_of_what_is_wrong_only_lengths_are_shown() {
    let mut show = show(Revision::One);
    let answer = shown(false, b"\x05\0\0\0\x00\x09pass\0", &mut *show);
    assert_eq!(answer[1], "<5 bytes>           … left over");
    // Revision 2's REGISTER_USER is revision 1's GET_USER_ID.
    let register = shown(true, b"\x0a\0\0\0\x24\x01anna\0pass\0", &mut *show);
    assert_eq!(
        register[1..],
        [
            "616e6e6100          name \"anna\"",
            "<5 bytes>           … left over"
        ]
    );
    let login = shown(true, b"\x04\0\0\0\x21\x01pass", &mut *show);
    assert_eq!(login[1..], ["<4 bytes>           … not as it should be"]);
}
