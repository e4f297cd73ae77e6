//! The bare loop: copies lines from a socket to those of the members of a room, and knows nothing else. It is what one thread can
//! do at most, short of putting the lines of several senders together.
//!
//! ```text
//!  J 7          joins room 7; answered by J
//!  7 TEXT       is passed on to all of room 7 as it is; not to the sender without --echo, who is answered A then
//!  R            is read, and that is all
//! ```

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use clap::Args;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

/// A client's line to join a room: this and the room's number. The answer is this alone.
pub(crate) const JOIN: &[u8] = b"J";
/// The answer to who does not hear itself.
pub(crate) const ACCEPTED: &[u8] = b"A";
/// An answer to a line that was passed on.
pub(crate) const READ: &[u8] = b"R";

/// How much is read at once.
const READ_BYTES: usize = 256 * 1024;
const LISTENER: Token = Token(usize::MAX);

/// The loop, on a port that the system chooses.
#[derive(Debug, Args)]
pub(crate) struct Loop {
    /// Pass lines on to their senders, too
    #[arg(long)]
    echo: bool,
}

struct Connection {
    socket: TcpStream,
    /// What came and is not whole yet.
    tail: Vec<u8>,
    /// What the socket could not take.
    waiting: Vec<u8>,
}

/// Those who are connected, by the number that their events have, and by their rooms.
struct Hall {
    poll: Poll,
    listener: TcpListener,
    echo: bool,
    connections: Vec<Option<Connection>>,
    rooms: Vec<Vec<usize>>,
}

impl Loop {
    /// Prints its address, then passes on until it is killed.
    pub(crate) fn run(&self) -> io::Result<()> {
        let (address, mut hall) = Hall::open(self.echo)?;
        println!("{address}");
        hall.serve()
    }
}

impl Hall {
    /// Listens on a port of 127.0.0.1 that the system chooses.
    fn open(echo: bool) -> io::Result<(SocketAddr, Self)> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        let hall = Self {
            poll,
            echo,
            connections: Vec::new(),
            rooms: Vec::new(),
            listener,
        };
        Ok((hall.listener.local_addr()?, hall))
    }

    /// Passes on for ever.
    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            self.poll.poll(&mut events, None)?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(index) => {
                        if event.is_writable() {
                            self.write(index, b"");
                        }
                        if event.is_readable() && self.read(index, &mut buffer).is_err() {
                            self.leave(index);
                        }
                    }
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            let token = Token(self.connections.len());
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut socket, token, interest)?;
            self.connections.push(Some(Connection {
                socket,
                tail: Vec::new(),
                waiting: Vec::new(),
            }));
        }
    }

    fn leave(&mut self, index: usize) {
        self.connections[index] = None;
        for room in &mut self.rooms {
            room.retain(|member| *member != index);
        }
    }

    /// Reads once what is there and passes it on; an error where the connection is over.
    fn read(&mut self, index: usize, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(connection) = &mut self.connections[index] else {
                return Ok(());
            };
            let count = match connection.socket.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let read = &buffer[..count];
            let end = memchr::memrchr(b'\n', read).map_or(0, |at| at + 1);
            let mut tail = std::mem::take(&mut connection.tail);
            if end == 0 {
                tail.extend_from_slice(read);
            } else if tail.is_empty() {
                tail.extend_from_slice(&read[end..]);
                self.lines(index, &read[..end]);
            } else {
                tail.extend_from_slice(&read[..end]);
                self.lines(index, &tail);
                tail.clear();
                tail.extend_from_slice(&read[end..]);
            }
            if let Some(connection) = &mut self.connections[index] {
                connection.tail = tail;
            }
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Passes on whole lines; those that follow each other in one room together.
    fn lines(&mut self, index: usize, lines: &[u8]) {
        let (mut begun, mut at, mut count, mut room) = (0, 0, 0, None);
        for end in memchr::memchr_iter(b'\n', lines) {
            let line = &lines[at..end];
            let number = number(line);
            if number.is_none() || number != room {
                self.pass_on(index, room, &lines[begun..at], count);
                (begun, count, room) = (at, 0, number);
            }
            match number {
                Some(_) => count += 1,
                None => {
                    if let Some(number) = line.strip_prefix(JOIN).and_then(number_of_join) {
                        self.join(index, number);
                    }
                }
            }
            at = end + 1;
        }
        self.pass_on(index, room, &lines[begun..at], count);
    }

    fn join(&mut self, index: usize, room: usize) {
        if self.rooms.len() <= room {
            self.rooms.resize(room + 1, Vec::new());
        }
        self.rooms[room].push(index);
        self.write(index, &[JOIN, b"\n"].concat());
    }

    fn pass_on(&mut self, from: usize, room: Option<usize>, lines: &[u8], count: usize) {
        let Some(room) = room.filter(|_| count > 0) else {
            return;
        };
        let members = self.rooms.get_mut(room).map(std::mem::take);
        for to in members.iter().flatten() {
            if self.echo || *to != from {
                self.write(*to, lines);
            }
        }
        if let Some(members) = members {
            self.rooms[room] = members;
        }
        if !self.echo {
            self.write(from, &[ACCEPTED, b"\n"].concat().repeat(count));
        }
    }

    /// Writes what waits, and then this; what the socket does not take waits. Who is gone is found gone when it is read from.
    fn write(&mut self, index: usize, bytes: &[u8]) {
        let Some(connection) = &mut self.connections[index] else {
            return;
        };
        if !connection.waiting.is_empty() {
            connection.waiting.extend_from_slice(bytes);
            let taken = connection.socket.write(&connection.waiting);
            connection.waiting.drain(..taken.unwrap_or(0));
        } else if !bytes.is_empty() {
            let taken = connection.socket.write(bytes).unwrap_or(0);
            connection.waiting.extend_from_slice(&bytes[taken..]);
        }
    }
}

