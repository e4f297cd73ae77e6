//! What was found, as Markdown.

use std::collections::HashMap;
use std::fmt;

use crate::round::Found;
use crate::shape::Shape;
use crate::subject::Subject;

/// All that was found.
pub(crate) struct Table {
    shapes: Vec<Shape>,
    subjects: Vec<Subject>,
    found: HashMap<(Subject, Shape), Vec<Found>>,
}

impl Table {
    /// A table of these columns and rows.
    pub(crate) fn new(shapes: &[Shape], subjects: &[Subject]) -> Self {
        Self {
            shapes: shapes.to_vec(),
            subjects: subjects.to_vec(),
            found: HashMap::new(),
        }
    }

    /// One measurement more.
    pub(crate) fn add(&mut self, subject: Subject, shape: Shape, found: Found) {
        self.found.entry((subject, shape)).or_default().push(found);
    }

    /// The median of what all rounds found.
    fn median(&self, subject: Subject, shape: Shape, of: impl Fn(&Found) -> f64) -> Option<f64> {
        median(self.found.get(&(subject, shape))?.iter().map(of))
    }

    /// The median of the ratios to the bare loop's cost in the same round.
    fn ratio(&self, subject: Subject, shape: Shape) -> Option<f64> {
        let own = self.found.get(&(subject, shape))?;
        let bare = self.found.get(&(subject.yardstick(), shape))?;
        let both = own.iter().zip(bare);
        median(both.map(|(own, bare)| own.cost / bare.cost))
    }

    fn cell(&self, subject: Subject, shape: Shape) -> Option<String> {
        let behind = self.median(subject, shape, |found| found.behind)?;
        let behind = match behind {
            some if some >= 0.01 => format!(", {:.0} % behind", some * 100.0),
            _ => String::new(),
        };
        let is_bare = subject.yardstick() == subject;
        let ratio = self.ratio(subject, shape).filter(|_| !is_bare);
        Some(match ratio {
            Some(ratio) => format!("{ratio:.2}{behind}"),
            None => {
                let cost = self.median(subject, shape, |found| found.cost)?;
                format!("{cost:.2} µs{behind}")
            }
        })
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = self.shapes.iter().map(|shape| shape.title());
        writeln!(f, "| |{}|", titles.collect::<Vec<_>>().join("|"))?;
        writeln!(f, "|---|{}", "---|".repeat(self.shapes.len()))?;
        for subject in &self.subjects {
            let cells = self.shapes.iter().map(|shape| {
                self.cell(*subject, *shape)
                    .unwrap_or_else(|| "–".to_owned())
            });
            writeln!(f, "|{subject}|{}|", cells.collect::<Vec<_>>().join("|"))?;
        }
        writeln!(f)?;
        self.details(f)
    }
}

impl Table {
    fn details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "| |load|messages/s|CPU-µs a delivery|p50, p99 ms|accepted p50, p99 ms|server's core|load's core|load's µs a delivery|\n\
             |---|---|---|---|---|---|---|---|---|\n",
        )?;
        for (subject, shape) in self
            .subjects
            .iter()
            .flat_map(|subject| self.shapes.iter().map(move |shape| (*subject, *shape)))
        {
            let of = |of: fn(&Found) -> f64| self.median(subject, shape, of).unwrap_or(f64::NAN);
            if !self.found.contains_key(&(subject, shape)) {
                continue;
            }
            writeln!(
                f,
                "|{subject}|{shape}|{:.0}|{:.2}|{:.2}, {:.2}|{:.2}, {:.2}|{:.0} %|{:.0} %|{:.2}|",
                of(|found| found.rate),
                of(|found| found.cost),
                of(|found| found.latency[0]),
                of(|found| found.latency[1]),
                of(|found| found.accepted[0]),
                of(|found| found.accepted[1]),
                of(|found| found.busy * 100.0),
                of(|found| found.own_busy * 100.0),
                of(|found| found.own_cost),
            )?;
        }
        Ok(())
    }
}
