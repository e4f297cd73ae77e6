import { byId, button, h } from "./dom.js";

/** How long what can be undone waits, in milliseconds. */
const UNDO = 5000;
/** How long words stay, in milliseconds. */
const STAY = 7000;

/** What waits for its time to be done. */
const waiting = new Set();

/** Says something at the page's edge. */
export function say(words, { bad = false } = {}) {
  const toast = place(
    words,
    bad,
    button("Dismiss", () => toast.remove(), { class: "plain small" }),
  );
  setTimeout(() => toast.remove(), STAY);
}

/** Says what went wrong in the words of the error. */
export const complain = (error) => say(error.message, { bad: true });

/** Runs what may fail; its words are shown. */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Says what was done, and offers to undo it. */
export function done(words, undo) {
  const toast = place(
    words,
    false,
    button(
      "Undo",
      () => {
        toast.remove();
        attempt(undo);
      },
      { class: "small" },
    ),
  );
  setTimeout(() => toast.remove(), STAY);
}

/** Does something after a while in which it can be undone; at once where the page is left. */
export function undoable(words, act, undo = () => {}) {
  const end = () => {
    waiting.delete(one);
    clearTimeout(timer);
    toast.remove();
  };
  const one = {
    now() {
      end();
      return attempt(act);
    },
    back() {
      end();
      undo();
    },
  };
  const toast = place(words, false, button("Undo", one.back, { class: "small" }));
  const timer = setTimeout(one.now, UNDO);
  waiting.add(one);
}

/** Does at once what could still be undone; resolves when that is done. */
export const settle = () => Promise.all([...waiting].map((one) => one.now()));

/** Undoes all that waits: it cannot be done any more. */
export const callOff = () => [...waiting].forEach((one) => one.back());

function place(words, bad, action) {
  const text = h("span", { class: "words grow", textContent: words });
  const toast = h("div", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : "status" }, text, action);
  byId("toasts").append(toast);
  raise(byId("toasts"));
  return toast;
}

/** Brings what is said above a dialog that was opened since. */
function raise(toasts) {
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
}

addEventListener("pagehide", settle);
