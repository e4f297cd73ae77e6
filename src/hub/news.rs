//! What other nodes did to users, tokens, memberships and bans: the store's news say where to look.

use super::Hub;
use super::commit_queue::Foreign;
use super::state::HubState;
use crate::model::{News, Role, RoomId, RoomKind, Seq, UserId};
use crate::store::{NewsPage, RoomRow};

impl Hub {
    /// Reads what is new, to be heeded behind what this node committed before.
    pub(super) async fn look_for_news(&self) {
        let Some(page) = self.read_news().await else {
            return;
        };
        self.inner.watch.read_upto(page.next.clone());
        if page.is_torn || !page.news.is_empty() {
            self.inner.commit_queue.caught_up().await;
            self.inner.commit_queue.arrive(Foreign::News(page));
        }
    }

    /// Heeds what was not heeded yet, before it is its turn.
    pub(super) async fn heed_all_news(&self) {
        for page in self.inner.commit_queue.take_news() {
            self.heed(page).await;
        }
        if let Some(page) = self.read_news().await {
            self.heed(page).await;
        }
    }

    async fn read_news(&self) -> Option<NewsPage> {
        let after = self.inner.watch.read();
        self.ask(|| self.inner.store.news(Some(&after))).await
    }

    /// Goes by what is stored now where the news say that something changed.
    pub(super) async fn heed(&self, page: NewsPage) {
        if page.is_torn {
            self.heed_all().await;
        }
        for news in page.news {
            match news {
                News::User(user) => self.heed_user(user).await,
                News::TokenReplaced { old, new } => {
                    self.with_state(|state| state.replace_token(old, new));
                }
                News::Joined { room, user, seq } => self.heed_joined(room, user, seq).await,
                News::Bans => self.heed_bans().await,
                News::Letter { to, envelope } => self.read_letter(to, &envelope),
            }
        }
    }

    /// Anything may have changed.
    async fn heed_all(&self) {
        self.heed_bans().await;
        let online = |state: &mut HubState| state.online.keys().copied().collect();
        let users: Vec<UserId> = self.with_state(online);
        for user in users {
            self.heed_user(user).await;
            let rooms = self.ask(|| self.inner.store.rooms_of(user)).await;
            for (row, membership) in rooms.unwrap_or_default() {
                if membership.role != Role::Banned {
                    let seq = row.room.seq.next();
                    self.heed_membership(&row, user, seq).await;
                }
            }
        }
    }

    async fn heed_user(&self, user: UserId) {
        if !self.with_state(|state| state.online.contains_key(&user)) {
            return;
        }
        let store = &self.inner.store;
        let Some(row) = self.ask(|| store.user(user)).await else {
            return;
        };
        let Some(tokens) = self.ask(|| store.tokens(user)).await else {
            return;
        };
        let tokens: Vec<_> = tokens.iter().map(|token| token.id).collect();
        let review = |state: &mut HubState| {
            state.review_user(user, row.as_deref(), &tokens);
        };
        let ((), dirty) = self.on_state(review);
        self.flush(dirty).await;
    }

    async fn heed_joined(&self, room: RoomId, user: UserId, seq: Seq) {
        if !self.with_state(|state| state.is_missed_in(room, user, seq)) {
            return;
        }
        let store = &self.inner.store;
        let Some(Some(row)) = self.ask(|| store.room(room)).await else {
            return;
        };
        let member = self.ask(|| store.member(room, user)).await.flatten();
        let is_member = member.is_some_and(|member| member.role != Role::Banned);
        // If it ended and began again, there are later news, and what was before may have been told.
        if is_member && !self.has_ended(room, user, seq, row.room.seq).await {
            self.heed_membership(&row, user, seq).await;
        }
    }

    /// Whether a membership ended after one change of a room, up to another.
    async fn has_ended(&self, room: RoomId, user: UserId, mut after: Seq, upto: Seq) -> bool {
        while after < upto {
            let read = self.read_changes(room, after, upto.next()).await;
            if read.iter().any(|event| event.change.ends(user)) {
                return true;
            }
            let Some(last) = read.last() else { break };
            after = last.seq;
        }
        false
    }

    /// A user's sessions belong to a room since the change at this place.
    async fn heed_membership(&self, row: &RoomRow, user: UserId, seq: Seq) {
        let (room, before) = (&row.reference, Seq(seq.0 - 1));
        let is_new = self.with_state(|state| state.told_of(room.id).is_none());
        // Where others are, they hear of it first, and what they heard since then is told to those who come.
        let mut missed = Vec::new();
        if !is_new {
            self.catch_up(room.id, row.room.seq.next()).await;
            let told = self.with_state(|state| state.told_of(room.id));
            missed = self.all_changes(room.id, before, told).await;
        }
        let take_places = |state: &mut HubState| match room.kind {
            RoomKind::Direct => state.follow(user, room.id, before),
            RoomKind::Public | RoomKind::Private => {
                for session in state.sessions_in_all_rooms(user) {
                    state.attach_late(session, room, before, &missed);
                }
            }
        };
        let ((), dirty) = self.on_state(take_places);
        self.flush(dirty).await;
        self.catch_up(room.id, row.room.seq.next()).await;
    }

    async fn heed_bans(&self) {
        if let Some(bans) = self.ask(|| self.inner.store.gateway_bans()).await {
            let ((), dirty) = self.on_state(|state| {
                state.bans.clear();
                let now = state.now.at;
                for ban in bans.into_iter().filter(|ban| ban.holds(now)) {
                    state.keep_out(ban);
                }
            });
            self.flush(dirty).await;
        }
    }
}
