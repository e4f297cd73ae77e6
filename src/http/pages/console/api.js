import { all } from "../shared/pages.js";

/** What the API refused, in its words. */
export class Problem extends Error {
  constructor(status, { title, detail } = {}) {
    super(detail ?? title ?? `The gateway answered ${status}.`);
    this.status = status;
    this.title = title;
  }
}

/** Told when the gateway knows the login no more. */
let whenOut = () => {};

export function onOut(act) {
  whenOut = act;
}

export const read = (path) => ask("GET", path);

/** All of a list; `key` is what of an entry says where the next page begins. */
export const readAll = (list, key) => all(read, list, key);

/** Asks the API by the cookie of the login. Resolves to the answer, or to null where there is none. */
export async function ask(method, path, body) {
  const headers = { "X-Requested-With": "console" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await reach(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (response.ok) return text === "" ? null : JSON.parse(text);
  const problem = new Problem(response.status, problemOf(text));
  if (response.status === 401 && path !== "/login") whenOut(problem.message);
  throw problem;
}

/** A path of the API with names in it that may have any letters. */
export function path(parts, ...names) {
  return String.raw({ raw: parts.raw }, ...names.map(encodeURIComponent));
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Problem(0, { detail: "The gateway cannot be reached." });
  }
}

function problemOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
