//! docs/performance.md: what was found goes between two marks, the prose around them stays; its plots lie beside it.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;
use tolmach_reliability::Outcome;

use crate::round::Found;
use crate::shape::{Group, Load};
use crate::table::Table;

/// Where what was found begins.
const BEGIN: &str = "<!-- bench/run writes from here -->\n";
/// Where it ends.
const END: &str = "<!-- to here -->\n";

/// A plot: of a group, from a value of its loads to one of what was found.
struct Plot {
    file: &'static str,
    group: Group,
    title: &'static str,
    x_title: &'static str,
    x: fn(&Load) -> f64,
    y: fn(&Found) -> f64,
    /// Whether the y axis is logarithmic.
    is_wide: bool,
}

const PLOTS: [Plot; 4] = [
    Plot {
        file: "cost-against-rate.svg",
        group: Group::Rate,
        title: "CPU-µs of the server for a delivery, 100 rooms of 10",
        x_title: "messages/s",
        x: rate,
        y: |found| found.cost,
        is_wide: false,
    },
    Plot {
        file: "latency-against-rate.svg",
        group: Group::Rate,
        title: "ms until 99 % of deliveries came, 100 rooms of 10",
        x_title: "messages/s",
        x: rate,
        y: |found| found.latency[1],
        is_wide: true,
    },
    Plot {
        file: "cost-against-members.svg",
        group: Group::Members,
        title: "CPU-µs of the server for a delivery, 20,000 deliveries/s",
        x_title: "members of a room",
        x: |load| load.members as f64,
        y: |found| found.cost,
        is_wide: false,
    },
    Plot {
        file: "cost-against-rooms.svg",
        group: Group::Rooms,
        title: "CPU-µs of the server for a delivery, 5,000 messages/s",
        x_title: "rooms of 2",
        x: |load| load.rooms as f64,
        y: |found| found.cost,
        is_wide: false,
    },
];

fn rate(load: &Load) -> f64 {
    match load.pace {
        tolmach_load::Pace::PerSecond(rate) | tolmach_load::Pace::InFlight(rate) => rate.into(),
    }
}

/// Writes what was found, with a line that tells when and where, into a document and a directory `performance` beside it.
///
/// # Errors
/// The document has no marks, or cannot be written.
pub(crate) fn write(table: &Table, document: &Path, conditions: &str) -> Outcome<()> {
    let text = std::fs::read_to_string(document)?;
    let marks = text.find(BEGIN).zip(text.find(END));
    let (begin, end) =
        marks.ok_or_else(|| format!("{} lacks {BEGIN:?} or {END:?}", document.display()))?;
    let plots = document.with_file_name("performance");
    std::fs::create_dir_all(&plots)?;
    for plot in &PLOTS {
        if !table.shapes(plot.group).is_empty() {
            draw(plot, table, &plots.join(plot.file))?;
        }
    }
    let found = table.markdown(|group| {
        let of_group = PLOTS.iter().filter(|plot| plot.group == group);
        of_group
            .map(|plot| format!("![{}](performance/{})\n\n", plot.title, plot.file))
            .collect()
    })?;
    let (before, after) = (&text[..begin + BEGIN.len()], &text[end..]);
    std::fs::write(
        document,
        format!("{before}\n{conditions}\n\n{found}\n{after}"),
    )?;
    Ok(())
}

/// A line for each who was measured in the group.
fn draw(plot: &Plot, table: &Table, file: &Path) -> Outcome<()> {
    let lines: Vec<_> = table
        .subjects(plot.group)
        .into_iter()
        .map(|subject| {
            let points = table.shapes(plot.group).into_iter().filter_map(|shape| {
                let y = table.median(subject, shape, plot.y)?;
                Some(((plot.x)(shape.load()), y))
            });
            (subject, points.collect::<Vec<_>>())
        })
        .collect();
    let all = || lines.iter().flat_map(|(_, points)| points);
    let (x, y) = (
        around(all().map(|point| point.0)),
        around(all().map(|point| point.1)),
    );
    let area = SVGBackend::new(file, (900, 500)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut builder = ChartBuilder::on(&area);
    builder
        .caption(plot.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60);
    // Axes of other kinds are other types.
    macro_rules! chart {
        ($y:expr) => {{
            let mut chart = builder.build_cartesian_2d(x.log_scale(), $y)?;
            chart.configure_mesh().x_desc(plot.x_title).draw()?;
            for (place, (subject, points)) in lines.into_iter().enumerate() {
                let color = Palette99::pick(place).stroke_width(2);
                chart
                    .draw_series(LineSeries::new(points, color).point_size(3))?
                    .label(subject.to_string().replace('`', ""))
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperRight)
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK)
                .draw()?;
        }};
    }
    match plot.is_wide {
        true => chart!(y.log_scale()),
        false => chart!(0.0..y.end),
    }
    area.present()?;
    Ok(())
}

/// From a little below the least to a little above the most.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    least.clamp(1e-3, most) * 0.9..most * 1.1
}
