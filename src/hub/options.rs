//! What a hub is told of its configuration.

use std::time::Duration;

use crate::setters::setters;

/// What a hub is told of its configuration.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// What the gateway calls itself: something to see, without control characters and those that turn the direction of text.
    pub name: String,
    /// Anybody may make an account; else only the operator.
    pub open_registration: bool,
    /// Clients without an account are let in.
    pub guests: bool,
    /// Entering a room that does not exist makes it.
    pub create_on_join: bool,
    /// A session token unused for so long is gone.
    pub session_life: Duration,
    /// From a broken connection to absent.
    pub grace: Duration,
    /// For how long rooms keep messages that say nothing of it themselves; zero: for ever.
    pub keep: Duration,
    /// Failed logins a minute, by account and address (of IPv6 one /64) together; 0: no limit.
    pub failed_logins: u32,
    /// Passwords from one address (of IPv6 one /64) that wait for their turn to be hashed; 0: no limit.
    pub passwords_waiting: u32,
    /// Accounts and guests an hour from one address (of IPv6 one /64); 0: no limit.
    pub registrations_per_hour: u32,
    /// Rooms an hour that one user makes, direct ones not counted, and all guests of one address; 0: no limit.
    pub rooms_made_per_hour: u32,
    /// The least characters of a new password that comes in clear.
    pub password_min: usize,
    /// Bytes of the events that wait for all connections together, over which the one that most waits for is ended; 0: no
    /// limit.
    pub queue_total_bytes: usize,
    /// In how many rooms a user may be; 0: no limit.
    pub rooms_per_user: u64,
    /// How many members a room may have; 0: no limit.
    pub members_per_room: u64,
    /// Bytes that stay free on the disk of the store and on that of the files; where less is free, what would take more
    /// is [`Error::Unavailable`](crate::model::Error::Unavailable). 0: none.
    pub disk_free: u64,
}

impl Default for Options {
    /// As the gateway is configured where nothing is said: `tolmach`, open to all, 30 s of grace.
    fn default() -> Self {
        Self {
            name: "tolmach".to_owned(),
            open_registration: true,
            guests: true,
            create_on_join: true,
            session_life: Duration::from_secs(90 * 24 * 3600),
            grace: Duration::from_secs(30),
            keep: Duration::ZERO,
            failed_logins: 10,
            passwords_waiting: 1000,
            registrations_per_hour: 0,
            rooms_made_per_hour: 0,
            password_min: 8,
            queue_total_bytes: 256 * 1024 * 1024,
            rooms_per_user: 1000,
            members_per_room: 0,
            disk_free: 0,
        }
    }
}

setters! {
    Options {
        name: impl Into<String>,
        open_registration: bool,
        guests: bool,
        create_on_join: bool,
        session_life: Duration,
        grace: Duration,
        keep: Duration,
        failed_logins: u32,
        passwords_waiting: u32,
        registrations_per_hour: u32,
        rooms_made_per_hour: u32,
        password_min: usize,
        queue_total_bytes: usize,
        rooms_per_user: u64,
        members_per_room: u64,
        disk_free: u64,
    }
}
