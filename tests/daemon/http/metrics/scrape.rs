//! Scrapes of a gateway, and what changed between two.

use std::collections::BTreeSet;

use super::exposition::{Exposition, Format};
use crate::http::Http;
use crate::support::Daemon;

/// What the gateway shows now.
pub(super) async fn scraped(daemon: &Daemon, format: Format) -> Exposition {
    let accept = match format {
        Format::Prometheus => "Accept: text/plain",
        Format::OpenMetrics => "Accept: application/openmetrics-text",
    };
    let answer = Http::connect(daemon).await.get("/metrics", &[accept]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    Exposition::read(answer.text(), format)
}

/// By how much a value rose; what was not there before was 0.
pub(super) fn change(
    before: &Exposition,
    after: &Exposition,
    name: &str,
    labels: &[(&str, &str)],
) -> f64 {
    let of = |shown: &Exposition| shown.value(name, labels).unwrap_or(0.0);
    of(after) - of(before)
}

/// The metrics that a text names, a histogram's by its family.
pub(super) fn metrics(text: &str) -> BTreeSet<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_word(letter));
    let named = words.filter(|word| {
        let process = [
            "process_cpu",
            "process_re",
            "process_vi",
            "process_op",
            "process_ma",
            "process_st",
            "process_th",
        ];
        word.starts_with("tolmach_") || process.iter().any(|name| word.starts_with(name))
    });
    let family = |word: &str| {
        let histograms = [
            "tolmach_commit_seconds",
            "tolmach_commit_writes",
            "tolmach_delivery_seconds",
        ];
        let of = histograms.iter().find(|name| word.starts_with(**name));
        of.map_or(word, |name| *name).to_owned()
    };
    named.map(family).collect()
}
