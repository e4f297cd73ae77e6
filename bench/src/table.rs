//! What was found, as Markdown.

use std::collections::HashMap;
use std::fmt::{self, Write};

use crate::round::Found;
use crate::shape::{Group, Shape};
use crate::subject::Subject;

/// All that was found.
#[derive(Default)]
pub(crate) struct Table {
    found: HashMap<(Subject, Shape), Vec<Found>>,
}

/// The tables, in their order: what a group is to show.
const HEADINGS: [(Group, &str); 6] = [
    (
        Group::Table,
        "The server's CPU time for a delivery: of the bare loop in µs, of the others as a ratio to the bare loop that does as much",
    ),
    (
        Group::Pairs,
        "Senders of one dialect, receivers of another: 100 rooms of 10 where one speaks, `memory:`",
    ),
    (
        Group::Rate,
        "Against the number of messages a second, in 100 rooms of 10",
    ),
    (
        Group::Members,
        "Against the size of a room (rooms × members), 20,000 deliveries a second",
    ),
    (
        Group::Rooms,
        "Against the number of rooms (rooms × members), 5,000 messages a second",
    ),
    (
        Group::Durable,
        "Messages that are kept: how many a second; ms until half, and 99 %, of them were known to be; the server's CPU-µs for each",
    ),
];

impl Table {
    /// One measurement more.
    pub(crate) fn add(&mut self, subject: Subject, shape: Shape, found: Found) {
        self.found.entry((subject, shape)).or_default().push(found);
    }

    /// The median of what all rounds found.
    pub(crate) fn median(
        &self,
        subject: Subject,
        shape: Shape,
        of: impl Fn(&Found) -> f64,
    ) -> Option<f64> {
        median(self.found.get(&(subject, shape))?.iter().map(of))
    }

    /// The shapes of a group that anybody was measured under.
    pub(crate) fn shapes(&self, group: Group) -> Vec<Shape> {
        let is_found = |shape: &Shape| self.found.keys().any(|(_, other)| other == shape);
        let shapes = Shape::all().filter(|shape| shape.load().group == group);
        shapes.filter(is_found).collect()
    }

    /// Those who were measured in a group.
    pub(crate) fn subjects(&self, group: Group) -> Vec<Subject> {
        let is_found = |subject: &Subject| {
            self.found
                .keys()
                .any(|(other, shape)| other == subject && shape.load().group == group)
        };
        Subject::all().filter(is_found).collect()
    }

    /// The median of the ratios to the bare loop's cost in the same round.
    fn ratio(&self, subject: Subject, shape: Shape) -> Option<f64> {
        let own = self.found.get(&(subject, shape))?;
        let bare = self.found.get(&(subject.yardstick(), shape))?;
        let both = own.iter().zip(bare);
        median(both.map(|(own, bare)| own.cost / bare.cost))
    }

    fn cell(&self, subject: Subject, shape: Shape) -> Option<String> {
        if shape.load().group == Group::Idle {
            let bytes = self.median(subject, shape, |found| found.bytes)?;
            return Some(format!("{:.1} KB", bytes / 1000.0));
        }
        if shape.load().group == Group::Durable {
            let of = |of: fn(&Found) -> f64| self.median(subject, shape, of);
            return Some(format!(
                "{:.0}/s; {:.2}, {:.2} ms; {:.1} µs",
                of(|found| found.rate)?,
                of(|found| found.accepted[0])?,
                of(|found| found.accepted[1])?,
                of(|found| found.cost)?,
            ));
        }
        let behind = match self.median(subject, shape, |found| found.behind)? {
            some if some >= 0.01 => format!(", {:.0} % behind", some * 100.0),
            _ => String::new(),
        };
        let ratio = self.ratio(subject, shape);
        Some(match ratio.filter(|_| subject.yardstick() != subject) {
            Some(ratio) => format!("{ratio:.2}{behind}"),
            None => {
                let cost = self.median(subject, shape, |found| found.cost)?;
                format!("{cost:.2} µs{behind}")
            }
        })
    }

    fn group(&self, f: &mut String, group: Group) -> fmt::Result {
        let mut shapes = self.shapes(group);
        if group == Group::Table {
            shapes.extend(self.shapes(Group::Idle));
        }
        let mut subjects = self.subjects(group);
        if group == Group::Table && subjects.is_empty() {
            subjects = self.subjects(Group::Idle);
        }
        let titles = shapes.iter().map(|shape| shape.load().title);
        writeln!(f, "| | {} |", titles.collect::<Vec<_>>().join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(shapes.len()))?;
        for subject in subjects {
            let cells = shapes
                .iter()
                .map(|shape| self.cell(subject, *shape).unwrap_or_default());
            writeln!(
                f,
                "| {subject} | {} |",
                cells.collect::<Vec<_>>().join(" | ")
            )?;
        }
        writeln!(f)
    }

    /// All that was found of each, to see what is behind a ratio.
    fn details(&self, f: &mut String) -> fmt::Result {
        f.write_str(
            "| | load | messages/s | CPU-µs a delivery | p50, p99 ms | accepted p50, p99 ms | server's core | load's core | load's µs a delivery |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        )?;
        for subject in Subject::all() {
            for shape in Shape::all().filter(|shape| shape.load().group != Group::Idle) {
                if !self.found.contains_key(&(subject, shape)) {
                    continue;
                }
                let of =
                    |of: fn(&Found) -> f64| self.median(subject, shape, of).unwrap_or_default();
                writeln!(
                    f,
                    "| {subject} | {shape} | {:.0} | {:.2} | {:.2}, {:.2} | {:.2}, {:.2} | {:.0} % | {:.0} % | {:.2} |",
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
        }
        Ok(())
    }

    /// All of it; `plots` tells what to show below the table of a group.
    ///
    /// # Errors
    /// None: what is written to is a text.
    pub(crate) fn markdown(&self, plots: impl Fn(Group) -> String) -> Result<String, fmt::Error> {
        let mut text = String::new();
        for (group, heading) in HEADINGS {
            let is_found = |group| !self.shapes(group).is_empty();
            if is_found(group) || (group == Group::Table && is_found(Group::Idle)) {
                writeln!(text, "### {heading}\n")?;
                self.group(&mut text, group)?;
                text.push_str(&plots(group));
            }
        }
        text.push_str("### All figures\n\n");
        self.details(&mut text)?;
        Ok(text)
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some((values[low] + values[high]) / 2.0)
}
