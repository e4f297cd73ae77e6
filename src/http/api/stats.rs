//! The figures of the console: how it went in the last hour.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::super::Site;
use super::super::authentication::OperatorOnly;
use super::document::{Api, Operation, Who};
use super::{Answer, answer};
use crate::hub::metrics::Figures;
use crate::model::{EndReason, Timestamp};
use crate::shown::time::Time;
use crate::word::Word;

/// How often they are taken.
const EVERY: Duration = Duration::from_secs(10);
/// How many are kept: an hour's.
const KEPT: usize = 60 * 60 / 10;

/// How it is, and went in the last hour.
#[derive(Serialize, ToSchema)]
struct Stats {
    /// How it is now.
    now: Now,
    /// The last hour by ten seconds, the oldest first.
    #[schema(value_type = Vec<Sample>)]
    history: VecDeque<Arc<Sample>>,
}

/// How it is now; counts are since the start.
#[derive(Serialize, ToSchema)]
struct Now {
    /// When these figures were taken.
    at: Time,
    /// Open connections by dialect.
    connections: BTreeMap<&'static str, u64>,
    /// Open sessions by dialect.
    sessions: BTreeMap<&'static str, u64>,
    /// Rooms with somebody in them.
    rooms_live: u64,
    /// Messages that were accepted.
    messages: u64,
    /// Events that were handed to sessions.
    deliveries: u64,
    /// Events that wait for sockets to take them.
    outbox_events: u64,
    /// Bytes of these events.
    outbox_bytes: u64,
    /// Writes whose outcome is not known yet.
    store_queue: u64,
    /// Bytes that came in, HTTP's too, without what TLS adds.
    received_bytes: u64,
    /// Bytes that were written, HTTP's too, without what TLS adds.
    sent_bytes: u64,
    /// Slow clients that were closed.
    slow_closed: u64,
    /// What the bus did not bring, or too late.
    bus_gaps: u64,
}

/// How it went in ten seconds.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Sample {
    /// When they were over.
    at: Time,
    /// Open connections by dialect then.
    connections: BTreeMap<&'static str, u64>,
    /// Messages that were accepted.
    messages_per_second: f64,
    /// Events that were handed to sessions.
    deliveries_per_second: f64,
    /// Seconds from a write's submission until it was durable, of half of them; none where nothing was written.
    commit_p50: Option<f64>,
    /// The same of 99 of 100.
    commit_p99: Option<f64>,
    /// Seconds from durable until the last socket was handed it, of half of them.
    delivery_p50: Option<f64>,
    /// The same of 99 of 100.
    delivery_p99: Option<f64>,
    /// Slow clients that were closed in them.
    slow_closed: u64,
    /// What the bus did not bring in them, or too late.
    bus_gaps: u64,
}

pub(super) fn requests(api: Api) -> Api {
    let show = Operation::new(Who::Operator, "How it went in the last hour")
        .replies::<Stats>(StatusCode::OK);
    api.serve(Method::GET, "/stats", show_stats, show)
}

async fn show_stats(State(site): State<Arc<Site>>, _: OperatorOnly) -> Answer<Stats> {
    let figures = site.hub.metrics();
    let of = figures.dialects.iter();
    let samples = site.samples.lock().unwrap_or_else(PoisonError::into_inner);
    answer(Stats {
        now: Now {
            at: Time(Timestamp::now()),
            connections: connections(&figures),
            sessions: of.map(|of| (of.name, of.accounts + of.guests)).collect(),
            rooms_live: figures.rooms_live,
            messages: figures.messages(),
            deliveries: figures.deliveries(),
            outbox_events: figures.outbox.events as u64,
            outbox_bytes: figures.outbox.bytes as u64,
            store_queue: figures.store_queue,
            received_bytes: figures.dialects.iter().map(|of| of.received_bytes).sum(),
            sent_bytes: figures.dialects.iter().map(|of| of.sent_bytes).sum(),
            slow_closed: slow_closed(&figures),
            bus_gaps: figures.bus.gaps,
        },
        history: samples.clone(),
    })
}

fn slow_closed(figures: &Figures) -> u64 {
    figures.closed(&Word(&EndReason::TooSlow).to_string())
}

fn connections(figures: &Figures) -> BTreeMap<&'static str, u64> {
    let mut connections = BTreeMap::new();
    for open in &figures.connections {
        *connections.entry(open.dialect).or_default() += open.open;
    }
    connections
}

/// What was taken in the last hour.
pub(in super::super) type Samples = Mutex<VecDeque<Arc<Sample>>>;

/// Takes figures as long as the site is there, which nobody holds for this.
pub(in super::super) async fn take_samples(site: Weak<Site>) {
    let mut before = None;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let at = ticks.tick().await;
        let Some(site) = site.upgrade() else { return };
        let now = site.hub.metrics();
        let (then, earlier) = before.as_ref().unwrap_or(&(at, now.clone())).clone();
        let sample = Sample::between(&earlier, &now, at - then);
        let mut samples = site.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == KEPT {
            samples.pop_front();
        }
        samples.push_back(Arc::new(sample));
        before = Some((at, now));
    }
}

impl Sample {
    fn between(before: &Figures, now: &Figures, time: Duration) -> Self {
        let rate = |before: u64, now: u64| match time.as_secs_f64() {
            seconds if seconds > 0.0 => now.saturating_sub(before) as f64 / seconds,
            _ => 0.0,
        };
        let commits = now.commit_seconds.since(&before.commit_seconds);
        let deliveries = now.delivery_seconds.since(&before.delivery_seconds);
        Self {
            at: Time(Timestamp::now()),
            connections: connections(now),
            messages_per_second: rate(before.messages(), now.messages()),
            deliveries_per_second: rate(before.deliveries(), now.deliveries()),
            commit_p50: commits.quantile(0.5),
            commit_p99: commits.quantile(0.99),
            delivery_p50: deliveries.quantile(0.5),
            delivery_p99: deliveries.quantile(0.99),
            slow_closed: slow_closed(now).saturating_sub(slow_closed(before)),
            bus_gaps: now.bus.gaps.saturating_sub(before.bus.gaps),
        }
    }
}
