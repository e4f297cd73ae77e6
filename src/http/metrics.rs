//! `/metrics`: what is counted, as Prometheus reads it. docs/metrics.md says what each is.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::registry::Registry;

use super::Site;
use super::authentication::OperatorOnly;
use super::family::Families;
use super::problem::Problem;
use super::process::Process;
use crate::hub::Hub;
use crate::hub::metrics::{DialectFigures, Figures};
use crate::model::Error;
use crate::word::Word;

/// What stands before the names of all that is the gateway's own.
const PREFIX: &str = "tolmach";

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus' text format, 0.0.4.
    Prometheus,
    /// The text format of OpenMetrics 1.0.0, with units and a line at its end.
    OpenMetrics,
}

impl Format {
    /// OpenMetrics where it is asked for, and plain text is not preferred.
    fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter();
        let accepted = accepted.filter_map(|value| value.to_str().ok());
        let ranges: Vec<(String, f32)> = accepted
            .flat_map(|value| value.split(','))
            .map(preference)
            .collect();
        let best = |media: &str| {
            let of = ranges.iter().filter(|(range, _)| range == media);
            of.map(|(_, quality)| *quality).fold(0.0, f32::max)
        };
        let open = best("application/openmetrics-text");
        match open > 0.0 && open >= best("text/plain") {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }
}

/// A media range of `Accept`, and how much it is wanted.
fn preference(range: &str) -> (String, f32) {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    let quality = quality.map_or(Ok(1.0), str::parse);
    (media, quality.unwrap_or(0.0))
}

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/metrics", get(metrics))
}

/// Whoever may read it: anybody, or operators alone.
struct Reader;

impl FromRequestParts<Arc<Site>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<Site>,
    ) -> Result<Self, Self::Rejection> {
        if !site.said().options.metrics {
            OperatorOnly::from_request_parts(parts, site).await?;
        }
        Ok(Self)
    }
}

async fn metrics(State(site): State<Arc<Site>>, _: Reader, headers: HeaderMap) -> Response {
    let format = Format::of(&headers);
    let hub = site.hub.clone();
    // The system is asked for files and memory, which may take it a while.
    let written = tokio::task::spawn_blocking(move || write(&hub, format)).await;
    match written {
        Ok(Ok(text)) => ([(CONTENT_TYPE, format.content_type())], text).into_response(),
        Ok(Err(_)) | Err(_) => Problem::from(Error::Internal).into_response(),
    }
}

/// All metrics at this moment.
fn write(hub: &Hub, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Process::read()));
    let own = registry.sub_registry_with_prefix(PREFIX);
    let figures = hub.metrics();
    own.register_collector(Box::new(Collected { figures, format }));
    let mut written = String::new();
    match format {
        Format::Prometheus => prometheus_text::encode(&mut written, &registry)?,
        Format::OpenMetrics => text::encode(&mut written, &registry)?,
    }
    Ok(written)
}

/// Figures on their way into a text.
#[derive(Debug)]
struct Collected {
    figures: Figures,
    format: Format,
}

impl Collector for Collected {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut families = Families::new(encoder);
        self.connections(&mut families)?;
        self.dialects(&mut families)?;
        self.commands(&mut families)?;
        self.flow(&mut families)
    }
}

impl Collected {
    fn connections(&self, families: &mut Families<'_>) -> fmt::Result {
        let figures = &self.figures;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        families.info("build", "Which tolmach it is.", &version)?;
        let open = figures.connections.iter().map(|one| {
            let listener = one.listener.as_deref().unwrap_or_default();
            ([("listener", listener), ("dialect", one.dialect)], one.open)
        });
        let help = "Connections that are open.";
        families.gauge("connections", help, open)?;
        let sessions = figures.dialects.iter().flat_map(|of| {
            let by_kind = [("account", of.accounts), ("guest", of.guests)];
            by_kind.map(|(kind, count)| ([("dialect", of.name), ("kind", kind)], count))
        });
        families.gauge("sessions", "Sessions that are open.", sessions)?;
        let came = self.by_dialect(|of| of.connections);
        let help = "Connections that came, those that were refused too.";
        match self.format {
            Format::Prometheus => families.counter("connections", help, came)?,
            // As a counter, its family would have the name of the connections that are open.
            Format::OpenMetrics => families.unknown("connections_total", help, came)?,
        }
        let closes = figures.dialects.iter().flat_map(|of| {
            let closes = of.closes.iter();
            closes.map(|one| ([("dialect", of.name), ("reason", &*one.reason)], one.count))
        });
        let help = "Connections that closed or were refused, by the reason in the log.";
        families.counter("closes", help, closes)
    }

