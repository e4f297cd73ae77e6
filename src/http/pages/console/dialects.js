import { button, h } from "../shared/dom.js";
import { show } from "../shared/dialog.js";
import { seconds } from "../shared/time.js";
import { read } from "./api.js";
import { Pairs } from "./pairs.js";
import { poll } from "./poll.js";
import { Stream } from "./stream.js";

const LEVELS = { native: "●", rendered: "◐", partial: "◔", dropped: "–", refused: "✕" };
const LEGEND =
  "● native · ◐ said in words · ◔ in part · – left out · ✕ refused. The number: how often since the start. A cell shows its last translations since this page was opened.";

/** What becomes of each meaning in each dialect, and how often it did. */
export function dialects(view) {
  const pairs = new Pairs();
  const stream = new Stream(new URLSearchParams());
  stream.addEventListener("entry", (event) => pairs.take(event.detail));
  const body = h("tbody");
  const head = h("tr");
  const table = h("table", { class: "matrix", "aria-label": "Translations" }, h("thead", {}, head), body);
  view.append(
    h("h2", { class: "title", textContent: "Dialects" }),
    h("p", { class: "muted small-text", textContent: LEGEND }),
    h("div", { class: "scroll" }, table),
  );
  let drawn = "";
  const stop = poll(3, async () => {
    const rows = await read("/dialects");
    const now = JSON.stringify(rows);
    if (now !== drawn) draw(head, body, rows, (row) => open(pairs, row));
    drawn = now;
  });
  return () => {
    stop();
    stream.close();
  };
}

function draw(head, body, rows, open) {
  const focused = document.activeElement?.dataset.cell;
  const names = [...new Set(rows.map(({ dialect }) => dialect))];
  const meanings = Map.groupBy(rows, ({ meaning }) => meaning);
  head.replaceChildren(
    h("th", { scope: "col", textContent: "In the hub" }),
    ...names.map((name) => h("th", { scope: "col", textContent: name })),
  );
  body.replaceChildren(
    ...[...meanings.values()].map((cells) => {
      const of = (name) => cells.find(({ dialect }) => dialect === name);
      return h(
        "tr",
        {},
        h("th", { scope: "row", textContent: cells[0].name }),
        ...names.map((name) => h("td", {}, cell(of(name), open))),
      );
    }),
  );
  if (focused) body.querySelector(`[data-cell="${focused}"]`)?.focus();
}

function cell(row, open) {
  const words = `${row.name} in ${row.dialect}: ${row.level}, ${row.count} times`;
  const entry = button("", () => open(row), {
    class: "plain small cell",
    "aria-label": words,
    title: row.says,
    "data-cell": `${row.meaning}-${row.dialect}`,
  });
  entry.append(
    h("span", { class: `level ${row.level}`, textContent: LEVELS[row.level] }),
    h("span", { class: "count", textContent: `${row.count}` }),
  );
  return entry;
}

function open(pairs, row) {
  const found = pairs.of(row.meaning, row.dialect);
  const help = "None was seen since this page was opened. It fills while people talk.";
  const list = found.length === 0 ? [h("p", { class: "muted", textContent: help })] : found.map(pairBlock);
  const close = button("Close", () => dialog.close());
  const dialog = show(
    h(
      "dialog",
      { class: "wide", "aria-labelledby": "cell-title" },
      h(
        "div",
        { class: "stack" },
        h("h2", { id: "cell-title", tabIndex: -1, autofocus: true, textContent: `${row.name} in ${row.dialect}` }),
        h("p", { textContent: row.says || "It is left out." }),
        ...list,
        h("div", { class: "row end" }, close),
      ),
    ),
  );
}

function pairBlock({ time, from, to, said, told }) {
  const lines = (frames) => h("pre", { class: "frames", textContent: frames.map((frame) => frame.join("\n")).join("\n") });
  return h(
    "section",
    { class: "stack pair" },
    h("p", { class: "muted small-text", textContent: seconds(new Date(time)) }),
    h("h3", { textContent: `> ${from}` }),
    lines(said),
    h("h3", { textContent: `< ${to}` }),
    lines(told),
  );
}
