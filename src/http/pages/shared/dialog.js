import { button, h } from "./dom.js";

/**
 * Asks in a dialog. Resolves to what was entered, by the names of the fields, or to null where it was called off.
 * @param {{title: string, words?: string, fields?: Node[], action: string, danger?: boolean, about?: any}} question `about`: see
 *   closeAbout
 */
export function ask({ title, words, fields = [], action, danger = false, about = null }) {
  const yes = h("button", { class: danger ? "danger" : "primary", textContent: action, value: "yes" });
  const form = h(
    "form",
    { method: "dialog", class: "stack" },
    h("h2", { textContent: title, id: "question" }),
    words ? h("p", { textContent: words }) : null,
    ...fields,
    h(
      "div",
      { class: "row end" },
      button("Cancel", () => dialog.close()),
      yes,
    ),
  );
  const dialog = show(h("dialog", { "aria-labelledby": "question", "data-about": about }, form));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null);
    });
  });
}

/** Shows a dialog until it is closed; focus goes back to where it was, unless what was done there has put it elsewhere. */
export function show(dialog) {
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement === document.body && before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Calls off the dialogs whose `data-about` this is: it is there no more. */
export function closeAbout(about) {
  for (const dialog of document.querySelectorAll("dialog[data-about]"))
    if (dialog.dataset.about === String(about)) dialog.close();
}

/** A field of a dialog with its label. */
export function field(label, properties) {
  const { tag = "input", ...rest } = properties;
  return h("label", {}, label, h(tag, rest));
}
