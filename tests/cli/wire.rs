//! A client of any dialect that writes lines and reads them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::bench::Running;

/// How long what must come may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Wire(BufReader<TcpStream>);

impl Wire {
    pub(crate) fn connect(gateway: &Running, listener: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", gateway.port(listener))).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// A JIM guest.
    pub(crate) fn guest(gateway: &Running, name: &str) -> Self {
        let mut guest = Self::connect(gateway, "jim");
        let presence = format!(
            r#"{{"action":"presence","time":1,"type":"status","user":{{"account_name":"{name}","status":""}}}}"#
        );
        let answer = guest.ask(&presence);
        assert!(answer.contains("\"response\":200"), "{answer}");
        guest
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn ask(&mut self, text: &str) -> String {
        self.say(text);
        self.line()
    }

    /// A JIM client makes a room: something that the store must keep is done and answered.
    pub(crate) fn makes(&mut self, room: &str) {
        let answer = self.ask(&format!(
            r##"{{"action":"join","time":1,"room":"#{room}"}}"##
        ));
        assert!(answer.contains("\"response\":201"), "{answer}");
    }
}
