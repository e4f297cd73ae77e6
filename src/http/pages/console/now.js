import { h } from "../shared/dom.js";
import { read } from "./api.js";
import { figures } from "./figures.js";
import { plot } from "./plot.js";
import { poll } from "./poll.js";

/** How it goes: the figures of now, and of the last hour. */
export function now(view) {
  const tiles = h("dl", { class: "tiles" });
  const plots = h("div", { class: "plots" });
  view.append(h("h2", { class: "title", textContent: "Now" }), tiles, plots);
  return poll(5, async () => {
    const shown = figures(await read("/stats"));
    tiles.replaceChildren(...shown.tiles.map(({ name, value, help }) => tile(name, value, help)));
    plots.replaceChildren(...shown.plots.map((one) => plot(one)));
  });
}

function tile(name, value, help) {
  return h(
    "div",
    { class: "tile", title: help },
    h("dt", { class: "muted small-text", textContent: name }),
    h("dd", { textContent: value }),
  );
}
