//! Several people of several dialects at random: they speak all at once, edit, delete, come, go, are banned, removed and let
//! in again, lose their connections, and the gateway is started anew. Whatever happens, each connection hears just what a simple
//! model says: all of its rooms' changes in their order, each once, and nothing of rooms that its user is not in.
//!
//! `TEST_SEED=7 cargo test --test daemon random_rooms` repeats a run.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::mem;

use tolmach::commands;
use tolmach::model::{HistoryQuery, RoomId, RoomKind, RoomSelector};

use crate::support::{self, Daemon, Kind, Place, Told, Voice};

const STEPS: usize = 120;

/// Who there is: each has two connections, of two dialects.
const PEOPLE: [&str; 4] = ["anna", "boris", "clara", "dora"];

/// Numbers that are the same for a seed (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// A message that is there.
struct Said {
    id: i32,
    place: Place,
    by: &'static str,
    text: String,
    deleted: bool,
}

/// Somebody's connection, or the lack of one, and what it must be told next.
struct Seat {
    login: &'static str,
    kind: Kind,
    voice: Option<Voice>,
    expected: Vec<Told>,
    told: Vec<Told>,
    /// The room's last message when it broke off.
    since: Option<i32>,
}

struct World {
    dice: Dice,
    data: tempfile::TempDir,
    daemon: Option<Daemon>,
    places: Vec<Place>,
    seats: Vec<Seat>,
    members: BTreeSet<(&'static str, Place)>,
    said: Vec<Said>,
    /// How much was said, in any run of the gateway.
    count: usize,
}

impl Seat {
    /// Whether it is told of what happens in a room.
    fn is_attached(&self, place: Place, members: &BTreeSet<(&'static str, Place)>) -> bool {
        let here = match self.kind {
            Kind::Talker(own) => own == place,
            Kind::Jim | Kind::Purpose(_) | Kind::Uchat => true,
        };
        here && self.voice.is_some() && members.contains(&(self.login, place))
    }

    /// Whether it is told of what it says itself.
    fn has_echo(&self) -> bool {
        matches!(self.kind, Kind::Talker(_) | Kind::Uchat)
    }

    fn edited(&self, place: Place, message: &Said) -> Told {
        let text = message.text.clone();
        match self.kind {
            Kind::Jim | Kind::Talker(_) => Told::Said(place.id, format!("✎ {text}")),
            Kind::Purpose(_) => Told::Said(place.id, text),
            Kind::Uchat => Told::Edited(place.id, text),
        }
    }

    fn deleted(&self, message: &Said) -> Option<Told> {
        match self.kind {
            Kind::Jim | Kind::Talker(_) => None,
            Kind::Purpose(_) | Kind::Uchat => Some(Told::Deleted(message.place.id, message.id)),
        }
    }
}

impl World {
    async fn new(seed: u64) -> Self {
        let data = tempfile::tempdir().unwrap();
        let daemon = Daemon::on_disk(data.path(), "").await;
        let mut places = Vec::new();
        for name in ["tea", "coffee"] {
            let id = daemon.create_room(name, RoomKind::Public, None).await;
            places.push(Place { id, name });
        }
        for login in PEOPLE {
            daemon.account(login).await;
        }
        let (tea, coffee) = (places[0], places[1]);
        let kinds = [
            [Kind::Jim, Kind::Talker(tea)],
            [Kind::Purpose(1), Kind::Uchat],
            [Kind::Purpose(2), Kind::Jim],
            [Kind::Uchat, Kind::Talker(coffee)],
        ];
        let seats = PEOPLE.into_iter().zip(kinds).flat_map(|(login, kinds)| {
            kinds.map(|kind| Seat {
                login,
                kind,
                voice: None,
                expected: Vec::new(),
                told: Vec::new(),
                since: None,
            })
        });
        let mut world = Self {
            dice: Dice(seed),
            data,
            daemon: Some(daemon),
            places,
            seats: seats.collect(),
            members: BTreeSet::new(),
            said: Vec::new(),
            count: 0,
        };
        for seat in 0..world.seats.len() {
            world.sit_down(seat).await;
        }
        world
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("it runs")
    }

    async fn step(&mut self) {
        let place = self.places[self.dice.roll(2)];
        let seat = self.dice.roll(self.seats.len());
        let login = PEOPLE[self.dice.roll(PEOPLE.len())];
        match self.dice.roll(20) {
            0..=7 => self.all_speak().await,
            8 | 9 => self.edit(seat).await,
            10 => self.delete(seat).await,
            11 => self.enter(seat, place).await,
            12 => self.ban(login, place).await,
            13 | 14 => self.readmit(login, place).await,
            15 => self.remove(login, place).await,
            16 => self.break_off(seat).await,
            17 | 18 => self.sit_down(seat).await,
            _ => self.restart().await,
        }
        self.settle().await;
    }

