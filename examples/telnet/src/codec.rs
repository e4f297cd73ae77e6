//! Both ends' codecs. A bad line is an item, which can be answered and skipped; the boundary between lines is never lost.

use std::io;

use bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

use crate::client_line::{BadLine, ClientLine};
use crate::lines::Lines;
use crate::server_line::ServerLine;

/// The server's end: reads clients' lines.
#[derive(Debug)]
pub struct ServerCodec(Lines);

/// The client's end: reads the server's lines.
#[derive(Debug)]
pub struct ClientCodec(Lines);

impl ServerCodec {
    /// For lines of at most so many bytes, their end left out.
    #[must_use]
    pub fn new(line_bytes: usize) -> Self {
        Self(Lines::new(line_bytes))
    }
}

impl ClientCodec {
    /// For lines of at most so many bytes, their end left out.
    #[must_use]
    pub fn new(line_bytes: usize) -> Self {
        Self(Lines::new(line_bytes))
    }
}

impl Decoder for ServerCodec {
    type Item = Result<ClientLine, BadLine>;
    type Error = io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.next(input).map(client_line))
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.last(input).map(client_line))
    }
}

fn client_line(line: Result<String, BadLine>) -> Result<ClientLine, BadLine> {
    line.and_then(|line| ClientLine::parse(&line))
}

impl Decoder for ClientCodec {
    type Item = Result<ServerLine, BadLine>;
    type Error = io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.next(input).map(server_line))
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        Ok(self.0.last(input).map(server_line))
    }
}

fn server_line(line: Result<String, BadLine>) -> Result<ServerLine, BadLine> {
    line.map(|line| ServerLine::parse(&line))
}

impl Encoder<ServerLine> for ServerCodec {
    type Error = io::Error;

    fn encode(&mut self, line: ServerLine, out: &mut BytesMut) -> io::Result<()> {
        line.write(out);
        Ok(())
    }
}

impl Encoder<ClientLine> for ClientCodec {
    type Error = io::Error;

    fn encode(&mut self, line: ClientLine, out: &mut BytesMut) -> io::Result<()> {
        line.write(out);
        Ok(())
    }
}
