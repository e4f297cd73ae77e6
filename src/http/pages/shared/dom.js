/**
 * An element. Of `properties`, `class` and names with a dash are attributes, functions are listeners of the event they are
 * named for, and the rest is set as it is.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) setProperty(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function setProperty(element, name, value) {
  if (value === null || value === undefined) return;
  if (typeof value === "function") element.addEventListener(name, value);
  else if (name === "class" || name === "role" || name.includes("-")) element.setAttribute(name, value);
  else element[name] = value;
}

/** The element with this id, which the page has. */
export const byId = (id) => document.getElementById(id);

/** A button that does something. */
export function button(text, click, properties = {}) {
  return h("button", { type: "button", textContent: text, click, ...properties });
}
