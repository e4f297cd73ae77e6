import { byId, button, h } from "../shared/dom.js";
import { icon } from "../shared/icons.js";

/** Whether there is place for it beside the room; else it lies over it. */
const isBeside = matchMedia("(min-width: 60rem)");

/** The column beside the room, which shows one of several contents: each has `open(element, room)` and `close()`. */
export class Panel {
  #toggles;
  #shown = null;
  #room = null;

  /** @param {Map<string, {open, close}>} toggles contents by the ids of the buttons that show them */
  constructor(toggles) {
    this.#toggles = toggles;
    for (const id of toggles.keys()) byId(id).addEventListener("click", () => this.#toggle(id));
    byId("panel").addEventListener("keydown", (event) => event.key === "Escape" && this.#leave());
  }

  /** What is shown is from now on that of this room. */
  follow(room) {
    const shown = this.#shown;
    this.close();
    this.#room = room;
    if (room && shown === "toggle-members" && isBeside.matches) this.#toggle(shown);
  }

  close() {
    if (!this.#shown) return;
    this.#toggles.get(this.#shown).close();
    byId(this.#shown).setAttribute("aria-expanded", "false");
    byId("panel").hidden = true;
    this.#shown = null;
  }

  #leave() {
    const opener = byId(this.#shown);
    this.close();
    opener.focus();
  }

  #toggle(id) {
    const isShown = this.#shown === id;
    this.close();
    if (isShown) return;
    this.#shown = id;
    byId(id).setAttribute("aria-expanded", "true");
    const leave = button("", () => this.#leave(), { class: "plain small close", "aria-label": "Close this column" });
    leave.append(icon("close"));
    const content = h("div", { class: "panel-body stack" });
    byId("panel").replaceChildren(leave, content);
    byId("panel").hidden = false;
    if (!isBeside.matches) leave.focus();
    this.#toggles.get(id).open(content, this.#room);
  }
}
