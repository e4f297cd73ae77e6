import { h } from "../shared/dom.js";

/** A way to an account's own view. */
export const toUser = (login) => h("a", { href: `#user/${encodeURIComponent(login)}`, textContent: login, dir: "auto" });

/** A way to a room's own view. */
export const toRoom = (name) => h("a", { href: `#room/${encodeURIComponent(name)}`, textContent: name, dir: "auto" });
