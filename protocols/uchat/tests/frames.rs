//! Every frame, written and read: whole, byte by byte, cut at every place, and all of them glued.
//! The rules are those of PROTOCOL.md 2 to 8.
#![allow(clippy::panic, reason = "a test may fail")]

mod samples;

use bytes::BytesMut;
use samples::{Sample, of_client, of_server};
use tokio_util::codec::Encoder;
use tolmach_protocol_testing::{Outcome, feed_every_way};
use tolmach_uchat::{
    ClientCodec, ClientFrame, Flavor, Page, RequestType, ServerCodec, ServerFrame, limits,
};

const FLAVORS: [Flavor; 2] = [Flavor::Field, Flavor::Document];

fn server() -> ServerCodec {
    ServerCodec::new(Flavor::Field, limits::FRAME_BYTES)
}

fn glued<F>(samples: &[Sample<F>]) -> String {
    samples.iter().map(Sample::line).collect()
}

#[test]
fn requests() {
    for sample in of_client() {
        let mut written = BytesMut::new();
        sample.frame.write(&mut written);
        assert_eq!(String::from_utf8_lossy(&written), sample.line());
        let read = feed_every_way(server, sample.line().as_bytes());
        assert_eq!(read, Outcome::whole(vec![Ok(sample.frame)]));
    }
}

#[test]
fn requests_glued() {
    let stream = glued(&of_client());
    let frames = || of_client().into_iter().map(|sample| Ok(sample.frame));
    for stream in [stream.clone(), stream.replace('\n', "\r\n\r\n \n")] {
        let read = feed_every_way(server, stream.as_bytes());
        assert_eq!(read, Outcome::whole(frames().collect()));
    }
}

#[test]
fn answers() {
    for flavor in FLAVORS {
        for sample in of_server(flavor) {
            let mut written = BytesMut::new();
            sample.frame.write(flavor, &mut written);
            assert_eq!(String::from_utf8_lossy(&written), sample.line());
            let client = || ClientCodec::new(flavor, limits::FRAME_BYTES);
            let read = feed_every_way(client, sample.line().as_bytes());
            assert_eq!(read, Outcome::whole(vec![Ok(sample.frame)]));
        }
    }
}

#[test]
fn answers_glued() {
    for flavor in FLAVORS {
        let samples = of_server(flavor);
        let client = || ClientCodec::new(flavor, limits::FRAME_BYTES);
        let read = feed_every_way(client, glued(&samples).as_bytes());
        let frames = samples.into_iter().map(|sample| Ok(sample.frame));
        assert_eq!(read, Outcome::whole(frames.collect()));
    }
}

#[test]
fn both_ends_write_by_their_encoders_too() -> std::io::Result<()> {
    let mut written = BytesMut::new();
    let mut client = ClientCodec::new(Flavor::Field, limits::FRAME_BYTES);
    for sample in of_client() {
        client.encode(&sample.frame, &mut written)?;
        client.encode(sample.frame, &mut written)?;
    }
    let twice: String = of_client().iter().map(|it| it.line().repeat(2)).collect();
    assert_eq!(String::from_utf8_lossy(&written), twice);

    for flavor in FLAVORS {
        written.clear();
        let mut server = ServerCodec::new(flavor, limits::FRAME_BYTES);
        for sample in of_server(flavor) {
            server.encode(&sample.frame, &mut written)?;
            server.encode(sample.frame, &mut written)?;
        }
        let lines = of_server(flavor);
        let twice: String = lines.iter().map(|it| it.line().repeat(2)).collect();
        assert_eq!(String::from_utf8_lossy(&written), twice);
    }
    Ok(())
}

#[test]
fn no_frame_shows_its_secrets() {
    for sample in of_client() {
        let shown = format!("{:?}", sample.frame);
        assert!(!shown.contains("c0ffee"), "{shown}");
    }
    for sample in of_server(Flavor::Field) {
        let shown = format!("{:?}", sample.frame);
        assert!(!shown.contains("c0ffee"), "{shown}");
    }
}

#[test]
fn the_type_of_a_room_is_left_out_where_the_type_is_the_request() {
    for frame in [ServerFrame::NewRoom, ServerFrame::JoinRoom] {
        let (mut told, mut untold) = (BytesMut::new(), BytesMut::new());
        frame(samples::room(Some(tolmach_uchat::RoomType::Private)))
            .write(Flavor::Field, &mut told);
        frame(samples::room(None)).write(Flavor::Field, &mut untold);
        assert_eq!(told, untold);
    }
}

#[test]
fn a_page_is_the_frame_that_lists_the_same() {
    for flavor in FLAVORS {
        for count in 0..3 {
            let messages = || vec![samples::message(); count];
            let (mut frames, mut pages) = (BytesMut::new(), BytesMut::new());
            let (room, new, old) = (7, messages(), messages());
            ServerFrame::NewMessages {
                room,
                messages: new,
            }
            .write(flavor, &mut frames);
            ServerFrame::OldMessages {
                room,
                messages: old,
            }
            .write(flavor, &mut frames);
            ServerFrame::Search(messages()).write(flavor, &mut frames);
            let push = |mut page: Page<'_>| messages().iter().for_each(|each| page.push(each));
            push(Page::new_messages(room, &mut pages));
            push(Page::old_messages(room, flavor, &mut pages));
            push(Page::search(&mut pages));
            assert_eq!(frames, pages);
        }
    }
}

#[test]
fn every_number_has_its_name() {
    let names: Vec<_> = RequestType::ALL.iter().map(|it| it.name()).collect();
    assert_eq!(names.len(), 28);
    for (number, request) in (0..).zip(RequestType::ALL) {
        assert_eq!(request.number(), number);
        assert_eq!(RequestType::from_number(number), Some(*request));
    }
    assert_eq!(RequestType::from_number(28), None);
    assert_eq!(RequestType::from_number(-1), None);
    for sample in of_client() {
        let ClientFrame::Request(request) = sample.frame else {
            panic!("no request")
        };
        let request = Some(request.kind().number());
        assert_eq!(request, Some(sample.kind));
    }
}
