/**
 * Changes what is in an element. Who had the focus on something that goes has it on what is called the same afterwards, else on
 * what stands in its place, else on `otherwise`.
 */
export function keepFocus(element, change, otherwise) {
  const focused = document.activeElement;
  const before = controls(element);
  const at = before.indexOf(focused);
  change();
  if (at < 0 || element.contains(focused)) return;
  const after = controls(element);
  const same = after.find((control) => nameOf(control) === nameOf(focused));
  const inPlace = after.length === before.length ? after[at] : null;
  (same ?? inPlace ?? otherwise)?.focus();
}

const controls = (element) => [...element.querySelectorAll("a, button, input, select")];

const nameOf = (control) => [control.textContent, control.ariaLabel, control.ariaDescription].join(" ");