    /// Each connection says something, or more, in a room that its user may be in or not; none waits for another.
    async fn all_speak(&mut self) {
        let mut speaking = Vec::new();
        for seat in 0..self.seats.len() {
            for _ in 0..self.dice.roll(3) {
                let place = match self.seats[seat].kind {
                    Kind::Talker(own) => own,
                    Kind::Jim | Kind::Purpose(_) | Kind::Uchat => self.places[self.dice.roll(2)],
                };
                self.count += 1;
                speaking.push((seat, place, format!("{} by {seat}", self.count)));
            }
        }
        for (seat, place, text) in &speaking {
            let seat = &mut self.seats[*seat];
            let Some(voice) = &mut seat.voice else {
                continue;
            };
            voice.say(*place, text).await;
            match self.members.contains(&(seat.login, *place)) {
                true if seat.has_echo() => {}
                true => seat.expected.push(Told::Accepted),
                false => seat.expected.push(Told::Refused),
            }
        }
        // All that was asked is answered, so all that was said is with whoever hears it.
        self.hear().await;
        self.learn_order(&speaking).await;
    }

    /// Each connection takes what it was told.
    async fn hear(&mut self) {
        for seat in &mut self.seats {
            if let Some(voice) = &mut seat.voice {
                seat.told.extend(voice.hear().await);
            }
            if seat.told.contains(&Told::Closed) {
                seat.voice = None;
            }
        }
    }

    /// In which order what was said is kept is known only now.
    async fn learn_order(&mut self, speaking: &[(usize, Place, String)]) {
        for place in self.places.clone() {
            let last = self
                .said
                .iter()
                .filter(|said| said.place == place)
                .map(|said| said.id)
                .max();
            let room = RoomSelector::Id(RoomId(place.id));
            let after = last.map(|id| tolmach::model::MessageId(id.into()));
            let query = HistoryQuery::page(room, after, 1000);
            let page = self.daemon().operate(commands::History(query)).await;
            for message in &page.messages {
                let by = speaking.iter().find(|(_, _, text)| *text == message.text);
                let (speaker, ..) = by.unwrap_or_else(|| panic!("nobody said {message:?}"));
                for (number, seat) in self.seats.iter_mut().enumerate() {
                    if seat.is_attached(place, &self.members)
                        && (number != *speaker || seat.has_echo())
                    {
                        seat.expected
                            .push(Told::Said(place.id, message.text.clone()));
                    }
                }
                self.said.push(Said {
                    id: i32::try_from(message.id.0).unwrap(),
                    place,
                    by: self.seats[*speaker].login,
                    text: message.text.clone(),
                    deleted: false,
                });
            }
        }
    }

    /// One of the user's own messages, in a room that it is in.
    fn own_message(&mut self, login: &str) -> Option<usize> {
        let own = self.said.iter().enumerate().filter(|(_, said)| {
            said.by == login && !said.deleted && self.members.contains(&(said.by, said.place))
        });
        let own: Vec<usize> = own.map(|(number, _)| number).collect();
        (!own.is_empty()).then(|| own[self.dice.roll(own.len())])
    }

    async fn edit(&mut self, seat: usize) {
        let Some(number) = self.own_message(self.seats[seat].login) else {
            return;
        };
        self.count += 1;
        let text = format!("{} edited by {seat}", self.count);
        let said = &mut self.said[number];
        let Some(voice) = &mut self.seats[seat].voice else {
            return;
        };
        if !voice.edit(said.place, said.id, &text).await {
            return;
        }
        said.text = text;
        for other in &mut self.seats {
            if other.is_attached(said.place, &self.members) {
                let told = other.edited(said.place, said);
                other.expected.push(told);
            }
        }
    }

    async fn delete(&mut self, seat: usize) {
        let Some(number) = self.own_message(self.seats[seat].login) else {
            return;
        };
        let said = &mut self.said[number];
        let Some(voice) = &mut self.seats[seat].voice else {
            return;
        };
        if !voice.delete(said.place, said.id).await {
            return;
        }
        if matches!(self.seats[seat].kind, Kind::Purpose(_)) {
            self.seats[seat].expected.push(Told::Accepted);
        }
        said.deleted = true;
        for (number, other) in self.seats.iter_mut().enumerate() {
            let is_told = number != seat || other.has_echo();
            if is_told && other.is_attached(said.place, &self.members) {
                other.expected.extend(other.deleted(said));
            }
        }
    }

    async fn enter(&mut self, seat: usize, place: Place) {
        let seat = &mut self.seats[seat];
        let Some(voice) = &mut seat.voice else { return };
        if matches!(seat.kind, Kind::Talker(_)) {
            return;
        }
        voice.enter(place).await;
        match is_banned(self.daemon.as_ref().unwrap(), seat.login, place).await {
            true => seat.expected.push(Told::Refused),
            false => {
                if seat.kind != Kind::Uchat {
                    seat.expected.push(Told::Accepted);
                }
                self.members.insert((seat.login, place));
            }
        }
    }

    async fn ban(&mut self, login: &'static str, place: Place) {
        let (room, user) = (support::room(place.name), support::user(login));
        self.daemon().operate(commands::Ban { room, user }).await;
        self.is_out(login, place);
    }

    async fn remove(&mut self, login: &'static str, place: Place) {
        if self.members.contains(&(login, place)) {
            let (room, user) = (support::room(place.name), support::user(login));
            self.daemon()
                .operate(commands::RemoveMember { room, user })
                .await;
            self.is_out(login, place);
        }
    }

