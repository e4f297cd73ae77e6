//! A strict reader of both text formats: what it does not know is a fault.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Prometheus,
    OpenMetrics,
}

/// A whole answer, in which each family was there once, after its HELP and TYPE.
pub(super) struct Exposition {
    pub(super) text: String,
    samples: BTreeMap<(String, Labels), f64>,
    families: BTreeMap<String, String>,
}

type Labels = Vec<(String, String)>;

impl Exposition {
    pub(super) fn read(text: &str, format: Format) -> Self {
        let mut shown = Self {
            text: text.to_owned(),
            samples: BTreeMap::new(),
            families: BTreeMap::new(),
        };
        assert!(text.ends_with('\n'));
        let mut lines: Vec<&str> = text.lines().collect();
        if format == Format::OpenMetrics {
            assert_eq!(lines.pop(), Some("# EOF"));
        }
        let mut current: Option<(String, String)> = None;
        let mut helped = None;
        for line in lines {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(help.len() > 3, "{line}");
                helped = Some(name.to_owned());
                current = None;
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, of) = rest.split_once(' ').unwrap();
                assert_eq!(helped.as_deref(), Some(name), "{line}");
                let before = shown.families.insert(name.to_owned(), of.to_owned());
                assert_eq!(before, None, "{line}");
                current = Some((name.to_owned(), of.to_owned()));
            } else if let Some(rest) = line.strip_prefix("# UNIT ") {
                let (name, unit) = rest.split_once(' ').unwrap();
                assert_eq!(format, Format::OpenMetrics);
                assert!(name.ends_with(&format!("_{unit}")), "{line}");
                assert!(current.as_ref().is_some_and(|(of, _)| of == name), "{line}");
            } else {
                let (family, of) = current.as_ref().unwrap_or_else(|| panic!("{line}"));
                shown.sample(line, family, of, format);
            }
        }
        shown.check_histograms();
        shown
    }

    fn sample(&mut self, line: &str, family: &str, of: &str, format: Format) {
        let (name, labels, value) = parts(line);
        let suffix = name
            .strip_prefix(family)
            .unwrap_or_else(|| panic!("{line}"));
        let suffixes: &[&str] = match (of, format) {
            ("counter", Format::OpenMetrics) => &["_total"],
            ("counter", Format::Prometheus) => {
                assert!(name.ends_with("_total"), "{line}");
                &[""]
            }
            ("info", _) => &["_info"],
            ("gauge" | "unknown", _) => &[""],
            ("histogram", _) => &["_bucket", "_sum", "_count"],
            _ => panic!("{of}"),
        };
        assert!(suffixes.contains(&suffix), "{line}");
        assert!(value >= 0.0 && value.is_finite(), "{line}");
        let before = self.samples.insert((name, labels), value);
        assert_eq!(before, None, "{line}");
    }

    /// Buckets rise, and the last of them is the count.
    fn check_histograms(&self) {
        let histograms = self.families.iter().filter(|(_, of)| *of == "histogram");
        for (family, _) in histograms {
            let bucket = format!("{family}_bucket");
            let buckets = self.samples.iter().filter(|((name, _), _)| *name == bucket);
            let mut buckets: Vec<(f64, f64)> = buckets
                .map(|((_, labels), count)| {
                    let [(name, bound)] = &labels[..] else {
                        panic!("{labels:?}");
                    };
                    assert_eq!(name, "le");
                    let bound = match bound.as_str() {
                        "+Inf" => f64::INFINITY,
                        bound => bound.parse().unwrap(),
                    };
                    (bound, *count)
                })
                .collect();
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{family}");
            let (bound, all) = buckets.last().unwrap();
            assert_eq!(*bound, f64::INFINITY, "{family}");
            assert_eq!(self.value(&format!("{family}_count"), &[]), Some(*all));
            let sum = self.value(&format!("{family}_sum"), &[]).unwrap();
            assert_eq!(sum > 0.0, *all > 0.0, "{family}");
        }
    }

    /// A sample's value.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter();
        let mut labels: Labels = labels
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        labels.sort();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }

    /// The names of all samples; of a histogram, the family's.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let names = self.samples.keys().map(|(name, _)| self.family_of(name));
        names.collect()
    }

    fn family_of(&self, name: &str) -> String {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
            let family = name.strip_suffix(suffix)?;
            (self.families.get(family)? == "histogram").then_some(family)
        });
        histogram.unwrap_or(name).to_owned()
    }

    /// The labels of a metric's samples but for `le`, the same of each; none where it has no sample.
    pub(super) fn labels(&self, name: &str) -> Option<BTreeSet<String>> {
        let of = self
            .samples
            .keys()
            .filter(|(sample, _)| self.family_of(sample) == name);
        let mut all = of.map(|(_, labels)| {
            let names = labels.iter().map(|(name, _)| name.clone());
            names.filter(|name| name != "le").collect::<BTreeSet<_>>()
        });
        let first = all.next()?;
        assert!(all.all(|other| other == first), "{name}");
        Some(first)
    }
}

/// A sample's name, labels in the order of their names, and value.
fn parts(line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
        None => (series, ""),
    };
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_')
    };
    assert!(is_name(name), "{line}");
    let all = labels.split(',').filter(|label| !label.is_empty());
    let mut labels: Labels = all
        .map(|label| {
            let (name, value) = label.split_once('=').unwrap();
            let value = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            let value = value.unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(name) && !value.contains(['"', '\\']), "{line}");
            (name.to_owned(), value.to_owned())
        })
        .collect();
    labels.sort();
    (name.to_owned(), labels, value)
}
