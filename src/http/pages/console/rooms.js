import { button, h } from "../shared/dom.js";
import { ask as inquire, field } from "../shared/dialog.js";
import { whole } from "../shared/time.js";
import { attempt } from "../shared/toast.js";
import { ask, readAll } from "./api.js";
import { toRoom } from "./link.js";
import { poll } from "./poll.js";
import { Table } from "./table.js";

/** All rooms. */
export function rooms(view) {
  const table = new Table({
    name: "Rooms",
    help: "There is no room yet. New room makes one.",
    columns: [
      { title: "Room", cell: toRoom },
      { title: "Title", cell: (room) => h("span", { class: "words", textContent: room.title, dir: "auto" }) },
      { title: "Kind", cell: (room) => `${room.kind}${room.protected ? ", with a password" : ""}` },
      { title: "Members", cell: (room) => `${room.members}`, number: true },
      { title: "Since", cell: (room) => whole(new Date(room.created)) },
    ],
    key: (room) => room.id,
    text: (room) => `${room.name} ${room.title} ${room.kind}`,
  });
  const load = async () => table.show(await readAll("/rooms", "id"));
  const make = button("New room", async () => {
    await makeRoom();
    attempt(load);
  });
  view.append(h("div", { class: "row title" }, h("h2", { class: "grow", textContent: "Rooms" }), make), table.element);
  return poll(5, load);
}

async function makeRoom() {
  const room = await inquire({
    title: "New room",
    words: "You own it, until you give somebody else that role.",
    fields: [field("Name", { name: "name", required: true, maxLength: 25 }), field("Title", { name: "title", maxLength: 100 })],
    action: "Make room",
  });
  if (room) await attempt(() => ask("POST", "/rooms", { name: room.name, ...(room.title && { title: room.title }) }));
}
