import { button, h } from "../shared/dom.js";
import { whole } from "../shared/time.js";
import { attempt, undoable } from "../shared/toast.js";
import { ask, path, read } from "./api.js";

/** Messages that are read at once. */
const PAGE = 50;

/** What was said in a room, newest first; a search; each message can be deleted. */
export function history(room) {
  const list = h("ul", { class: "history", role: "list", "aria-label": "Messages" });
  const empty = h("p", { class: "empty", textContent: "Nothing was said here." });
  const more = button("Older messages", () => attempt(() => load(oldest)));
  const search = h("input", { type: "search", "aria-label": "Search messages", placeholder: "Search" });
  const form = h(
    "form",
    { class: "row", role: "search", submit: find },
    h("div", { class: "grow" }, search),
    h("button", { textContent: "Go" }),
  );
  const items = new Map();
  let wanted = "";
  let oldest = null;

  async function load(before) {
    const query = new URLSearchParams({ limit: PAGE, ...(before && { before }), ...(wanted && { q: wanted }) });
    const page = await read(path`/rooms/${room}/messages` + `?${query}`);
    if (page.length > 0 && (oldest === null || before)) oldest = page.at(-1).id;
    if (before) more.hidden = page.length < PAGE;
    page.forEach(place);
    const sorted = [...items.keys()].sort((a, b) => b - a);
    const elements = sorted.map((id) => items.get(id).element);
    if (elements.some((element, i) => element !== list.children[i])) list.replaceChildren(...elements);
    empty.hidden = sorted.length > 0;
  }

  function place(message) {
    const content = JSON.stringify(message);
    if (items.get(message.id)?.content !== content) items.set(message.id, { content, element: item(room, message) });
  }

  function find(event) {
    event.preventDefault();
    wanted = search.value.trim();
    items.clear();
    list.replaceChildren();
    oldest = null;
    more.hidden = false;
    attempt(() => load(null));
  }

  return { element: h("div", { class: "stack" }, form, list, empty, more), refresh: () => load(null) };
}

function item(room, message) {
  const { id, from, time, kind, text, updated, deleted, file } = message;
  const said = deleted
    ? "deleted"
    : [file && `[file] ${file.name}`, kind === "emote" ? `/me ${text}` : text].filter(Boolean).join("\n");
  const element = h(
    "li",
    {},
    h(
      "p",
      { class: "row" },
      h("b", { textContent: from, dir: "auto" }),
      h("span", {
        class: "muted small-text grow",
        textContent: `${whole(new Date(time))}${updated && !deleted ? ", edited" : ""}`,
      }),
      deleted
        ? null
        : button("Delete", () => remove(room, id, element), {
            class: "small danger plain",
            "aria-description": `${from}: ${said}`,
          }),
    ),
    h("p", { class: deleted ? "said muted" : "said", textContent: said, dir: "auto" }),
  );
  return element;
}

function remove(room, id, element) {
  element.classList.add("leaving");
  const restore = () => element.classList.remove("leaving");
  const send = () => ask("DELETE", path`/rooms/${room}/messages/${id}`).finally(restore);
  undoable("Message deleted", send, restore);
}
