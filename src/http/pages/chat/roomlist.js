import { byId, h } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { ROOM } from "./protocol.js";

/** Shows the rooms one is in; `open` is called for the one that is chosen. */
export function showRooms(rooms, opened, open) {
  const focused = document.activeElement?.dataset.room;
  byId("rooms").replaceChildren(...rooms.all.map((room) => item(room, room.id === opened?.id, open)));
  byId("no-rooms").hidden = rooms.all.length > 0;
  document.title = rooms.unread > 0 ? `(${rooms.unread}) tolmach` : "tolmach";
  if (focused) byId("rooms").querySelector(`[data-room="${focused}"]`)?.focus();
}

/** A room's title with the sign of its kind. */
export const signed = ({ kind, title }) => `${{ [ROOM.DIRECT]: "@", [ROOM.PUBLIC]: "#" }[kind] ?? ""}${title}`;

function item(room, isOpen, open) {
  const entry = h(
    "button",
    {
      type: "button",
      class: "plain room-entry",
      "aria-current": isOpen ? "true" : null,
      "data-room": room.id,
      click: () => open(room),
    },
    kindSign(room),
    h("span", { class: "grow cut", textContent: room.title, dir: "auto" }),
    unread(room),
  );
  return h("li", {}, entry);
}

function kindSign({ kind }) {
  if (kind === ROOM.DIRECT) return icon("letter");
  const sign = h("span", { class: "sign", textContent: kind === ROOM.PUBLIC ? "#" : "◆", "aria-hidden": "true" });
  return kind === ROOM.PUBLIC ? sign : h("span", {}, sign, h("span", { class: "unseen", textContent: "private " }));
}

function unread({ unread: count }) {
  if (count === 0) return null;
  return h("span", { class: "badge" }, count > 99 ? "99+" : `${count}`, h("span", { class: "unseen", textContent: " unread" }));
}
