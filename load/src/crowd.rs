//! Many connections, and the one loop that drives them.

use std::io::{self, ErrorKind};
use std::mem;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::failure::Failure;
use crate::measured::{Measured, Tally};
use crate::member::{Member, Newcomer, Seat};
use crate::stamp::Stamp;
use crate::timer::Timer;
use crate::wire::Heard;

/// How many are on their way in at once.
const ENTERING: usize = 512;
/// How long nothing may come that has to.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing comes where all is quiet.
const QUIET: Duration = Duration::from_millis(200);
/// How often all say that they are still there.
const KEEPING: Duration = Duration::from_secs(15);
/// How much is read at once.
const READ_BYTES: usize = 256 * 1024;
/// Of how many connections a turn hears at most.
const EVENTS: usize = 1024;

/// How fast is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many messages a second of all together, at least one, one sender after another, at even steps whatever becomes of
    /// them.
    PerSecond(u32),
    /// Each sender has so many under way, and says the next when one is accepted.
    InFlight(u32),
}

/// How is spoken, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How fast they speak: at a rate, or with a window.
    pub pace: Pace,
    /// Bytes of each text, at least [`Stamp::LEAST_BYTES`].
    pub bytes: usize,
    /// How long is spoken before anything is counted.
    pub warm_up: Duration,
    /// How long is counted.
    pub time: Duration,
}

/// Many connections, each in a room.
///
/// The thread that calls its methods drives all of them. Who is closed, refused, or hears what it should not ends a run.
pub struct Crowd {
    poll: Poll,
    timer: Timer,
    timer_token: Token,
    /// All times are since then.
    began: Instant,
    members: Vec<Member>,
    /// By the place in the crowd.
    seats: Vec<Seat>,
    /// Those who speak, neighbours in different rooms as far as possible.
    senders: Vec<usize>,
    rooms: Vec<Room>,
    entered: usize,
    /// When bytes came last.
    heard_at: Duration,
    /// When all said last that they are still there.
    kept_at: Duration,
    tally: Tally,
    /// Deliveries, and answers to senders who do not hear themselves, that are to come of all that was said.
    expected: u64,
    /// Those of them that came.
    arrived: u64,
    /// How many each sender is to have under way.
    window: u32,
    /// Bytes of a text.
    bytes: usize,
    text: String,
    buffer: Vec<u8>,
}

/// How many are in a room, and speak there.
#[derive(Debug, Clone, Copy, Default)]
struct Room {
    members: usize,
    senders: usize,
}

impl Crowd {
    /// Connects all of them and waits until each is in its room, and nothing comes any more.
    ///
    /// # Errors
    /// One does not come in.
    pub fn gather(newcomers: Vec<Newcomer>) -> Result<Self, Failure> {
        let poll = Poll::new()?;
        let timer_token = Token(newcomers.len());
        let mut crowd = Self {
            timer: Timer::new(poll.registry(), timer_token)?,
            poll,
            timer_token,
            began: Instant::now(),
            members: Vec::with_capacity(newcomers.len()),
            seats: Vec::with_capacity(newcomers.len()),
            senders: Vec::new(),
            rooms: Vec::new(),
            entered: 0,
            heard_at: Duration::ZERO,
            kept_at: Duration::ZERO,
            tally: Tally::new()?,
            expected: 0,
            arrived: 0,
            window: 0,
            bytes: Stamp::LEAST_BYTES,
            text: String::new(),
            buffer: vec![0; READ_BYTES],
        };
        crowd.seat(&newcomers);
        crowd.enter(newcomers)?;
        Ok(crowd)
    }

    /// Has them speak as planned, and waits until everything was heard. The watch is read when counting begins and when it ends.
    ///
    /// # Errors
    /// Something was lost, heard twice, changed or out of order; or a connection ended.
    pub fn run<W>(
        &mut self,
        plan: &Plan,
        mut watch: impl FnMut() -> io::Result<W>,
    ) -> Result<Measured<W>, Failure> {
        let mut events = Events::with_capacity(EVENTS);
        self.bytes = plan.bytes;
        let start = self.now();
        let mut speech = self.begin(plan.pace, start)?;
        while self.now() < start + plan.warm_up {
            self.turn(&mut events)?;
            self.go_on(&mut speech)?;
        }
        let (before, from, expected) = (watch()?, self.now(), self.expected);
        self.tally = Tally::new()?;
        while self.now() < from + plan.time {
            self.turn(&mut events)?;
            self.go_on(&mut speech)?;
        }
        let (after, time) = (watch()?, self.now() - from);
        let mut tally = mem::replace(&mut self.tally, Tally::new()?);
        tally.due = match plan.pace {
            Pace::PerSecond(_) => self.expected - expected - tally.answers,
            Pace::InFlight(_) => tally.deliveries,
        };
        self.end(&mut events)?;
        Ok(tally.measured(before, after, time))
    }

