//! The figures of the console: how it went in the last hour.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::super::Site;
use super::super::authentication::OperatorOnly;
use super::document::{Api, Operation, Who};
use super::{Answer, answer};
use crate::hub::Hub;
use crate::hub::metrics::Figures;
use crate::model::{EndReason, Timestamp};
use crate::shown::time::Time;
use crate::word::Word;

/// How often they are taken.
const EVERY: Duration = Duration::from_secs(5);
/// For how long they are kept.
const KEPT: usize = 60 * 60 / 5;

/// Figures of the last hour.
#[derive(Serialize, ToSchema)]
struct Stats {
    /// One for each five seconds, the oldest first.
    #[schema(value_type = Vec<Sample>)]
    samples: VecDeque<Arc<Sample>>,
}

/// How it was at a moment, and went in the five seconds before.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Sample {
    /// The moment.
    time: Time,
    /// Open connections by dialect.
    connections: BTreeMap<String, u64>,
    /// Open sessions.
    sessions: u64,
    /// Rooms with somebody in them.
    rooms_live: u64,
    /// Messages a second.
    messages: f64,
    /// Events handed to sessions, a second.
    deliveries: f64,
    /// Seconds from a write's submission until it was durable, of half of them; none where nothing was written.
    commit_p50: Option<f64>,
    /// The same of 99 of 100.
    commit_p99: Option<f64>,
    /// Seconds from durable until the last socket was handed it, of half of them.
    delivery_p50: Option<f64>,
    /// The same of 99 of 100.
    delivery_p99: Option<f64>,
    /// Slow clients that were closed since the start.
    slow_closed: u64,
    /// What the bus did not bring, or too late, since the start.
    bus_gaps: u64,
}

pub(super) fn requests(api: Api) -> Api {
    let show = Operation::new(Who::Operator, "How it went in the last hour")
        .replies::<Stats>(StatusCode::OK);
    api.serve(Method::GET, "/stats", show_stats, show)
}

async fn show_stats(State(site): State<Arc<Site>>, _: OperatorOnly) -> Answer<Stats> {
    let samples = site.samples.lock().unwrap_or_else(PoisonError::into_inner);
    answer(Stats {
        samples: samples.clone(),
    })
}

/// What was taken in the last hour.
pub(in super::super) type Samples = Mutex<VecDeque<Arc<Sample>>>;

/// Takes figures as long as the site is there.
pub(in super::super) async fn take_samples(hub: Hub, site: Weak<Site>) {
    let mut before = (Instant::now(), hub.metrics());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let at = ticks.tick().await;
        let Some(site) = site.upgrade() else { return };
        let now = hub.metrics();
        let sample = Sample::between(&before.1, &now, at - before.0);
        let mut samples = site.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == KEPT {
            samples.pop_front();
        }
        samples.push_back(Arc::new(sample));
        before = (at, now);
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
        let mut connections = BTreeMap::new();
        for open in &now.connections {
            *connections.entry(open.dialect.to_owned()).or_default() += open.open;
        }
        Self {
            time: Time(Timestamp::now()),
            connections,
            sessions: now.dialects.iter().map(|of| of.accounts + of.guests).sum(),
            rooms_live: now.rooms_live,
            messages: rate(before.messages(), now.messages()),
            deliveries: rate(before.deliveries(), now.deliveries()),
            commit_p50: commits.quantile(0.5),
            commit_p99: commits.quantile(0.99),
            delivery_p50: deliveries.quantile(0.5),
            delivery_p99: deliveries.quantile(0.99),
            slow_closed: now.closed(&Word(&EndReason::TooSlow).to_string()),
            bus_gaps: now.bus.gaps,
        }
    }
}
