//! A room's changes, read again: the messages, and what else happened between them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::readers::Moment;
use super::reads;
use super::session::query;
use super::values::{
    self, Columns, MEMBER, MESSAGE, MESSAGES, ROOM, Sql, at_most_one, every, limit,
};
use crate::model::{
    Message, MessageId, RoomEvent, RoomId, RoomKind, SeenMarks, Seq, UserId, UserRef,
};
use crate::store::logged::{Logged, as_shown, peer_of, posted};
use crate::store::page::Allowance;
use crate::store::{RoomRow, RowsError};

/// How many of each kind are read at a time.
const CHUNK: usize = 256;

pub(super) async fn changes(
    moment: &mut Moment,
    gateway: &Arc<UserRef>,
    id: RoomId,
    after: Seq,
    most: usize,
) -> Sql<Vec<RoomEvent>> {
    let asked = vec![
        query!(format!("SELECT {ROOM} FROM rooms r WHERE r.id = $1"), id),
        query!(reads::seen_marks(), id),
    ];
    let [rooms, marks] = take(moment.ask_all(asked).await?)?;
    let Some(room) = at_most_one(&rooms, values::room)? else {
        return Ok(Vec::new());
    };
    let marks = SeenMarks::of(&every(&marks, values::member)?);
    let members = match room.room.kind {
        RoomKind::Private => {
            let sql = format!("SELECT {MEMBER} FROM members m WHERE m.room = $1");
            every(&moment.ask(query!(sql, id)).await?, values::member)?
        }
        RoomKind::Public | RoomKind::Direct => Vec::new(),
    };
    let mut reading = Reading {
        moment,
        gateway,
        room,
        after,
        is_over: false,
    };
    let (mut events, mut allowance) = (Vec::new(), Allowance::new(most));
    while !reading.is_over && !allowance.is_used_up() {
        let next = reading.next(most.min(CHUNK)).await?;
        let hidden = reading.hidden(&next).await?;
        for mut event in next {
            if allowance.is_used_up() {
                break;
            }
            event.tell_seen(&marks);
            if let Some((said, message)) = event.change.message().map(|said| (said.seq, said.id)) {
                let hidden_from = hidden.get(&message).cloned().unwrap_or_default();
                event.tell_unaware(said, hidden_from, &members);
            }
            allowance.use_for(&event);
            events.push(event);
        }
    }
    Ok(events)
}

/// So many answers as were asked for.
fn take<const N: usize, T>(answers: Vec<T>) -> Sql<[T; N]> {
    let answers = answers.try_into();
    answers.map_err(|_| RowsError("an answer is missing".into()))
}

/// A room's changes while they are read.
struct Reading<'a> {
    moment: &'a mut Moment,
    gateway: &'a Arc<UserRef>,
    room: Arc<RoomRow>,
    /// Up to where they were read.
    after: Seq,
    /// There are no more.
    is_over: bool,
}

impl Reading<'_> {
    /// The next ones, in order.
    async fn next(&mut self, most: usize) -> Sql<Vec<RoomEvent>> {
        let (id, after) = (self.room.room.id, self.after);
        let said = format!(
            "SELECT {MESSAGE} FROM {MESSAGES} WHERE m.room = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3"
        );
        let done =
            "SELECT seq, change FROM changes WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let asked = vec![
            query!(said, id, after, limit(most)),
            query!(done, id, after, limit(most)),
        ];
        let [said, done] = take(self.moment.ask_all(asked).await?)?;
        let mut said: VecDeque<Message> =
            every(&said, |row| values::message(row, self.gateway))?.into();
        let mut done: VecDeque<(Seq, Logged)> = every(&done, values::logged)?.into();
        // Of what is behind the end of the one nothing is known of the other.
        let last_said = said.back().filter(|_| said.len() == most);
        let last_done = done.back().filter(|_| done.len() == most);
        let ends = [last_said.map(|said| said.seq), last_done.map(|done| done.0)];
        let end = ends.into_iter().flatten().min();
        self.is_over = end.is_none();
        let end = end.unwrap_or(Seq(i64::MAX));
        self.after = end;
        said.retain(|message| message.seq <= end);
        done.retain(|(seq, _)| *seq <= end);
        let named = self.named(&done).await?;
        let (reference, hidden) = (&self.room.reference, self.room.room.hidden_from_all());
        let mut events = Vec::with_capacity(said.len() + done.len());
        while !said.is_empty() || !done.is_empty() {
            let next_done = done.front().map_or(Seq(i64::MAX), |(seq, _)| *seq);
            let mut event = match said.pop_front_if(|message| message.seq < next_done) {
                Some(message) => posted(reference.clone(), as_shown(Arc::new(message), hidden)),
                None => {
                    let Some((seq, logged)) = done.pop_front() else {
                        break;
                    };
                    let actor = named.users.get(&logged.actor.id).cloned();
                    let message = logged.message().and_then(|id| named.messages.get(&id));
                    let message = message.map(|message| as_shown(message.clone(), hidden));
                    logged.into_event(reference.clone(), seq, actor, message)
                }
            };
            event.peer = peer_of(&event).and_then(|peer| named.users.get(&peer).cloned());
            events.push(event);
        }
        Ok(events)
    }

    /// From whom the messages of these events are hidden.
    async fn hidden(&mut self, events: &[RoomEvent]) -> Sql<HashMap<MessageId, Vec<UserId>>> {
        let messages = events.iter().filter_map(|event| event.change.message());
        let messages: Vec<MessageId> = messages.map(|message| message.id).collect();
        let mut hidden: HashMap<MessageId, Vec<UserId>> = HashMap::new();
        if !messages.is_empty() {
            let asked = query!(reads::HIDDEN_FROM, self.room.room.id, messages);
            for row in self.moment.ask(asked).await? {
                hidden.entry(row.value(0)?).or_default().push(row.value(1)?);
            }
        }
        Ok(hidden)
    }

    /// Who and what these changes name.
    async fn named(&mut self, done: &VecDeque<(Seq, Logged)>) -> Sql<NamedRows> {
        let mut users: BTreeSet<UserId> = done.iter().map(|(_, logged)| logged.actor.id).collect();
        if let Some((low, high)) = self.room.room.pair {
            users.extend([low, high]);
        }
        let users: Vec<UserId> = users.into_iter().collect();
        let messages: Vec<MessageId> = done
            .iter()
            .filter_map(|(_, logged)| logged.message())
            .collect();
        if users.is_empty() && messages.is_empty() {
            return Ok(NamedRows::default());
        }
        let sql = format!("SELECT {MESSAGE} FROM {MESSAGES} WHERE m.id = ANY($1)");
        let asked = vec![
            query!(
                "SELECT id, login, name FROM users WHERE id = ANY($1)",
                users
            ),
            query!(sql, messages),
        ];
        let [users, messages] = take(self.moment.ask_all(asked).await?)?;
        let users = every(&users, |row| {
            let user = UserRef {
                id: row.value(0)?,
                login: row.value(1)?,
                name: row.value(2)?,
            };
            Ok((user.id, Arc::new(user)))
        });
        let messages = every(&messages, |row| {
            let message = values::message(row, self.gateway)?;
            Ok((message.id, Arc::new(message)))
        });
        Ok(NamedRows {
            users: users?.into_iter().collect(),
            messages: messages?.into_iter().collect(),
        })
    }
}

/// What changes name beside their room.
#[derive(Debug, Default)]
struct NamedRows {
    users: HashMap<UserId, Arc<UserRef>>,
    messages: HashMap<MessageId, Arc<Message>>,
}
