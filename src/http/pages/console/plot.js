import { h } from "../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** Its units are about pixels: on a telephone's width there are fewer, so that words stay as large. */
const isNarrow = matchMedia("(max-width: 45rem)");
const HEIGHT = 220;
const EDGE = { left: 52, right: 28, top: 12, bottom: 30 };
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
/** Lines are told apart by their dashes and marks, with any colours. */
const DASHES = ["", "7 4", "2 3", "9 3 2 3", "1 5"];
const MARKS = ["circle", "square", "triangle", "diamond", "cross"];
const SHAPES = {
  circle: "M-3.500 0a3.500 3.500 0 1 0 7 0a3.500 3.500 0 1 0-7 0",
  square: "M-3 -3h6v6h-6z",
  triangle: "M0 -4l4 7h-8z",
  diamond: "M0 -4.500l4.500 4.500-4.500 4.500-4.500-4.500z",
  cross: "M-3.500 -3.500l7 7M3.500 -3.500l-7 7",
};
const SPAN = 3_600_000;

/**
 * A plot of the last hour.
 * @param {{title: string, unit: string, series: {name: string, points: [number, number | null][]}[]}} plot points are times, in
 *   milliseconds, with values in the unit; null where there was nothing to measure
 */
export function plot({ title, unit, series }, until = Date.now()) {
  const from = until - SPAN;
  const shown = series.map(({ name, points }) => ({ name, points: points.filter(([time]) => time >= from) }));
  const most = nice(Math.max(0, ...shown.flatMap(({ points }) => points.map(([, value]) => value ?? 0))));
  const width = isNarrow.matches ? 340 : 560;
  const x = (time) => EDGE.left + ((time - from) / SPAN) * (width - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - (value / most) * (HEIGHT - EDGE.top - EDGE.bottom);
  const svg = draw("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": `${title}, ${unit}. ${inWords(shown, unit)}`,
    class: "plot",
  });
  svg.append(...axes(from, until, most, x, y), ...shown.flatMap(({ points }, i) => line(points, i, x, y)));
  return h(
    "figure",
    { class: "plot-card" },
    h("figcaption", {}, h("b", { textContent: title }), h("span", { class: "muted small-text", textContent: ` ${unit}` })),
    svg,
    h("ul", { class: "legend", role: "list" }, ...shown.map((one, i) => entry(one, i, unit))),
  );
}

function axes(from, until, most, x, y) {
  const parts = [];
  for (let i = 0; i <= 4; i += 1) {
    const value = (most / 4) * i;
    parts.push(draw("path", { d: `M${EDGE.left} ${y(value)}H${x(until)}`, class: "grid" }));
    parts.push(text(EDGE.left - 6, y(value) + 4, short(value), "end"));
  }
  const step = SPAN / (isNarrow.matches ? 3 : 6);
  for (let time = Math.ceil(from / step) * step; time <= until; time += step) {
    parts.push(draw("path", { d: `M${x(time)} ${HEIGHT - EDGE.bottom}v5`, class: "grid" }));
    parts.push(text(x(time), HEIGHT - EDGE.bottom + 18, CLOCK.format(time), "middle"));
  }
  return parts;
}

function line(points, index, x, y) {
  const place = ([time, value]) => `${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
  const ways = runs(points).map((run) => `M${run.map(place).join("L")}`);
  const path = draw("path", { d: ways.join(""), class: `series s${index}`, "stroke-dasharray": DASHES[index % DASHES.length] });
  return [path, ...marked(points).map(([time, value]) => mark(index, x(time), y(value)))];
}

/** The points without those that have no value, in pieces that are whole. */
function runs(points) {
  const all = [[]];
  for (const point of points) {
    if (point[1] === null) all.push([]);
    else all.at(-1).push(point);
  }
  return all.filter((run) => run.length > 0);
}

/** The points that bear a mark: some on the way, and those that stand alone. */
function marked(points) {
  const shown = points.filter(([, value]) => value !== null);
  const every = Math.max(1, Math.ceil(shown.length / 6));
  const some = shown.filter((_, i) => (shown.length - 1 - i) % every === 0);
  const alone = runs(points)
    .filter((run) => run.length === 1)
    .flat();
  return [...new Set([...some, ...alone])];
}

function mark(index, x, y) {
  return draw("path", {
    d: SHAPES[MARKS[index % MARKS.length]],
    class: `mark s${index}`,
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
  });
}

function entry({ name, points }, index, unit) {
  const sample = draw("svg", { viewBox: "0 0 40 12", class: "sample", "aria-hidden": "true" });
  sample.append(
    draw("path", { d: "M0 6H40", class: `series s${index}`, "stroke-dasharray": DASHES[index % DASHES.length] }),
    mark(index, 20, 6),
  );
  const last = points.findLast(([, value]) => value !== null);
  return h(
    "li",
    { class: "row" },
    sample,
    name,
    h("b", { textContent: last ? short(last[1]) : "–" }),
    h("span", { class: "unseen", textContent: unit }),
  );
}

function inWords(series, unit) {
  const one = ({ name, points }) => {
    const values = points.map(([, value]) => value).filter((value) => value !== null);
    if (values.length === 0) return `${name}: nothing yet`;
    return `${name}: now ${short(values.at(-1))}, at most ${short(Math.max(...values))}`;
  };
  return `Last hour, ${unit}: ${series.map(one).join("; ")}.`;
}

/** The next value above that an axis can be divided by. */
function nice(value) {
  const scale = 10 ** Math.floor(Math.log10(value || 1));
  return ([1, 2, 4, 8, 10].find((step) => step * scale >= value) ?? 10) * scale;
}

function short(value) {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  return Number(value.toPrecision(3)).toString();
}

function text(x, y, words, anchor) {
  const element = draw("text", { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "") element.setAttribute(key, value);
  return element;
}