    fn dialects(&self, families: &mut Families<'_>) -> fmt::Result {
        let help = "Frames that came in, bad ones too.";
        let frames = self.by_dialect(|of| of.frames_received);
        families.counter("frames_received", help, frames)?;
        let help = "Frames that came in and could not be understood.";
        let bad = self.by_dialect(|of| of.frames_bad);
        families.counter("frames_bad", help, bad)?;
        let help = "Bytes that came in, without what TLS adds.";
        let received = self.by_dialect(|of| of.received_bytes);
        families.bytes_counter("received", help, received)?;
        let help = "Bytes that were written, without what TLS adds.";
        let sent = self.by_dialect(|of| of.sent_bytes);
        families.bytes_counter("sent", help, sent)?;
        let own = self.figures.own_messages;
        let own = (own > 0).then_some(([("dialect", NONE)], own));
        let messages = self.by_dialect(|of| of.messages).chain(own);
        families.counter("messages", "Messages that were accepted.", messages)?;
        let help = "Events whose frames were handed to one socket, echoes too.";
        let deliveries = self.by_dialect(|of| of.deliveries);
        families.counter("deliveries", help, deliveries)?;
        let logins = self.figures.dialects.iter().flat_map(|of| {
            let logins = of.logins.iter();
            logins.map(|one| ([("dialect", of.name), ("outcome", one.outcome)], one.count))
        });
        let help = "Logins, by what became of them.";
        families.counter("logins", help, logins)
    }

    fn commands(&self, families: &mut Families<'_>) -> fmt::Result {
        let commands = self.figures.commands.iter().map(|of| {
            let labels = [("command", &*of.command), ("outcome", of.outcome)];
            (labels, of.count)
        });
        let help = "Commands, by what became of them.";
        families.counter("commands", help, commands)?;
        let translations = self.figures.translations.iter().map(|of| {
            let labels = [
                ("from", of.from.unwrap_or(NONE).to_owned()),
                ("to", of.to.to_owned()),
                ("meaning", Word(of.meaning).to_string()),
                ("level", of.level.as_str().to_owned()),
            ];
            (labels, of.count)
        });
        let help = "Events that were translated, once for each form that somebody read.";
        families.counter("translations", help, translations)
    }

    fn flow(&self, families: &mut Families<'_>) -> fmt::Result {
        let figures = &self.figures;
        let help = "Rooms with somebody in them.";
        families.gauge("rooms_live", help, one(figures.rooms_live))?;
        let help = "Events that wait for sockets to take them.";
        families.gauge("outbox_events", help, one(figures.outbox.events as u64))?;
        let help = "Bytes that wait for sockets to take them.";
        families.bytes_gauge("outbox", help, one(figures.outbox.bytes as u64))?;
        let help = "From a write's submission until it is durable.";
        families.seconds("commit", help, &figures.commit_seconds)?;
        let help = "Writes in one transaction.";
        families.histogram("commit_writes", help, &figures.commit_writes)?;
        let help = "Writes whose outcome is not known yet.";
        families.gauge("store_queue", help, one(figures.store_queue))?;
        let help = "How often a database in another process was asked something in order to write.";
        families.counter("store_round_trips", help, one(figures.store_round_trips))?;
        let help = "From durable until the last socket was handed its frames.";
        families.seconds("delivery", help, &figures.delivery_seconds)?;
        let bus = figures.bus;
        let help = "Envelopes that this node published on the bus.";
        families.counter("bus_published", help, one(bus.published))?;
        let help = "Envelopes that this node heard from others.";
        families.counter("bus_received", help, one(bus.received))?;
        let help = "Envelopes that were not published: the bus was away, or too slow.";
        families.counter("bus_dropped", help, one(bus.dropped))?;
        let help = "Changes of rooms that the bus did not bring in time, read from the store.";
        families.counter("bus_gaps", help, one(bus.gaps))
    }

    fn by_dialect<'a>(
        &'a self,
        count: impl Fn(&DialectFigures) -> u64 + 'a,
    ) -> impl Iterator<Item = ([(&'static str, &'a str); 1], u64)> {
        let dialects = self.figures.dialects.iter();
        dialects.map(move |of| ([("dialect", of.name)], count(of)))
    }
}

/// What no session of this node caused.
const NONE: &str = "none";

/// The one of a family.
fn one(value: u64) -> [([(&'static str, &'static str); 0], u64); 1] {
    [([], value)]
}
