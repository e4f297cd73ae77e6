//! Families of metrics as they are written: a name, a help, a type, and one sample for each set of labels.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::hub::metrics::Distribution;

/// Where families are written to, one after the other.
pub(super) struct Families<'a>(DescriptorEncoder<'a>);

/// Values, each with its labels.
pub(super) trait Values<L>: IntoIterator<Item = (L, u64)> {}

impl<L, I: IntoIterator<Item = (L, u64)>> Values<L> for I {}

impl<'a> Families<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// What does not change: one sample, `NAME_info`.
    pub(super) fn info(
        &mut self,
        name: &str,
        help: &str,
        labels: &impl EncodeLabelSet,
    ) -> fmt::Result {
        let mut metric = self
            .0
            .encode_descriptor(name, help, None, MetricType::Info)?;
        metric.encode_info(labels)
    }

    /// What only rises: `NAME_total`.
    pub(super) fn counter<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Values<L>,
    ) -> fmt::Result {
        self.family(name, help, None, MetricType::Counter, values)
    }

    /// Bytes, of which there are only ever more: `NAME_bytes_total`.
    pub(super) fn bytes_counter<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Values<L>,
    ) -> fmt::Result {
        self.family(name, help, Some(&Unit::Bytes), MetricType::Counter, values)
    }

    /// What rises and falls.
    pub(super) fn gauge<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Values<L>,
    ) -> fmt::Result {
        self.family(name, help, None, MetricType::Gauge, values)
    }

    /// Bytes, now more, now less: `NAME_bytes`.
    pub(super) fn bytes_gauge<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Values<L>,
    ) -> fmt::Result {
        self.family(name, help, Some(&Unit::Bytes), MetricType::Gauge, values)
    }

    /// What bears just this name.
    pub(super) fn unknown<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Values<L>,
    ) -> fmt::Result {
        self.family(name, help, None, MetricType::Unknown, values)
    }

    /// Writes a histogram of times in seconds, named `NAME_seconds`.
    pub(super) fn seconds(&mut self, name: &str, help: &str, values: &Distribution) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        let metric = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Histogram)?;
        distribution(metric, values)
    }

    /// Writes a histogram of sizes, which have no unit.
    pub(super) fn histogram(
        &mut self,
        name: &str,
        help: &str,
        values: &Distribution,
    ) -> fmt::Result {
        let metric = self
            .0
            .encode_descriptor(name, help, None, MetricType::Histogram)?;
        distribution(metric, values)
    }

    /// One value in seconds, whole or not: `NAME_seconds`, of a counter `NAME_seconds_total`.
    pub(super) fn time(
        &mut self,
        name: &str,
        help: &str,
        of: MetricType,
        seconds: f64,
    ) -> fmt::Result {
        let mut metric = self
            .0
            .encode_descriptor(name, help, Some(&Unit::Seconds), of)?;
        match of {
            MetricType::Counter => metric.encode_counter::<NoLabelSet, _, f64>(&seconds, None),
            _ => metric.encode_gauge(&seconds),
        }
    }

    fn family<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        of: MetricType,
        values: impl Values<L>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, unit, of)?;
        for (labels, value) in values {
            let mut sample = metric.encode_family(&labels)?;
            match of {
                MetricType::Counter => sample.encode_counter::<NoLabelSet, _, f64>(&value, None)?,
                _ => sample.encode_gauge(&value)?,
            }
        }
        Ok(())
    }
}

fn distribution(mut metric: MetricEncoder<'_>, values: &Distribution) -> fmt::Result {
    let bounds = values.bounds.iter().copied().chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(values.counts.iter().copied()).collect();
    metric.encode_histogram::<NoLabelSet>(values.sum, values.count(), &buckets, None)
}
