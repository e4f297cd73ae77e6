//! JIM.

use bytes::BytesMut;
use tokio_util::codec::Encoder;
use tolmach_jim::{
    BadFrame, ClientCodec, ClientFrame, ClientRequest, Flavor, ServerCodec, ServerFrame, Spelling,
    limits,
};
use tolmach_protocol_testing::StaysLost;

use super::{comes_back, every_way};

/// What clients say, in both flavors.
pub fn server(bytes: &[u8]) {
    for flavor in [Flavor::Document, Flavor::Compat] {
        let items = every_way(|| StaysLost(ServerCodec::of(flavor)), bytes);
        items.iter().for_each(answerable);
        let frames: Vec<ClientFrame> = items.into_iter().flatten().collect();
        let (mut wire, mut whole) = (BytesMut::new(), Vec::new());
        for frame in frames {
            let request = ClientRequest { time: 7, frame };
            // Written out, its numbers and keys may take more characters than the sender's.
            if is_whole(&request.frame) && request.characters() <= limits::OBJECT_CHARS {
                ClientCodec::new().encode(&request, &mut wire).unwrap();
                whole.push(Ok(request.frame));
            }
        }
        comes_back(ServerCodec::of(flavor), &wire, whole);
    }
}

/// Whether all of it can be written again: what is no addressee, but could be meant for one, goes with the unknown fields, and
/// these are dropped where they are too many.
fn is_whole(frame: &ClientFrame) -> bool {
    !matches!(frame, ClientFrame::CompatMsg(msg) if !msg.unclear.is_empty())
}

/// The answer to a bad frame keeps to the limits whatever the frame held.
fn answerable(item: &Result<ClientFrame, BadFrame>) {
    if let Err(bad) = item {
        let text = bad.to_string();
        assert!(text.chars().count() <= limits::MESSAGE_CHARS, "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

/// What servers say; and it can be said to published clients within their bounds, in every spelling.
pub fn client(bytes: &[u8]) {
    let items = every_way(|| StaysLost(ClientCodec::new()), bytes);
    let frames: Vec<ServerFrame> = items.into_iter().flatten().collect();
    let mut wire = BytesMut::new();
    for frame in &frames {
        ServerCodec::new().encode(frame, &mut wire).unwrap();
        for spelling in Spelling::all() {
            let mut line = BytesMut::new();
            frame.write_compat(spelling, &mut line);
            assert!(line.is_ascii() && line.ends_with(b"}\n"));
            assert!(!line[..line.len() - 1].contains(&b'\n'));
            let text = text_bytes(frame);
            let room = frame.compat_text_bytes(spelling);
            assert!(
                text > room || line.len() <= limits::COMPAT_OBJECT_BYTES || !is_bounded(frame),
                "{text} of {room}, but {} bytes: {line:?}",
                line.len()
            );
        }
    }
    let again: Vec<_> = frames.into_iter().map(without_long_extra).map(Ok).collect();
    comes_back(ClientCodec::new(), &wire, again);
}

/// Extra fields give way where the object would be too long.
fn without_long_extra(frame: ServerFrame) -> ServerFrame {
    if frame.fits() {
        return frame;
    }
    match frame {
        ServerFrame::Msg {
            to,
            from,
            time,
            message,
            ..
        } => ServerFrame::Msg {
            to,
            from,
            time,
            message,
            extra: tolmach_jim::Extra::default(),
        },
        frame => frame,
    }
}

fn text_bytes(frame: &ServerFrame) -> usize {
    let text = match frame {
        ServerFrame::Answer(answer) => answer.text.as_deref().unwrap_or_default(),
        ServerFrame::Msg { message, .. } => message,
        _ => "",
    };
    text.chars().map(tolmach_jim::ascii_bytes).sum()
}

/// A name in a contact list has a bound only where a hub gave it.
fn is_bounded(frame: &ServerFrame) -> bool {
    !matches!(frame, ServerFrame::Contact { .. })
}
