import { button, h } from "../shared/dom.js";
import { ask, field, show } from "../shared/dialog.js";
import { attempt } from "../shared/toast.js";
import { signed } from "./roomlist.js";
import * as uchat from "./protocol.js";

/** Who changes what a room is: its owner and admins. */
const ADMIN = 1;

/** Asks for a new room's title and kind. Resolves to the room, or to nothing. */
export async function makeRoom(rooms) {
  const kind = (value, words, checked) =>
    h("label", { class: "choice" }, h("input", { type: "radio", name: "kind", value, checked }), words);
  const made = await ask({
    title: "New room",
    fields: [
      field("Name", { name: "title", required: true, maxLength: 100, autocomplete: "off" }),
      field("Description", { name: "description", maxLength: 1000, autocomplete: "off" }),
      h(
        "fieldset",
        {},
        h("legend", { textContent: "Who may enter" }),
        kind(uchat.ROOM.PUBLIC, "Anybody finds and enters it", true),
        kind(uchat.ROOM.PRIVATE, "Only whom you add: it is in no list", false),
      ),
    ],
    action: "Make room",
  });
  return made && attempt(() => rooms.make(made.title.trim(), made.description.trim(), Number(made.kind)));
}

/** Lets rooms be found and entered; `open` is called for the one that is. */
export function findRooms(session, rooms, open) {
  const list = h("ul", { class: "found", role: "list", "aria-label": "Found rooms" });
  const state = h("p", { class: "muted small-text", role: "status" });
  const enter = async (room) => {
    const entered = await attempt(() => rooms.join(room.id));
    if (!entered) return;
    dialog.close();
    open(entered);
  };
  const find = async () => {
    const found = await attempt(() => session.ask(uchat.findRooms(name.value.trim())));
    if (!found) return;
    list.replaceChildren(...found.map((room) => foundRoom(room, () => enter(room))));
    state.textContent = found.length === 0 ? "No other room begins like that. A new one is made by New room." : "";
  };
  const name = h("input", { type: "search", name: "name", input: find, autocomplete: "off" });
  const form = h(
    "form",
    { class: "stack", submit: (event) => event.preventDefault() },
    h("h2", { textContent: "Find rooms", id: "finding" }),
    h("label", {}, "Name begins with", name),
    state,
    list,
    h(
      "div",
      { class: "row end" },
      button("Close", () => dialog.close()),
    ),
  );
  const dialog = show(h("dialog", { "aria-labelledby": "finding" }, form));
  find();
}

function foundRoom(room, enter) {
  return h(
    "li",
    { class: "row" },
    h(
      "div",
      { class: "grow" },
      h("b", { class: "cut", textContent: room.name, dir: "auto" }),
      h("p", { class: "muted small-text cut", textContent: room.desc, dir: "auto" }),
    ),
    button("Enter", enter, { class: "small", "aria-description": room.name }),
  );
}

/** Asks whom to write to, and what. Resolves to the login once it is sent. */
export async function writePrivately(api, login) {
  const letter = await ask({
    title: "Private message",
    words: "Only the two of you see it. Who is away finds it later.",
    fields: [
      field("To", { name: "to", value: login ?? "", required: true, autocomplete: "off", autocapitalize: "none" }),
      field("Text", { tag: "textarea", name: "text", rows: 4, required: true, maxLength: 800, autofocus: Boolean(login) }),
    ],
    action: "Send privately",
  });
  if (!letter) return null;
  const sent = await attempt(async () => {
    await api.writeTo(letter.to.trim(), letter.text.trim());
    return true;
  });
  return sent ? letter.to.trim() : null;
}

/** What a room is, and what one may do with it in one's role. */
export function aboutRoom(room, role, acts) {
  const isOrdinary = room.kind !== uchat.ROOM.DIRECT;
  const mayChange = isOrdinary && role <= ADMIN;
  const then = (act) => () => {
    dialog.close();
    act(room);
  };
  const form = h(
    "form",
    { method: "dialog", class: "stack" },
    h("h2", { textContent: `About ${signed(room)}`, id: "about-room", dir: "auto" }),
    h("p", { class: "muted small-text", textContent: kindInWords(room) }),
    ...(mayChange ? changing(room) : [h("p", { textContent: room.description, dir: "auto" })]),
    h(
      "div",
      { class: "row" },
      isOrdinary ? button("Leave room", then(acts.leave)) : null,
      mayChange ? button("Clear history", then(acts.clear), { class: "danger" }) : null,
      mayChange ? button("Delete room", then(acts.remove), { class: "danger" }) : null,
    ),
    h(
      "div",
      { class: "row end" },
      button("Close", () => dialog.close()),
      mayChange ? h("button", { class: "primary", value: "save", textContent: "Save" }) : null,
    ),
  );
  const dialog = show(h("dialog", { "aria-labelledby": "about-room", "data-about": room.id }, form));
  dialog.addEventListener("close", () => {
    const entered = Object.fromEntries(new FormData(form));
    if (dialog.returnValue === "save") acts.change(room, entered.title.trim(), entered.description.trim());
  });
}

const changing = (room) => [
  field("Name", { name: "title", value: room.title, required: true, maxLength: 100 }),
  field("Description", { tag: "textarea", name: "description", value: room.description, rows: 3 }),
];

function kindInWords({ kind }) {
  if (kind === uchat.ROOM.DIRECT) return "A private conversation of two.";
  return kind === uchat.ROOM.PUBLIC ? "A public room: anybody finds and enters it." : "A private room: it is in no list.";
}
