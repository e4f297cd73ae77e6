import { button, h } from "../shared/dom.js";
import { ask as inquire, field } from "../shared/dialog.js";
import { whole } from "../shared/time.js";
import { attempt } from "../shared/toast.js";
import { ask, path, read, readAll } from "./api.js";
import { history } from "./history.js";
import { memberTable } from "./members.js";
import { poll } from "./poll.js";

/** One room, by `#` and its number, or by its name, which leads there: what it is, who is in it, what was said. */
export function room(view, wanted) {
  const title = h("h2", { class: "title", textContent: wanted, dir: "auto" });
  const facts = h("p", { class: "muted" });
  const acts = h("div", { class: "row" });
  const members = memberTable(wanted, () => attempt(load));
  const said = history(wanted);
  let drawn = "";
  const load = async () => {
    const found = await read(path`/rooms/${wanted}`);
    if (wanted !== `#${found.id}`) return location.replace(`#room/%23${found.id}`);
    title.textContent = found.name;
    facts.textContent = factsOf(found);
    const again = () => attempt(load);
    if (drawn !== found.name) acts.replaceChildren(...(found.kind === "direct" ? [] : actsOn(wanted, found.name, again)));
    drawn = found.name;
    members.show(await readAll(path`/rooms/${wanted}/members`, "login"));
    await said.refresh();
  };
  view.append(
    h("p", {}, h("a", { href: "#rooms", textContent: "All rooms" })),
    title,
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

function actsOn(wanted, name, again) {
  return [
    button("Change title", () => change(wanted, again)),
    button("Delete room", () => remove(wanted, name), { class: "danger" }),
  ];
}

async function change(wanted, again) {
  const found = await attempt(() => read(path`/rooms/${wanted}`));
  if (!found) return;
  const { name, title, description } = found;
  const entered = await inquire({
    title: `What ${name} is called`,
    fields: [
      field("Title", { name: "title", value: title, required: true, maxLength: 100 }),
      field("Description", { tag: "textarea", name: "description", value: description ?? "", rows: 3 }),
    ],
    action: "Save",
  });
  if (!entered) return;
  await attempt(() => ask("PATCH", path`/rooms/${wanted}`, entered));
  again();
}

async function remove(wanted, name) {
  const words = "All that was said in it is gone, for everybody. This cannot be undone.";
  if (!(await inquire({ title: `Delete ${name}?`, words, action: "Delete room", danger: true }))) return;
  if (await attempt(() => ask("DELETE", path`/rooms/${wanted}`).then(() => true))) location.hash = "#rooms";
}
