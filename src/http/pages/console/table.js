import { h } from "../shared/dom.js";
import { keepFocus } from "../shared/focus.js";

/**
 * A table with a search above it, whose rows stay the same elements while what they show is the same.
 * @param {{name: string, help: string, columns: {title: string, cell(row): Node | string, number?: boolean}[],
 *   key(row): any, text(row): string}} description `name` names it, `help` is said while it is empty, `text` is searched
 */
export class Table {
  #is;
  #body = h("tbody");
  #empty = h("p", { class: "empty" });
  #count = h("p", { class: "muted small-text", role: "status" });
  #search;
  #rows = [];
  #shown = new Map();

  constructor(description) {
    this.#is = description;
    this.#search = h("input", {
      type: "search",
      "aria-label": `Search ${description.name.toLowerCase()}`,
      placeholder: "Search",
      input: () => this.#draw(),
    });
    const titles = description.columns.map(({ title, number }) =>
      h("th", { scope: "col", class: number ? "number" : null, textContent: title }),
    );
    const table = h("table", { "aria-label": description.name }, h("thead", {}, h("tr", {}, ...titles)), this.#body);
    this.element = h(
      "div",
      { class: "stack" },
      h("div", { class: "row" }, h("div", { class: "search" }, this.#search), this.#count),
      h("div", { class: "scroll" }, table),
      this.#empty,
    );
  }

  show(rows) {
    this.#rows = rows;
    this.#draw();
  }

  #draw() {
    const wanted = this.#search.value.trim().toLowerCase();
    const found = this.#rows.filter((row) => this.#is.text(row).toLowerCase().includes(wanted));
    const before = this.#shown;
    this.#shown = new Map(found.map((row) => [this.#is.key(row), this.#row(row, before.get(this.#is.key(row)))]));
    const elements = [...this.#shown.values()].map(({ element }) => element);
    if (elements.some((element, i) => element !== this.#body.children[i]) || elements.length !== this.#body.children.length) {
      this.#replace(before, elements);
    }
    this.#count.textContent = wanted ? `${found.length} of ${this.#rows.length}` : `${this.#rows.length}`;
    this.#empty.hidden = found.length > 0;
    this.#empty.textContent = wanted ? `Nothing here has “${wanted}” in it.` : this.#is.help;
  }

  /** Who was in a row is still there, on the last of its controls where the one that was used is gone with what it did. */
  #replace(before, elements) {
    const rows = [...before].filter(([, { element }]) => element.contains(document.activeElement));
    const [key] = rows[0] ?? [];
    const row = this.#shown.get(key)?.element;
    const last = row && [...row.querySelectorAll("a, button, select")].at(-1);
    keepFocus(this.#body, () => this.#body.replaceChildren(...elements), last ?? this.#search);
  }

  #row(row, before) {
    const content = JSON.stringify(row);
    if (before?.content === content) return before;
    const cells = this.#is.columns.map(({ cell, number }) => h("td", { class: number ? "number" : null }, cell(row)));
    return { content, element: h("tr", {}, ...cells) };
  }
}
