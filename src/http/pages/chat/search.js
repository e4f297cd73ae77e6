import { button, h } from "../shared/dom.js";
import { whole } from "../shared/time.js";
import { attempt } from "../shared/toast.js";
import { isFile, rich } from "./text.js";
import * as uchat from "./protocol.js";

/** Looks for texts in the open room, and shows what is found in its place. */
export class Search {
  #app;
  #room;
  #input = h("input", { type: "search", name: "text", "aria-label": "Search for", placeholder: "Part of a message" });
  #state = h("p", { class: "muted small-text", role: "status" });
  #hits = h("ul", { class: "hits", role: "list", "aria-label": "Found messages" });

  constructor(app) {
    this.#app = app;
  }

  open(panel, room) {
    this.#room = room;
    const form = h(
      "form",
      { class: "row", role: "search", submit: (event) => this.#submit(event) },
      h("div", { class: "grow" }, this.#input),
      h("button", { textContent: "Go" }),
    );
    this.#input.value = "";
    this.#say("Finds messages that contain a text, in any case, back to the beginning.");
    panel.append(h("h2", { textContent: "Search" }), form, this.#state, this.#hits);
    this.#input.focus();
  }

  close() {
    this.#app.timeline.highlight("");
  }

  #say(words) {
    this.#state.textContent = words;
    this.#hits.replaceChildren();
  }

  async #submit(event) {
    event.preventDefault();
    const term = this.#input.value.trim();
    if (term === "") return;
    const found = await attempt(() => this.#app.session.ask(uchat.search(this.#room.id, term)));
    if (found === undefined) return;
    const more = found.length >= uchat.PAGE ? "The newest " : "";
    this.#say(found.length === 0 ? `Nobody said “${term}” here. Try a shorter part of it.` : `${more}${found.length} found`);
    this.#hits.append(...found.map((message) => this.#hit(message, term)));
    this.#app.timeline.highlight(term);
  }

  #hit(message, term) {
    const text = isFile(message) ? message.file_name : message.message;
    const entry = button("", () => this.#app.showHit(message.message_id), { class: "plain hit" });
    entry.append(
      h(
        "span",
        { class: "row small-text" },
        h("b", { textContent: this.#app.people.nameOf(message.user_id) }),
        h("span", { class: "muted", textContent: whole(message.date) }),
      ),
      h("span", { class: "excerpt", dir: "auto" }, ...rich(excerpt(text, term), term)),
    );
    return h("li", {}, entry);
  }
}

/** The part of a text around what was searched for. */
function excerpt(text, term) {
  const at = Math.max(text.toLowerCase().indexOf(term.toLowerCase()) - 40, 0);
  return `${at > 0 ? "…" : ""}${text.slice(at, at + 160)}`;
}
