//! What every store promises, as tests that run against each implementation.
//!
//! A new store adds a way to [`Bench`] and a line to the macro below.

mod changes;
mod commits;
mod contacts;
mod declared;
mod erasing;
mod files;
mod gate;
mod history;
mod keeping;
mod nodes;
mod people;
mod places;
mod searches;

use std::any::Any;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use self::declared::Declared;
#[cfg(feature = "sqlite")]
pub(super) use self::erasing::all_said;
pub(super) use self::gate::{Gate, Gated, Verdict};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) use self::searches::Trial;

use super::{Commit, CommitSink, Limits, MemoryStore, RoomRow, Store};
use crate::commands::{
    self, Actor, AddGuest, Change, CreateRoom, Delete, Edit, EnterRoom, Mandate, Register,
    RoomOutcome, Submission,
};
use crate::model::{
    Error, Message, MessageId, Result, RoomEvent, RoomId, RoomKind, RoomSelector, SearchQuery,
    Secret, Timestamp, UserId, UserSelector,
};

macro_rules! contract {
    ($($module:ident { $($test:ident)* })*) => {
        mod memory {
            use super::*;
            $($(#[tokio::test] async fn $test() { $module::$test(&Bench::memory()).await; })*)*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            use super::*;
            $($(#[tokio::test] async fn $test() { $module::$test(&Bench::sqlite()).await; })*)*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            use super::*;
            $($(#[tokio::test] async fn $test() {
                if let Some(bench) = Bench::postgres() {
                    $module::$test(&bench).await;
                }
            })*)*
        }
    };
}

contract! {
    people {
        accounts_are_found_by_number_and_by_folded_login
        what_was_withdrawn_since_it_was_asked_is_not_there
        whom_a_ban_keeps_out_since_it_was_asked_changes_nothing
        a_removed_account_frees_its_name_and_keeps_its_words
        the_last_login_is_kept_to_the_minute
        who_is_an_operator_is_kept_until_the_account_ends
        a_secret_is_what_it_was_when_it_was_first_asked_for
        a_guest_that_ends_leaves_no_row_unless_it_spoke
        all_guests_end_together
        tokens_are_kept_by_hash_touched_and_expired
        who_is_gone_changes_nothing
    }
    erasing {
        what_a_user_said_is_read_a_part_at_a_time
        an_account_is_erased_step_by_step
    }
    contacts {
        contacts_are_kept_in_the_order_of_numbers
        who_is_gone_has_no_contacts_and_is_none
        a_contact_list_has_an_end
        a_failed_commit_keeps_no_contacts
    }
    places {
        rooms_are_found_by_number_name_pair_and_prefix
        members_come_in_the_order_of_joining
        a_deleted_room_takes_everything_with_it
        what_a_deleted_room_leaves_goes_in_portions
        a_failed_commit_keeps_a_room_and_what_one_leaves
        numbers_are_not_given_twice
        the_two_latest_seen_marks
    }
    history {
        bounds_hold_together
        pages_say_what_they_leave_out
        a_page_ends_by_bytes_too
        touched_is_the_union_without_doubles
        a_cleared_history_is_invisible
        a_hidden_message_is_hidden_from_one
        a_deleted_message_stays_without_text
        any_query_agrees_with_a_plain_filter
        no_two_messages_share_a_time
    }
    files {
        files_are_those_of_a_rooms_shown_messages
        files_go_with_a_cleared_history_and_a_deleted_room
        a_failed_commit_keeps_no_file
    }
    keeping {
        what_is_over_age_is_shown_no_more_and_then_gone
        a_room_keeps_as_long_as_it_says
        times_that_fall_keep_nothing_for_ever
        what_is_gone_waits_for_nobody
        a_failed_commit_forgets_nothing
    }
    searches {
        search_folds_both_sides
        what_is_seen_is_found
        search_goes_through_a_long_room
        any_search_agrees_with_a_plain_filter
        a_search_ends_by_bytes_too
        pages_of_a_search_go_on_by_id_to_the_end
    }
    changes {
        changes_come_gapless_and_as_things_are_now
        changes_of_a_direct_room_name_the_peer
        changes_of_a_cleared_history_tell_nothing
        changes_name_who_came_when_it_was_said_already
        changes_name_who_hid_what_they_are_of
        changes_end_by_bytes_too
    }
    nodes {
        the_last_places_of_rooms
        news_say_where_to_look_in_order
    }
    declared {
        what_no_other_test_changes_names_its_rows_too
    }
    commits {
        a_refused_write_leaves_nothing
        what_finds_no_number_is_refused_alone
        commits_come_in_the_order_of_submission
        created_rises_when_the_clock_falls
        a_clock_that_ran_far_ahead_is_left_behind
        nothing_is_heard_or_seen_before_the_commit
        a_failed_commit_keeps_nothing_and_the_next_works
        an_undone_commit_is_unknown_and_the_next_works
        an_unknown_commit_stops_all_writing
        a_panic_is_answered_and_the_next_works
        a_sink_that_panics_is_told_the_next
        close_finishes_what_waits_and_refuses_the_rest
    }
}

/// A store under test, a sink that remembers, and a clock.
pub(super) struct Bench {
    pub(super) store: Arc<dyn Store>,
    pub(super) sink: Arc<Recorder>,
    pub(super) gate: Arc<Gate>,
    /// Reads do not wait for a commit under way.
    pub(super) reads_pass: bool,
    /// A message that was not kept may have used up a number.
    numbers_have_gaps: bool,
    /// Texts may hold NUL, which no clean one does.
    pub(super) nul_is_kept: bool,
    clock: AtomicI64,
    tickets: AtomicU64,
    /// Leaves one number for users and one for rooms.
    pub(super) use_up: Box<dyn Fn() + Send + Sync>,
    _directory: Option<tempfile::TempDir>,
}

pub(super) fn limits() -> Limits {
    Limits {
        gateway: "tolmach".into(),
        rooms_per_user: 0.into(),
        members_per_room: 0.into(),
        disk_free: 0.into(),
        node: None,
    }
}

impl Bench {
    pub(super) fn memory() -> Self {
        let (sink, gate) = (Arc::new(Recorder::default()), Arc::new(Gate::default()));
        let store = Arc::new(MemoryStore::behind(gate.clone(), limits(), sink.clone()));
        let used = store.clone();
        Self::over(store, sink, gate, false, None).using_up(move || used.use_up_numbers())
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn sqlite() -> Self {
        let (sink, gate) = (Arc::new(Recorder::default()), Arc::new(Gate::default()));
        let directory = tempfile::tempdir().unwrap();
        let inner = gate.clone();
        let path = directory.path().join("tolmach.db");
        let used = path.clone();
        let store = super::SqliteStore::over(&path, limits(), sink.clone(), Some(10), |backend| {
            inner.before(backend)
        })
        .unwrap();
        Self::over(Arc::new(store), sink, gate, true, Some(directory))
            .using_up(move || super::sqlite::use_up_numbers(&used))
    }

    /// `None`: PostgreSQL is not installed.
    #[cfg(feature = "postgres")]
    pub(super) fn postgres() -> Option<Self> {
        let server = tolmach_test_servers::Postgres::shared()?;
        let database = server.database();
        let indexing = super::postgres::Indexing {
            large: 10,
            entry: 3,
            rest: std::time::Duration::from_millis(2),
        };
        let up = "UPDATE counters SET value = 2147483646 WHERE name IN ('users', 'rooms')";
        let bench = Self::in_postgres(&database, indexing);
        Some(bench.using_up(move || drop(server.ask(&database, up))))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn in_postgres(database: &str, indexing: super::postgres::Indexing) -> Self {
        let (sink, gate) = (Arc::new(Recorder::default()), Arc::new(Gate::default()));
        let url = super::PostgresUrl::parse(database).unwrap();
        let (alone, inner) = (super::Neighbours::None, gate.clone());
        let (limits, told) = (limits(), sink.clone());
        let store = super::PostgresStore::over(&url, 2, alone, limits, told, indexing, |backend| {
            inner.before(backend)
        });
        Self {
            numbers_have_gaps: true,
            nul_is_kept: false,
            ..Self::over(Arc::new(store.unwrap()), sink, gate, true, None)
        }
    }

    pub(super) fn over(
        store: Arc<dyn Store>,
        sink: Arc<Recorder>,
        gate: Arc<Gate>,
        reads_pass: bool,
        directory: Option<tempfile::TempDir>,
    ) -> Self {
        Self {
            store,
            sink,
            gate,
            reads_pass,
            numbers_have_gaps: false,
            nul_is_kept: true,
            clock: AtomicI64::new(1_000),
            tickets: AtomicU64::new(0),
            use_up: Box::new(|| {}),
            _directory: directory,
        }
    }

    fn using_up(self, use_up: impl Fn() + Send + Sync + 'static) -> Self {
        let use_up = Box::new(use_up);
        Self { use_up, ..self }
    }

    /// Holds a message's number to the one before it.
    pub(super) fn assert_next(&self, next: MessageId, last: MessageId) {
        let right = next.0 == last.0 + 1 || (self.numbers_have_gaps && next > last);
        assert!(right, "{next:?} after {last:?}");
    }

    /// What the clock says from now on.
    pub(super) fn at(&self, time: i64) -> &Self {
        self.clock.store(time, Ordering::SeqCst);
        self
    }

    pub(super) fn submit<C: Change>(&self, by: impl Into<Mandate>, change: C) -> Sent<C::Outcome> {
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
        let at = Timestamp(self.clock.load(Ordering::SeqCst));
        let outcome = Arc::new(Mutex::new(None));
        let told = outcome.clone();
        let then = move |state: &mut dyn Any, outcome| {
            *told.lock().unwrap() = Some(outcome);
            *state.downcast_mut().unwrap() = ticket;
        };
        let write = Submission::new(by, None, at, change, then);
        self.store.submit(Box::new(Declared(write)));
        Sent { ticket, outcome }
    }

    /// Submits, waits, and says what came of it and what there was to tell.
    pub(super) fn write<C: Change>(
        &self,
        by: impl Into<Mandate>,
        change: C,
    ) -> (Result<C::Outcome>, Vec<RoomEvent>) {
        self.sink.wait_for(self.submit(by, change))
    }

    pub(super) fn operator<C: Change>(&self, change: C) -> Result<C::Outcome> {
        self.write(Actor::Operator, change).0
    }

    pub(super) fn by<C: Change>(&self, user: UserId, change: C) -> Result<C::Outcome> {
        self.write(Actor::User(user), change).0
    }

    pub(super) fn account(&self, login: &str) -> UserId {
        self.operator(add_account(login)).unwrap().user.id
    }

    pub(super) fn guest(&self, login: &str) -> UserId {
        self.guest_from(login, None)
    }

    pub(super) fn guest_from(&self, login: &str, address: Option<IpAddr>) -> UserId {
        let login = login.into();
        let node = None;
        let opened = self.operator(AddGuest {
            login,
            address,
            node,
        });
        opened.unwrap().user.user.id
    }

    pub(super) fn room(&self, name: &str, owner: UserId) -> RoomId {
        room_of(self.by(owner, create_room(name, RoomKind::Public)))
            .room
            .id
    }

    pub(super) fn enter(&self, user: UserId, room: RoomId) {
        self.by(user, enter(room)).unwrap();
    }

    pub(super) fn say(&self, user: UserId, room: RoomId, text: &str) -> Arc<Message> {
        self.by(user, post(room, text)).unwrap()
    }

    pub(super) fn edit(&self, user: UserId, message: MessageId, text: &str) {
        self.by(user, Edit::text(message, text)).unwrap();
    }

    pub(super) fn delete(&self, user: UserId, message: MessageId) {
        self.by(user, Delete { message }).unwrap();
    }
}

/// A write under way, by number, and where it will say what came of it.
pub(super) struct Sent<O> {
    pub(super) ticket: u64,
    outcome: Arc<Mutex<Option<Result<O>>>>,
}

pub(super) fn at(room: RoomId) -> RoomSelector {
    RoomSelector::Id(room)
}

pub(super) fn who(user: UserId) -> UserSelector {
    UserSelector::Id(user)
}

pub(super) fn enter(room: RoomId) -> EnterRoom {
    EnterRoom {
        room: at(room),
        password: None,
        named: true,
        create: false,
        numbers: true,
    }
}

pub(super) fn add_account(login: &str) -> Register {
    Register {
        login: login.into(),
        secret: Secret::Hashed("$argon2id$".into()),
        name: String::new(),
        description: "about".into(),
    }
}

pub(super) fn create_room(name: &str, kind: RoomKind) -> CreateRoom {
    CreateRoom {
        title: format!("Title of {name}"),
        description: "about".to_owned(),
        kind,
        ..CreateRoom::public(name)
    }
}

pub(super) fn post(room: RoomId, text: &str) -> commands::Send {
    commands::Send {
        text: text.into(),
        ..commands::Send::text(at(room), "")
    }
}

pub(super) fn room_of(outcome: Result<RoomOutcome>) -> Arc<RoomRow> {
    outcome.unwrap().room
}

pub(super) fn texts(messages: &[Arc<Message>]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.text.as_str())
        .collect()
}

struct Told {
    ticket: u64,
    outcome: Result<()>,
    events: Vec<RoomEvent>,
}

/// A sink that remembers what it was told.
#[derive(Default)]
pub(super) struct Recorder {
    told: Mutex<Vec<Told>>,
    more: Condvar,
    busy: AtomicBool,
    pub(super) batches: AtomicU64,
    pub(super) panics: AtomicBool,
}

impl CommitSink for Recorder {
    fn committed(&self, batch: Vec<Commit>) {
        assert!(
            !self.busy.swap(true, Ordering::SeqCst),
            "two calls at a time"
        );
        self.batches.fetch_add(1, Ordering::SeqCst);
        let told = batch.into_iter().map(|commit| {
            let (outcome, mut ticket) = (commit.outcome.clone(), 0_u64);
            commit.write.complete(commit.outcome, &mut ticket);
            Told {
                ticket,
                outcome,
                events: commit.events,
            }
        });
        let told: Vec<Told> = told.collect();
        self.told.lock().unwrap().extend(told);
        self.more.notify_all();
        self.busy.store(false, Ordering::SeqCst);
        assert!(
            !self.panics.swap(false, Ordering::SeqCst),
            "the sink panics, as the test wants"
        );
    }
}

impl Recorder {
    pub(super) fn wait_for<O>(&self, sent: Sent<O>) -> (Result<O>, Vec<RoomEvent>) {
        let (_, events) = self.wait(sent.ticket);
        let outcome = sent.outcome.lock().unwrap().take().unwrap();
        (outcome, events)
    }

    /// Whether a write holds, and what there was to tell.
    pub(super) fn wait(&self, ticket: u64) -> (Result<()>, Vec<RoomEvent>) {
        let told = self.told.lock().unwrap();
        let unheard = |told: &mut Vec<Told>| !told.iter().any(|told| told.ticket == ticket);
        let told = self.more.wait_while(told, unheard).unwrap();
        let told = told.iter().rfind(|told| told.ticket == ticket).unwrap();
        (told.outcome.clone(), told.events.clone())
    }

    pub(super) fn wait_for_count(&self, count: usize) {
        let told = self.told.lock().unwrap();
        drop(
            self.more
                .wait_while(told, |told| told.len() < count)
                .unwrap(),
        );
    }

    pub(super) fn tickets(&self) -> Vec<u64> {
        self.told
            .lock()
            .unwrap()
            .iter()
            .map(|commit| commit.ticket)
            .collect()
    }

    pub(super) fn events(&self) -> Vec<RoomEvent> {
        self.told
            .lock()
            .unwrap()
            .iter()
            .flat_map(|commit| commit.events.clone())
            .collect()
    }
}
