import { h } from "../shared/dom.js";

/** A way to an account's own view. */
export const toUser = (login) => h("a", { href: `#user/${encodeURIComponent(login)}`, textContent: login, dir: "auto" });

/** A way to a room's own view, by its number: a name may be another one's soon, and `.` is none in an address. */
export const toRoom = ({ id, name }) => h("a", { href: `#room/%23${id}`, textContent: name, dir: "auto" });