    fn seat(&mut self, newcomers: &[Newcomer]) {
        let rooms = newcomers.iter().map(|one| one.room + 1).max();
        self.rooms = vec![Room::default(); rooms.unwrap_or_default()];
        for (index, one) in newcomers.iter().enumerate() {
            let room = &mut self.rooms[one.room];
            self.seats.push(Seat {
                room: one.room,
                place: room.senders,
            });
            room.members += 1;
            if one.speaks {
                room.senders += 1;
                self.senders.push(index);
            }
        }
        let seats = &self.seats;
        self.senders
            .sort_by_key(|index| (seats[*index].place, seats[*index].room));
    }

    fn enter(&mut self, newcomers: Vec<Newcomer>) -> Result<(), Failure> {
        let total = newcomers.len();
        let mut newcomers = newcomers.into_iter();
        let mut events = Events::with_capacity(EVENTS);
        while self.entered < total {
            while self.members.len() - self.entered < ENTERING
                && let Some(one) = newcomers.next()
            {
                let token = Token(self.members.len());
                let (senders, registry) = (self.rooms[one.room].senders, self.poll.registry());
                let member = Member::connect(one, senders, registry, token)?;
                self.members.push(member);
            }
            self.turn(&mut events)?;
            self.is_patient("connections", self.entered as u64, total as u64)?;
        }
        while self.now() < self.heard_at + QUIET {
            self.turn(&mut events)?;
        }
        Ok(())
    }

    fn begin(&mut self, pace: Pace, start: Duration) -> Result<Speech, Failure> {
        let mut speech = Speech {
            start,
            per_second: 0,
            said: 0,
        };
        match pace {
            Pace::PerSecond(per_second) => {
                speech.per_second = per_second.max(1);
                let step = Duration::from_secs(1) / speech.per_second;
                self.timer.set(Some(step))?;
            }
            Pace::InFlight(window) => {
                self.window = window;
                for place in 0..self.senders.len() {
                    self.say(self.senders[place], window, start)?;
                }
            }
        }
        Ok(speech)
    }

    /// Says what is due.
    fn go_on(&mut self, speech: &mut Speech) -> Result<(), Failure> {
        let due = speech.due(self.now());
        while speech.said < due {
            let place = speech.said % self.senders.len().max(1) as u64;
            let sender = self.senders.get(place as usize).copied();
            if let Some(sender) = sender {
                self.say(sender, 1, speech.time_of(speech.said))?;
            }
            speech.said += 1;
        }
        Ok(())
    }

    /// Nothing more is said; what is under way comes.
    fn end(&mut self, events: &mut Events) -> Result<(), Failure> {
        self.window = 0;
        self.timer.set(None)?;
        while self.arrived < self.expected {
            self.turn(events)?;
            self.is_patient("deliveries and answers", self.arrived, self.expected)?;
        }
        Ok(())
    }