/// The number that a line begins with.
fn number(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit());
    let mut digits = digits.map(|digit| usize::from(digit - b'0')).peekable();
    digits.peek()?;
    Some(digits.fold(0, |number, digit| number * 10 + digit))
}

fn number_of_join(rest: &[u8]) -> Option<usize> {
    number(rest.strip_prefix(b" ")?)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use bytes::BytesMut;
    use tolmach_load::{Crowd, Failure, Heard, Newcomer, Pace, Plan, Wire};

    use super::Hall;
    use crate::wires::{Bare, TEXT_BYTES};

    fn listening(echo: bool) -> SocketAddr {
        let (address, mut hall) = Hall::open(echo).unwrap();
        std::thread::spawn(move || hall.serve());
        address
    }

    /// Three in each of two rooms, of whom two speak.
    fn gathered(echo: bool, wire: impl Fn(Bare) -> Box<dyn Wire>) -> Crowd {
        let address = listening(echo);
        let newcomers = (0..6).map(|number| {
            let (room, speaks) = (number % 2, number < 4);
            let bare = Bare::new(room + 5, echo, true);
            Newcomer::new(address, room, speaks, wire(bare))
        });
        Crowd::gather(newcomers.collect()).unwrap()
    }

    fn plan(pace: Pace) -> Plan {
        Plan {
            pace,
            bytes: TEXT_BYTES,
            warm_up: Duration::from_millis(10),
            time: Duration::from_millis(100),
        }
    }

    #[test]
    fn a_crowd_hears_all_that_is_passed_on() {
        for echo in [true, false] {
            let mut crowd = gathered(echo, |bare| Box::new(bare));
            for pace in [
                Pace::PerSecond(2000),
                Pace::InFlight(3),
                Pace::PerSecond(500),
            ] {
                let measured = crowd.run(&plan(pace), || Ok(())).unwrap();
                let (heard, accepted) = (measured.latency.len(), measured.accepted.len());
                assert!(measured.messages > 0 && accepted > 0, "{echo} {pace:?}");
                assert_eq!(heard, measured.deliveries, "{echo} {pace:?}");
            }
        }
    }

    /// Hears everything but each tenth text, which becomes what `instead` makes of it.
    struct Deaf(Bare, usize, fn(&[u8]) -> Option<Vec<u8>>);

    impl Wire for Deaf {
        fn open(&mut self, out: &mut BytesMut) {
            self.0.open(out);
        }

        fn hear(
            &mut self,
            input: &[u8],
            out: &mut BytesMut,
            heard: &mut dyn FnMut(Heard<'_>),
        ) -> Result<usize, String> {
            let Self(bare, count, instead) = self;
            bare.hear(input, out, &mut |one| {
                if let Heard::Said(text) = one {
                    *count += 1;
                    if *count % 10 == 0 {
                        if let Some(text) = instead(text) {
                            heard(Heard::Said(&text));
                        }
                        return;
                    }
                }
                heard(one);
            })
        }

        fn say(&mut self, text: &str, out: &mut BytesMut) {
            self.0.say(text, out);
        }

        fn hears_itself(&self) -> bool {
            self.0.hears_itself()
        }
    }

    #[test]
    fn what_is_lost_or_changed_ends_a_run() {
        let lost: fn(&[u8]) -> Option<Vec<u8>> = |_| None;
        let changed: fn(&[u8]) -> Option<Vec<u8>> = |text| Some([&text[1..], b"x"].concat());
        for instead in [lost, changed] {
            let mut crowd = gathered(true, |bare| Box::new(Deaf(bare, 0, instead)));
            let outcome = crowd.run(&plan(Pace::InFlight(3)), || Ok(()));
            let wrong = matches!(outcome, Err(Failure::Wrong { .. }));
            assert!(wrong, "{:?}", outcome.err());
        }
    }
}
