const MILLI = 1000;

/** The figures of `/stats`: what stands in tiles, and what is plotted. */
export function figures({ now, history }) {
  return { tiles: tilesOf(now), plots: plotsOf(now, history) };
}

function tilesOf(now) {
  const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);
  const tile = (name, value, help) => ({ name, value: value.toLocaleString(), help });
  return [
    tile("Connections", sum(now.connections), "Open now"),
    tile("Sessions", sum(now.sessions), "Logged in now"),
    tile("Rooms in use", now.rooms_live, "With somebody in them"),
    tile("Messages", now.messages, "Accepted since the start"),
    tile("Deliveries", now.deliveries, "Events handed to a socket since the start"),
    tile("Waiting events", now.outbox_events, "For sockets to take them"),
    tile("Waiting writes", now.store_queue, "Whose outcome is not known yet"),
    tile("Slow clients closed", now.slow_closed, "Since the start"),
    tile("Gaps of the bus", now.bus_gaps, "Changes that it did not bring in time, since the start"),
  ];
}

function plotsOf(now, history) {
  const series = (name, value) => ({ name, points: history.map((ten) => [Date.parse(ten.at), value(ten)]) });
  const millis = (seconds) => (seconds === null ? null : seconds * MILLI);
  const dialects = [...new Set([now, ...history].flatMap(({ connections }) => Object.keys(connections)))];
  return [
    { title: "Connections", unit: "open", series: dialects.map((name) => series(name, (ten) => ten.connections[name] ?? 0)) },
    {
      title: "Messages and deliveries",
      unit: "per second",
      series: [series("messages", (ten) => ten.messages_per_second), series("deliveries", (ten) => ten.deliveries_per_second)],
    },
    {
      title: "Commit",
      unit: "milliseconds",
      series: [
        series("half take at most", (ten) => millis(ten.commit_p50)),
        series("99 of 100", (ten) => millis(ten.commit_p99)),
      ],
    },
    {
      title: "Delivery",
      unit: "milliseconds",
      series: [
        series("half take at most", (ten) => millis(ten.delivery_p50)),
        series("99 of 100", (ten) => millis(ten.delivery_p99)),
      ],
    },
    {
      title: "Trouble",
      unit: "in ten seconds",
      series: [series("slow clients closed", (ten) => ten.slow_closed), series("gaps of the bus", (ten) => ten.bus_gaps)],
    },
  ];
}
