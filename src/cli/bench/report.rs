//! What came of a load, for a person and for a program.

use hdrhistogram::Histogram;
use serde_json::json;
use tolmach_load::Measured;

use super::super::failure::Outcome;
use super::super::output::Output;
use super::BenchArgs;

/// What is told of latencies: the heading, and the part of all that took no longer.
const PARTS: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// The first step of the histogram, in µs; each other is twice the one before.
const FIRST_STEP: u64 = 62;

/// How long the longest bar is.
const BAR: f64 = 40.0;

/// Prints what was measured, as a table and a histogram or as JSON.
pub(super) fn print(args: &BenchArgs, measured: &Measured<()>, out: &mut Output) -> Outcome<()> {
    match args.json {
        true => out.json(&object(args, measured)),
        false => lines(args, measured)
            .iter()
            .try_for_each(|line| out.line(line)),
    }
}

fn object(args: &BenchArgs, measured: &Measured<()>) -> serde_json::Value {
    let latencies = |histogram: &Histogram<u64>| {
        let parts = PARTS.map(|(name, part)| (name.to_owned(), json!(ms(histogram, part))));
        serde_json::Map::from_iter(parts)
    };
    let seconds = measured.time.as_secs_f64();
    json!({
        "dialect": args.dialect,
        "rooms": args.rooms,
        "senders": args.senders,
        "receivers": args.receivers,
        "size": args.size,
        "seconds": seconds,
        "messages": measured.messages,
        "messages_per_second": measured.messages as f64 / seconds,
        "deliveries": measured.deliveries,
        "deliveries_per_second": measured.deliveries as f64 / seconds,
        "behind": measured.behind(),
        "heard": latencies(&measured.latency),
        "accepted": latencies(&measured.accepted),
    })
}

fn lines(args: &BenchArgs, measured: &Measured<()>) -> Vec<String> {
    let seconds = measured.time.as_secs_f64();
    let row =
        |name: &str, count: u64| format!("{name:<12}{count:>12}{:>14.0}/s", count as f64 / seconds);
    let pace = match args.rate {
        Some(rate) => format!("{rate} messages/s"),
        None => format!("{} under way for each sender", args.in_flight),
    };
    let mut lines = vec![
        format!(
            "{}: {} rooms, {} senders, {} receivers, {} bytes, {pace}, {seconds:.1} s",
            args.dialect, args.rooms, args.senders, args.receivers, args.size
        ),
        String::new(),
        row("messages", measured.messages),
        row("deliveries", measured.deliveries),
    ];
    if measured.behind() >= 0.01 {
        let part = measured.behind() * 100.0;
        lines.push(format!("{part:.0} % of what was due came later than that"));
    }
    let headings = PARTS.map(|(name, _)| format!("{name:>10}"));
    lines.push(String::new());
    lines.push(format!("{:<12}{}", "ms", headings.concat()));
    for (name, histogram) in [
        ("accepted", &measured.accepted),
        ("heard", &measured.latency),
    ] {
        let values = PARTS.map(|(_, part)| format!("{:>10.2}", ms(histogram, part)));
        lines.push(format!("{name:<12}{}", values.concat()));
    }
    lines.push(String::new());
    lines.extend(bars(&measured.latency));
    lines
}

/// How many of the deliveries took how long, in steps that double.
fn bars(histogram: &Histogram<u64>) -> Vec<String> {
    let all = histogram.len().max(1) as f64;
    let steps = histogram.iter_log(FIRST_STEP, 2.0);
    let steps = steps.map(|step| (step.value_iterated_to(), step.count_since_last_iteration()));
    let mut steps: Vec<_> = steps.skip_while(|(_, count)| *count == 0).collect();
    while steps.last().is_some_and(|(_, count)| *count == 0) {
        steps.pop();
    }
    let most = steps.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let line = |(end, count): (u64, u64)| {
        let length = (count as f64 / most as f64 * BAR).ceil() as usize;
        let (to, part) = ((end + 1) as f64 / 1000.0, count as f64 * 100.0 / all);
        format!("to {to:>9.2} ms {part:>6.2} % {}", "█".repeat(length))
    };
    steps.into_iter().map(line).collect()
}

/// The time in ms within which this part of all came.
fn ms(histogram: &Histogram<u64>, part: f64) -> f64 {
    histogram.value_at_quantile(part) as f64 / 1000.0
}
