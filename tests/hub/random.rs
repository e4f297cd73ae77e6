//! Many commands at random: over each kind of store they come to the same, and each session hears of each of its rooms
//! just what happened while it was in it, without a gap.

use std::collections::HashMap;

use tolmach::model::Draft;
use tolmach::model::{
    Command, Event, HistoryQuery, MessageId, Offline, Reply, Result, Role, RoomChange, RoomId,
    RoomKind, Timestamp, UserId,
};

use crate::support::{Client, World, create_room, login, name, register, say, to_user};

const USERS: [&str; 4] = ["anna", "boris", "clara", "dora"];
const ROOMS: [&str; 3] = ["tea", "Coffee", "mate"];
const COMMANDS: usize = 1500;

/// Numbers that are the same on every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

fn command(dice: &mut Dice, number: usize) -> Command {
    let room = || name(ROOMS[number % ROOMS.len()]);
    let user = login(dice.one(&USERS));
    let message = MessageId(i64::try_from(dice.roll(number / 4 + 2)).unwrap());
    match dice.roll(30) {
        0..=5 => Command::Enter {
            room: room(),
            password: None,
            create: true,
        },
        6 => Command::Leave { room: room() },
        7..=12 => say(room(), &format!("number {number}")),
        13 | 14 => Command::Edit {
            message,
            text: format!("edited {number}"),
        },
        15 => Command::Delete { message },
        16 => Command::Hide { message },
        17 if dice.roll(4) == 0 => Command::ClearHistory { room: room() },
        17 | 18 => Command::History(HistoryQuery {
            after: Some(message),
            ..HistoryQuery::page(room(), None, 7)
        }),
        19 => Command::Search {
            room: room(),
            text: number.to_string(),
            prefix: false,
            limit: 5,
        },
        20 => Command::Ban { room: room(), user },
        21 => Command::Unban { room: room(), user },
        22 => Command::RemoveMember { room: room(), user },
        23 => Command::AddMember { room: room(), user },
        24 | 25 => {
            let role = dice.one(&[
                Role::Owner,
                Role::Admin,
                Role::Admin,
                Role::Moderator,
                Role::Member,
            ]);
            Command::SetRole {
                room: room(),
                user,
                role,
            }
        }
        26 => Command::Send(Draft {
            offline: Offline::Store,
            ..to_user(user, "between us")
        }),
        27 => Command::SetPrivate {
            room: room(),
            private: dice.roll(2) == 0,
        },
        28 if dice.roll(5) == 0 => Command::DeleteRoom { room: room() },
        28 => create_room(dice.one(&ROOMS), RoomKind::Public),
        _ => Command::FindMessage {
            low_bits: message.low_bits(),
            room: None,
        },
    }
}

/// What came of a command, without what differs from run to run.
fn outcome(result: &Result<Reply>) -> String {
    match result {
        Ok(Reply::History {
            messages, omitted, ..
        }) => {
            let texts: Vec<&str> = messages
                .iter()
                .map(|message| message.text.as_str())
                .collect();
            format!("{texts:?} {omitted}")
        }
        Ok(Reply::Posted { message }) | Ok(Reply::Message(message)) => {
            format!("{} {} {:?}", message.id, message.seq, message.text)
        }
        Ok(Reply::Entered {
            room,
            created,
            seq,
            present,
            ..
        }) => {
            format!(
                "{} {:?} {created} {seq} {}",
                room.id,
                room.owner,
                present.len()
            )
        }
        Ok(_) => "done".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Follows what one session is told, and where it is.
#[derive(Default)]
struct BusSubscriber {
    at: HashMap<RoomId, i64>,
}

impl BusSubscriber {
    /// The number of a room's change follows the one before, from the user's own coming to its going.
    fn hear(&mut self, own: UserId, event: &Event) {
        let Event::Room(event) = event else { return };
        if event.room.kind == RoomKind::Direct {
            return;
        }
        match self.at.insert(event.room.id, event.seq.0) {
            Some(before) => assert_eq!(
                event.seq.0,
                before + 1,
                "a gap, or something twice: {event:?}"
            ),
            None => assert!(
                matches!(&event.change, RoomChange::MemberJoined { user } if user.id == own),
                "told from outside: {event:?}"
            ),
        }
        let gone = match &event.change {
            RoomChange::MemberLeft { user }
            | RoomChange::MemberRemoved { user }
            | RoomChange::MemberBanned { user } => user.id == own,
            RoomChange::RoomDeleted => true,
            _ => false,
        };
        if gone {
            self.at.remove(&event.room.id);
        }
    }
}

/// All that was answered and heard.
async fn transcript(world: &World, seed: u64) -> Vec<String> {
    let mut dice = Dice(seed);
    let mut sessions: Vec<(Client, BusSubscriber)> = Vec::new();
    for user in USERS {
        world.op(register(user)).await;
        for _ in 0..2 {
            sessions.push((world.again(user).await, BusSubscriber::default()));
        }
    }
    let mut lines = Vec::new();
    for number in 0..COMMANDS {
        let who = dice.roll(sessions.len());
        let command = command(&mut dice, number);
        let asked = format!("{number} {who} {command:?}");
        let result = sessions[who].0.call(command).await;
        lines.push(format!("{asked}: {}", outcome(&result)));
        for (place, (client, ear)) in sessions.iter_mut().enumerate() {
            let own = client.user();
            let told = client.told();
            told.iter().for_each(|event| ear.hear(own, event));
            lines.extend(
                crate::support::lines(&told)
                    .iter()
                    .map(|line| format!("  {place} {line}")),
            );
        }
    }
    for (client, ear) in &mut sessions {
        let mut attached: Vec<RoomId> = ear.at.keys().copied().collect();
        attached.sort_unstable();
        assert_eq!(client.session.rooms(), attached);
    }
    let Reply::Rooms(rooms) = world.op(Command::Rooms).await else {
        panic!("no rooms")
    };
    for room in rooms {
        world.assert_gapless(room.id).await;
        let owners = world.store.members(room.id).await.unwrap();
        let owners: Vec<UserId> = owners
            .iter()
            .filter(|(member, _)| member.role == Role::Owner)
            .map(|(member, _)| member.user)
            .collect();
        assert_eq!(
            owners,
            room.owner.into_iter().collect::<Vec<_>>(),
            "#{}",
            room.name
        );
        let history = world
            .op(Command::History(HistoryQuery::page(
                name(&room.name),
                None,
                1000,
            )))
            .await;
        lines.push(outcome(&Ok(history)));
        assert!(room.created > Timestamp(0));
    }
    lines
}

#[tokio::test]
async fn each_store_comes_to_the_same() {
    for seed in [1, 20_261_121, u64::MAX / 3] {
        let mut all = Vec::new();
        for world in World::of_each_kind().await {
            all.push(transcript(&world, seed).await);
        }
        let done = all[0].iter().filter(|line| !line.starts_with(' ')).count();
        assert!(done > COMMANDS);
        for other in &all[1..] {
            for (line, (left, right)) in all[0].iter().zip(other).enumerate() {
                assert_eq!(left, right, "seed {seed}, line {line}");
            }
            assert_eq!(all[0].len(), other.len());
        }
    }
}
