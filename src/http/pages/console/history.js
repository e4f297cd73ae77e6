import { button, h } from "../shared/dom.js";
import { keepFocus } from "../shared/focus.js";
import { whole } from "../shared/time.js";
import { attempt, undoable } from "../shared/toast.js";
import { ask, path, read } from "./api.js";

/** Messages that are read at first, and more of each time. */
const PAGE = 50;
/** The most that are read at once. */
const MOST = 500;

/** What was said in a room, newest first; a search; each message can be deleted. */
export function history(room) {
  const list = h("ul", { class: "history", role: "list", "aria-label": "Messages" });
  const empty = h("p", { class: "empty", textContent: "Nothing was said here." });
  const more = button("Older messages", () => attempt(loadOlder), { hidden: true });
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
  /** Nothing is older than that. */
  let isAll = false;

  function readPage(before, limit) {
    const query = new URLSearchParams({ limit, ...(before && { before }), ...(wanted && { q: wanted }) });
    return read(path`/rooms/${room}/messages` + `?${query}`);
  }

  /** Reads again all down to the oldest that is shown: any of it may have been edited, deleted or cleared. */
  async function refresh() {
    const term = wanted;
    const limit = list.children.length > PAGE ? MOST : PAGE;
    let found = [];
    let isWhole = false;
    do {
      const page = await readPage(found.at(-1)?.id, limit);
      // A long page ends at its bytes, too.
      isWhole = page.length === 0 || (limit === PAGE && page.length < PAGE);
      found = [...found, ...page];
    } while (!isWhole && oldest !== null && found.at(-1).id > oldest);
    if (term === wanted) show(found, isWhole);
  }

  async function loadOlder() {
    const page = await readPage(oldest, PAGE);
    if (page.length > 0) oldest = page.at(-1).id;
    isAll = page.length < PAGE;
    await refresh();
    if (more.hidden) search.focus({ preventScroll: true });
  }

  function show(messages, isWhole) {
    const shown = oldest === null ? messages : messages.filter(({ id }) => id >= oldest);
    oldest = shown.at(-1)?.id ?? null;
    isAll = shown.length > 0 && (isAll || (isWhole && shown.length === messages.length));
    more.hidden = isAll || shown.length === 0;
    const kept = new Map(shown.map((message) => [message.id, placed(message)]));
    items.clear();
    kept.forEach((entry, id) => items.set(id, entry));
    const elements = shown.map(({ id }) => items.get(id).element);
    const isOther = elements.length !== list.children.length || elements.some((element, i) => element !== list.children[i]);
    if (isOther) keepFocus(list, () => list.replaceChildren(...elements), search);
    empty.hidden = elements.length > 0;
  }

  function placed(message) {
    const content = JSON.stringify(message);
    const known = items.get(message.id);
    return known?.content === content ? known : { content, element: item(room, message) };
  }

  function find(event) {
    event.preventDefault();
    wanted = search.value.trim();
    items.clear();
    list.replaceChildren();
    oldest = null;
    isAll = false;
    attempt(refresh);
  }

  return { element: h("div", { class: "stack" }, form, list, empty, more), refresh };
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