    fn is_patient(&self, what: &'static str, came: u64, expected: u64) -> Result<(), Failure> {
        if self.now() < self.heard_at + PATIENCE {
            return Ok(());
        }
        Err(Failure::Missing {
            what,
            missing: expected - came,
            expected,
            seconds: PATIENCE.as_secs(),
        })
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits for something to happen, and has it happen.
    fn turn(&mut self, events: &mut Events) -> Result<(), Failure> {
        match self.poll.poll(events, Some(self.timer.patience())) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in events.iter() {
            if event.token() == self.timer_token {
                self.timer.woke();
                continue;
            }
            let Token(index) = event.token();
            if event.is_writable() {
                let Member { channel, wire, .. } = &mut self.members[index];
                if channel.opens()? {
                    wire.open(&mut channel.out);
                }
                channel.flush()?;
            }
            if event.is_readable() {
                self.read(index, event.is_read_closed())?;
                self.members[index].channel.flush()?;
            }
        }
        if self.entered == self.members.len() && self.now() >= self.kept_at + KEEPING {
            self.kept_at = self.now();
            for Member { channel, wire, .. } in &mut self.members {
                wire.keep_alive(&mut channel.out);
                channel.flush()?;
            }
        }
        Ok(())
    }

    /// Reads what is there, to the end of the stream if it is there, too.
    fn read(&mut self, index: usize, to_end: bool) -> Result<(), Failure> {
        loop {
            let member = &mut self.members[index];
            match member.channel.read(&mut self.buffer)? {
                None => return Ok(()),
                Some(0) => {
                    return Err(Failure::Closed {
                        member: index,
                        last: String::from_utf8_lossy(&member.tail).into_owned(),
                    });
                }
                Some(count) => {
                    self.hear(index, count)?;
                    let has_more = count == self.buffer.len() || to_end;
                    if !has_more && self.members[index].channel.is_emptied_by_a_read() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes what was read, and says what may be said now.
    fn hear(&mut self, index: usize, count: usize) -> Result<(), Failure> {
        let now = self.now();
        self.heard_at = now;
        let Self {
            members,
            seats,
            tally,
            buffer,
            entered,
            arrived,
            ..
        } = self;
        let member = &mut members[index];
        let mut tail = mem::take(&mut member.tail);
        let read = &buffer[..count];
        let input = match tail.is_empty() {
            true => read,
            false => {
                tail.extend_from_slice(read);
                &tail
            }
        };
        let (mut accepted, mut wrong) = (0, None);
        let used = member
            .wire
            .hear(input, &mut member.channel.out, &mut |heard| match heard {
                Heard::Entered => *entered += 1,
                Heard::Accepted => {
                    accepted += 1;
                    *arrived += 1;
                    tally.answers += 1;
                    if let Some(at) = member.unanswered.pop_front() {
                        tally.was_accepted(now.saturating_sub(at));
                    }
                }
                Heard::Said(text) => {
                    let stamp = Stamp::read(text);
                    let seat = stamp.and_then(|stamp| seats.get(stamp.sender));
                    let due = seat
                        .filter(|seat| seat.room == member.room)
                        .and_then(|seat| member.heard.get_mut(seat.place));
                    match (stamp, due) {
                        (Some(stamp), Some(due)) if stamp.number == *due => {
                            *due += 1;
                            *arrived += 1;
                            let late = now.saturating_sub(stamp.at);
                            tally.heard(late);
                            if stamp.sender == index {
                                accepted += 1;
                                tally.was_accepted(late);
                            }
                        }
                        (_, due) => {
                            wrong.get_or_insert_with(|| Failure::Wrong {
                                member: index,
                                heard: String::from_utf8_lossy(text).into_owned(),
                                expected: due.map(|due| *due),
                            });
                        }
                    }
                }
            })
            .map_err(|reason| Failure::Refused {
                member: index,
                reason,
            })?;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        match tail.is_empty() {
            true => tail.extend_from_slice(&read[used..]),
            false => drop(tail.drain(..used)),
        }
        member.tail = tail;
        let more = if self.window > 0 { accepted } else { 0 };
        self.say(index, more, now)
    }

    /// Has a member say so many messages, which were meant to be said then; sends them, and what else it owes.
    fn say(&mut self, index: usize, count: u32, at: Duration) -> Result<(), Failure> {
        let member = &mut self.members[index];
        let hears_itself = member.wire.hears_itself();
        for _ in 0..count {
            let stamp = Stamp {
                sender: index,
                number: member.said,
                at,
            };
            stamp.write(self.bytes, &mut self.text);
            member.wire.say(&self.text, &mut member.channel.out);
            member.said += 1;
            if !hears_itself {
                member.unanswered.push_back(at);
            }
        }
        self.tally.messages += u64::from(count);
        // Who does not hear itself has an answer in its place.
        self.expected += u64::from(count) * self.rooms[member.room].members as u64;
        Ok(member.channel.flush()?)
    }
}

/// What is said at a rate.
struct Speech {
    start: Duration,
    /// 0 where it is not at a rate.
    per_second: u32,
    said: u64,
}

impl Speech {
    /// How many messages were to be said until then: the first at the start.
    fn due(&self, now: Duration) -> u64 {
        if self.per_second == 0 {
            return 0;
        }
        let since = (now - self.start).as_nanos() * u128::from(self.per_second);
        u64::try_from(since / 1_000_000_000 + 1).unwrap_or(u64::MAX)
    }

    /// When this message is to be said.
    fn time_of(&self, number: u64) -> Duration {
        let after = u128::from(number) * 1_000_000_000 / u128::from(self.per_second.max(1));
        self.start + Duration::from_nanos(u64::try_from(after).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_said_when_it_is_meant_to_be() {
        let start = Duration::from_secs(7);
        let mut speech = Speech {
            start,
            per_second: 20,
            said: 0,
        };
        for number in 0..3 {
            let at = speech.time_of(number);
            assert_eq!(speech.due(at), number + 1);
            assert_eq!(speech.due(at + Duration::from_millis(49)), number + 1);
        }
        speech.per_second = 0;
        assert_eq!(speech.due(start + Duration::from_secs(1)), 0);
    }
}
