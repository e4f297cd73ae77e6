//! Many commands at random: over each kind of store they come to the same, and each session hears of each of its rooms
//! just what happened while it was in it, without a gap.

use std::collections::HashMap;

use tolmach::commands::{self, AnyCommand, AnyReply};
use tolmach::model::{
    Event, HistoryQuery, MessageId, Result, Role, RoomChange, RoomId, RoomKind, SearchQuery,
    Timestamp, UserId,
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

fn command(dice: &mut Dice, number: usize) -> AnyCommand {
    let room = || name(ROOMS[number % ROOMS.len()]);
    let user = login(dice.one(&USERS));
    let message = MessageId(i64::try_from(dice.roll(number / 4 + 2)).unwrap());
    match dice.roll(30) {
        0..=5 => commands::Enter {
            room: room(),
            password: None,
            create: commands::Create::IfConfigured,
        }
        .into(),
        6 => commands::Leave { room: room() }.into(),
        7..=12 => say(room(), &format!("number {number}")).into(),
        13 | 14 => commands::Edit::text(message, &format!("edited {number}")).into(),
        15 => commands::Delete { message }.into(),
        16 => commands::Hide { message }.into(),
        17 if dice.roll(4) == 0 => commands::ClearHistory { room: room() }.into(),
        17 | 18 => commands::History(HistoryQuery {
            after: Some(message),
            ..HistoryQuery::page(room(), None, 7)
        })
        .into(),
        19 => commands::Search {
            room: room(),
            query: SearchQuery::containing(number.to_string(), 5),
        }
        .into(),
        20 => commands::Ban { room: room(), user }.into(),
        21 => commands::Unban { room: room(), user }.into(),
        22 => commands::RemoveMember { room: room(), user }.into(),
        23 => commands::AddMember { room: room(), user }.into(),
        24 | 25 => {
            let role = dice.one(&[
                Role::Owner,
                Role::Admin,
                Role::Admin,
                Role::Moderator,
                Role::Member,
            ]);
            commands::SetRole {
                room: room(),
                user,
                role,
            }
            .into()
        }
        26 => commands::Send {
            offline: commands::Offline::Store,
            ..to_user(user, "between us")
        }
        .into(),
        27 => commands::ChangeRoom {
            private: Some(dice.roll(2) == 0),
            ..commands::ChangeRoom::of(room())
        }
        .into(),
        28 if dice.roll(5) == 0 => commands::DeleteRoom { room: room() }.into(),
        28 => create_room(dice.one(&ROOMS), RoomKind::Public).into(),
        _ => commands::FindMessage {
            low_bits: message.low_bits(),
            room: None,
        }
        .into(),
    }
}

/// What came of a command, without what differs from run to run.
fn outcome(result: &Result<AnyReply>) -> String {
    match result {
        Ok(AnyReply::History(page) | AnyReply::Search(page)) => told(page),
        Ok(AnyReply::Send(message) | AnyReply::Edit(message) | AnyReply::FindMessage(message)) => {
            format!("{} {} {:?}", message.id, message.seq, message.text)
        }
        Ok(AnyReply::Enter(entered) | AnyReply::CreateRoom(entered)) => {
            let (room, present) = (&entered.room, entered.present.len());
            let (created, seq) = (entered.created, entered.seq);
            format!("{} {:?} {created} {seq} {present}", room.id, room.owner)
        }
        Ok(_) => "done".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn told(page: &commands::Messages) -> String {
    let texts = page.messages.iter().map(|message| message.text.as_str());
    let texts: Vec<&str> = texts.collect();
    format!("{texts:?} {}", page.omitted)
}

/// Follows what one session is told, and where it is.
#[derive(Default)]
struct BusSubscriber {
    at: HashMap<RoomId, i64>,
}

impl BusSubscriber {
    /// The number of a room's change follows the one before, from the user's own coming to its going; but what became of
    /// something that was said before somebody came by a private room's name is not told to them.
    async fn hear(&mut self, world: &World, own: UserId, event: &Event) {
        let Event::Room(event) = event else { return };
        if event.room.kind == RoomKind::Direct {
            return;
        }
        match self.at.insert(event.room.id, event.seq.0) {
            Some(before) => {
                let apart = event.seq.0 - before;
                assert!(apart > 0, "something twice: {event:?}");
                let left_out = usize::try_from(apart - 1).unwrap();
                let left_out = world.changes(event.room.id, before, left_out).await;
                assert!(
                    left_out.iter().all(
                        |change| change.unaware.contains(&own) && change.to_unaware().is_none()
                    ),
                    "a gap: {left_out:?} before {event:?}"
                );
            }
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
        if matches!(command, AnyCommand::Enter(_) | AnyCommand::AddMember(_)) {
            // The store's clock counts milliseconds, and who is the oldest member goes by it.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let result = sessions[who].0.call(command).await;
        lines.push(format!("{asked}: {}", outcome(&result)));
        for (place, (client, ear)) in sessions.iter_mut().enumerate() {
            let own = client.user();
            let told = client.told();
            for event in &told {
                ear.hear(world, own, event).await;
            }
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
    let rooms = world.op(commands::Rooms).await;
    for room in rooms {
        world.assert_gapless(room.id).await;
        let owners = world.store.members(room.id).await.unwrap();
        let owners: Vec<UserId> = owners
            .iter()
            .filter(|(member, _)| member.role == Role::Owner)
            .map(|(member, _)| member.user)
            .collect();
        // Who left nobody behind owns it while out of it, too.
        let is_out = match (room.owner, owners.is_empty()) {
            (Some(owner), true) => world.store.member(room.id, owner).await.unwrap().is_none(),
            (_, _) => false,
        };
        let owner = room.owner.filter(|_| !is_out);
        assert_eq!(
            owners,
            owner.into_iter().collect::<Vec<_>>(),
            "#{}",
            room.name
        );
        let history = world
            .op(commands::History(HistoryQuery::page(
                name(&room.name),
                None,
                1000,
            )))
            .await;
        lines.push(told(&history));
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
