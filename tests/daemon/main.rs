//! The whole gateway over real sockets, from the point of view of its specifications: what a client of each
//! dialect says, and what it and the others are told.

// Steps of a test fail like the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

mod backpressure;
mod churn;
mod clock;
mod crossings;
mod default_writers;
mod disk;
mod documents;
mod durability;
mod flavors;
mod garbage;
mod gateway_bans;
mod gateway_user;
#[cfg(feature = "http")]
mod http;
mod jim_actions;
mod jim_field_contacts;
mod jim_field_pace;
mod jim_field_rooms;
mod jim_field_spelling;
mod jim_field_together;
mod jim_limits;
mod jim_presence;
mod jim_probe;
mod jim_rooms;
mod jim_stream;
mod listeners;
mod login_floods;
mod message_pace;
mod order;
mod proxy;
mod pulse;
mod purpose_chats;
mod purpose_crossings;
mod purpose_direct;
mod purpose_durability;
mod purpose_history;
mod purpose_login;
mod purpose_malformed;
mod purpose_memory;
mod purpose_renewal;
mod purpose_sessions;
mod purpose_strangers;
mod purpose_stream;
mod purpose_window;
mod queue_total;
mod quotas;
mod random_rooms;
mod receiving;
mod reload;
mod renamed_user;
mod retention;
mod shutdown;
mod talker_app;
mod talker_connect;
mod talker_messages;
mod talker_presence;
mod talker_replay;
mod talker_rooms;
mod threads;
#[cfg(feature = "tls")]
mod tls;
mod uchat_area;
mod uchat_crossings;
mod uchat_direct;
mod uchat_download;
mod uchat_durability;
mod uchat_ends;
mod uchat_history;
mod uchat_login;
mod uchat_malformed;
mod uchat_messages;
mod uchat_roles;
mod uchat_rooms;
mod uchat_strangers;
mod uchat_twenty;
mod uchat_upload;
mod uchat_upload_refused;
mod vanishing;
mod waiting;