    /// Nobody without a membership hears of the room from now on; Talker's connections to it are closed.
    fn is_out(&mut self, login: &'static str, place: Place) {
        if !self.members.remove(&(login, place)) {
            return;
        }
        for seat in &mut self.seats {
            if seat.login == login && seat.kind == Kind::Talker(place) && seat.voice.is_some() {
                seat.expected.push(Told::Refused);
                seat.expected.push(Told::Closed);
            }
        }
    }

    async fn readmit(&mut self, login: &'static str, place: Place) {
        let (room, user) = (support::room(place.name), support::user(login));
        if is_banned(self.daemon(), login, place).await {
            let (room, user) = (room.clone(), user.clone());
            self.daemon().operate(commands::Unban { room, user }).await;
        }
        self.daemon()
            .operate(commands::AddMember { room, user })
            .await;
        self.members.insert((login, place));
    }

    /// The connection is lost; the user stays a member.
    async fn break_off(&mut self, seat: usize) {
        let before = self.daemon().sessions().await.len();
        let Some(voice) = self.seats[seat].voice.take() else {
            return;
        };
        drop(voice);
        while self.daemon().sessions().await.len() == before {
            tokio::task::yield_now().await;
        }
        self.seats[seat].since = self.last(self.seats[seat].kind);
    }

    fn last(&self, kind: Kind) -> Option<i32> {
        let Kind::Talker(place) = kind else {
            return None;
        };
        let of_place = self.said.iter().filter(|said| said.place == place);
        of_place.map(|said| said.id).max()
    }

    /// Somebody connects again, if it is not connected and may.
    async fn sit_down(&mut self, seat: usize) {
        let (login, kind, since) = {
            let seat = &self.seats[seat];
            (seat.login, seat.kind, seat.since)
        };
        if self.seats[seat].voice.is_some() {
            return;
        }
        if let Kind::Talker(place) = kind {
            if is_banned(self.daemon(), login, place).await {
                return;
            }
            self.members.insert((login, place));
        }
        let voice = Voice::open(self.daemon(), login, kind, &self.places, since).await;
        let missed = self.said.iter().filter(|said| {
            kind == Kind::Talker(said.place)
                && since.is_some_and(|since| said.id > since)
                && !said.deleted
        });
        let missed = missed
            .map(|said| Told::Said(said.place.id, said.text.clone()))
            .collect();
        let seat = &mut self.seats[seat];
        seat.voice = Some(voice);
        seat.expected.extend::<Vec<Told>>(missed);
    }

    /// The gateway stops and starts; all that was accepted is there, and everybody comes again.
    async fn restart(&mut self) {
        for seat in 0..self.seats.len() {
            self.seats[seat].voice = None;
            self.seats[seat].since = self.last(self.seats[seat].kind);
        }
        self.daemon.take().unwrap().stop().await;
        self.daemon = Some(Daemon::on_disk(self.data.path(), "").await);
        for seat in 0..self.seats.len() {
            if self.dice.roll(4) > 0 {
                self.sit_down(seat).await;
            }
        }
        self.check_history().await;
    }

    /// Everybody has heard what it must have, and nothing else: of each room in its order.
    async fn settle(&mut self) {
        // What one asks reaches the others once it is answered.
        self.hear().await;
        self.hear().await;
        for seat in &mut self.seats {
            let who = format!("{} over {:?}", seat.login, seat.kind);
            let (mut told, mut expected) =
                (mem::take(&mut seat.told), mem::take(&mut seat.expected));
            told.sort_by_key(Told::room);
            expected.sort_by_key(Told::room);
            assert_eq!(told, expected, "{who} was told");
        }
    }

    /// The rooms hold what was accepted, as it is now.
    async fn check_history(&self) {
        for place in &self.places {
            let kept = self
                .daemon()
                .history(RoomSelector::Id(RoomId(place.id)))
                .await;
            let said = self.said.iter().filter(|said| said.place == *place);
            let text = |said: &Said| {
                if said.deleted {
                    String::new()
                } else {
                    said.text.clone()
                }
            };
            assert_eq!(kept, said.map(text).collect::<Vec<_>>(), "#{}", place.name);
        }
    }
}

async fn is_banned(daemon: &Daemon, login: &str, place: Place) -> bool {
    let members = daemon
        .operate(commands::Members {
            room: support::room(place.name),
        })
        .await;
    let own = members.iter().find(|(_, user)| user.login == login);
    own.is_some_and(|(member, _)| member.role == tolmach::model::Role::Banned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_connection_hears_just_what_it_must() {
    let given = std::env::var("TEST_SEED").ok();
    let given = given.map(|seed| seed.parse().expect("TEST_SEED is a number"));
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one("tea") | 1);
    println!("TEST_SEED={seed}");
    let mut world = World::new(seed).await;
    world.settle().await;
    for step in 0..STEPS {
        println!("step {step}");
        world.step().await;
    }
    world.restart().await;
    world.settle().await;
    assert!(
        world.said.len() > STEPS / 2,
        "{} messages",
        world.said.len()
    );
}
