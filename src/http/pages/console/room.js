import { button, h } from "../shared/dom.js";
import { ask as inquire, field } from "../shared/dialog.js";
import { whole } from "../shared/time.js";
import { attempt } from "../shared/toast.js";
import { ask, path, read } from "./api.js";
import { history } from "./history.js";
import { memberTable } from "./members.js";
import { poll } from "./poll.js";

/** One room: what it is, who is in it, what was said. */
export function room(view, name) {
  const facts = h("p", { class: "muted" });
  const acts = h("div", { class: "row" });
  const members = memberTable(name, () => attempt(load));
  const said = history(name);
  const load = async () => {
    const found = await read(path`/rooms/${name}`);
    facts.textContent = factsOf(found);
    acts.replaceChildren(...(name.startsWith("@") ? [] : actsOn(found, () => attempt(load))));
    members.show(await read(path`/rooms/${name}/members`));
    await said.refresh();
  };
  view.append(
    h("p", {}, h("a", { href: "#rooms", textContent: "All rooms" })),
    h("h2", { class: "title", textContent: name, dir: "auto" }),
    facts,
    acts,
    h(
      "div",
      { class: "columns" },
      h("section", { class: "stack" }, h("h3", { textContent: "Members" }), members.element),
      h("section", { class: "stack" }, h("h3", { textContent: "History" }), said.element),
    ),
  );
  return poll(4, load);
}

function factsOf({ id, title, description, kind, members, created }) {
  const about = [title, description]
    .filter(Boolean)
    .map((text) => `“${text}”`)
    .join(", ");
  return `Number ${id}, ${kind}, ${members} members, since ${whole(new Date(created))}. ${about}`;
}

function actsOn(found, again) {
  return [button("Change title", () => change(found, again)), button("Delete room", () => remove(found), { class: "danger" })];
}

async function change({ name, title, description }, again) {
  const entered = await inquire({
    title: `What ${name} is called`,
    fields: [
      field("Title", { name: "title", value: title, required: true, maxLength: 100 }),
      field("Description", { tag: "textarea", name: "description", value: description ?? "", rows: 3 }),
    ],
    action: "Save",
  });
  if (!entered) return;
  await attempt(() => ask("PATCH", path`/rooms/${name}`, entered));
  again();
}

async function remove({ name }) {
  const words = "All that was said in it is gone, for everybody. This cannot be undone.";
  if (!(await inquire({ title: `Delete ${name}?`, words, action: "Delete room", danger: true }))) return;
  if (await attempt(() => ask("DELETE", path`/rooms/${name}`).then(() => true))) location.hash = "#rooms";
}
