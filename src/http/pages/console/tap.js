import { button, h } from "../shared/dom.js";
import { say } from "../shared/toast.js";
import { block } from "./block.js";
import { Stream } from "./stream.js";
import { transcript } from "./transcript.js";

/** Entries that are in view at most; all are saved. */
const SHOWN = 500;
const WAITING = "Waiting for the first frame. Whatever anybody says or is told appears here.";

/** What goes over the wire now: filtered, paused, saved. */
export function tap(view, session) {
  const list = h("ol", { class: "tap mono", "aria-label": "What happens" });
  const state = h("p", {
    class: "muted small-text",
    role: "status",
    textContent: "The tap is being opened…",
  });
  const room = h("input", { name: "room", placeholder: "every room", autocomplete: "off" });
  const number = h("input", {
    name: "session",
    placeholder: "every session",
    inputMode: "numeric",
    value: session,
    autocomplete: "off",
  });
  const wanted = h("input", { type: "search", placeholder: "any text", input: () => draw() });
  const pause = button("Pause", () => setPaused(!isPaused), { "aria-pressed": "false" });
  const form = h(
    "form",
    {
      class: "row filters",
      submit: (event) => {
        event.preventDefault();
        attach();
      },
    },
    h("label", {}, "Room", room),
    h("label", {}, "Session", number),
    h("label", {}, "Contains", wanted),
    h("button", { textContent: "Apply" }),
  );
  let stream = null;
  let isPaused = false;
  let isDue = false;

  function attach() {
    stream?.close();
    const query = new URLSearchParams();
    for (const { name, value } of [room, number]) if (value.trim()) query.set(name, value.trim());
    stream = new Stream(query);
    stream.addEventListener("entry", later);
    stream.addEventListener("state", (event) => {
      state.textContent = event.detail || WAITING;
      if (event.detail === "") later();
    });
    draw();
  }

  function later() {
    if (isDue || isPaused) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  }

  function draw() {
    const text = wanted.value.trim().toLowerCase();
    const found = stream.entries.filter((entry) => JSON.stringify(entry).toLowerCase().includes(text));
    list.replaceChildren(...found.slice(-SHOWN).map(block));
    list.scrollTop = list.scrollHeight;
    if (stream.entries.length > 0) state.textContent = `${stream.entries.length} entries, ${found.length} shown by this filter`;
  }

  function setPaused(paused) {
    isPaused = paused;
    pause.setAttribute("aria-pressed", isPaused);
    if (!isPaused) draw();
  }

  const save = button("Save transcript", () => saveFile(transcript(stream.entries)));
  view.append(h("div", { class: "row title" }, h("h2", { class: "grow", textContent: "Tap" }), pause, save), form, state, list);
  attach();
  return () => stream.close();
}

function saveFile(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  h("a", { href: url, download: "transcript.txt" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  say("The transcript is saved; tolmach replay runs it.");
}
