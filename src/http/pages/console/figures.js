/** Figures of the console out of the answer of `/stats`: what stands in tiles, and what is plotted. */
export function figures({ samples }) {
  const series = (name, value) => ({ name, points: samples.map((sample) => [Date.parse(sample.time), value(sample)]) });
  const dialects = Object.keys(samples.at(-1)?.connections ?? {});
  const last = samples.at(-1);
  return {
    tiles: [
      ...dialects.map((dialect) => ({ name: dialect, value: `${last.connections[dialect]}`, help: "open connections" })),
    ],
    plots: [
      { title: "Connections", unit: "open", series: dialects.map((dialect) => series(dialect, (sample) => sample.connections[dialect])) },
      { title: "Messages and deliveries", unit: "per second", series: [series("messages", (s) => s.messages), series("deliveries", (s) => s.deliveries)] },
      { title: "Commit", unit: "milliseconds", series: [series("p50", (s) => s.commit_p50 * 1000), series("p99", (s) => s.commit_p99 * 1000)] },
      { title: "Delivery", unit: "milliseconds", series: [series("p50", (s) => s.delivery_p50 * 1000), series("p99", (s) => s.delivery_p99 * 1000)] },
    ],
  };
}
