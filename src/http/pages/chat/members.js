import { button, h } from "../shared/dom.js";
import { ask } from "../shared/dialog.js";
import { attempt } from "../shared/toast.js";
import * as uchat from "./protocol.js";

/** How often presence is asked for while it is shown, in milliseconds. */
const AGAIN = 15_000;
const PRESENCES = ["online", "idle"];

/** Who is in the open room, with what can be done about them. */
export class Members {
  #app;
  #room;
  #list = h("ul", { class: "members", role: "list", "aria-label": "Members" });
  #timer = null;
  #presence = new Map();

  constructor(app) {
    this.#app = app;
  }

  open(panel, room) {
    this.#room = room;
    panel.append(h("h2", { textContent: "Members" }), this.#list);
    this.refresh();
    this.#timer = setInterval(() => !document.hidden && this.refresh(), AGAIN);
  }

  close() {
    clearInterval(this.#timer);
  }

  async refresh() {
    const { people, api } = this.#app;
    await attempt(async () => {
      const members = await people.ofRoom(this.#room.id);
      this.#show(members);
      if (this.#room.id === uchat.GATEWAY_ROOM) return;
      const present = await api.members(this.#room.id);
      this.#presence = new Map(present.map(({ login, presence }) => [login, presence]));
      this.#show(members);
    });
  }

  #show(members) {
    const own = members.find((member) => member.id === this.#app.session.userId);
    const order = (member) => (PRESENCES.indexOf(this.#presenceOf(member)) + 3) % 3;
    const sorted = members.toSorted((a, b) => order(a) - order(b) || a.login.localeCompare(b.login));
    const focused = document.activeElement?.dataset.act;
    this.#list.replaceChildren(...sorted.map((member) => this.#item(member, own)));
    if (focused) this.#list.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  #presenceOf({ login }) {
    const presence = this.#presence.get(login);
    return PRESENCES.includes(presence) ? presence : "away";
  }

  #item(member, own) {
    const presence = this.#presenceOf(member);
    const isSelf = member.id === own?.id;
    const words = [isSelf ? "you" : null, presence, uchat.ROLES[member.type]].filter(Boolean).join(", ");
    return h(
      "li",
      { class: "member" },
      h("span", { class: `presence ${presence}`, "aria-hidden": "true" }),
      h(
        "div",
        { class: "grow" },
        h("b", { class: "cut", textContent: member.login, dir: "auto" }),
        h("p", { class: "muted small-text cut", textContent: words }),
      ),
      isSelf || member.id === 0 ? null : this.#write(member),
      isSelf || !this.#mayBan(member, own) ? null : this.#ban(member),
    );
  }

  #mayBan(member, own) {
    return own !== undefined && own.type <= 1 && member.type !== 0 && this.#room.kind !== uchat.ROOM.DIRECT;
  }

  #write({ login }) {
    const properties = { class: "small", "data-act": `write-${login}`, "aria-description": `to ${login}` };
    return button("Private message", () => this.#app.writeTo(login), properties);
  }

  #ban({ id, login }) {
    const act = async () => {
      const words = `${login} is taken out of ${this.#room.title} and cannot come back until the ban is lifted.`;
      if (!(await ask({ title: `Ban ${login}?`, words, action: "Ban", danger: true, about: this.#room.id }))) return;
      await attempt(() => this.#app.session.ask(uchat.ban(this.#room.id, id)));
      this.refresh();
    };
    return button("Ban", act, { class: "small danger", "data-act": `ban-${login}`, "aria-description": login });
  }
}
