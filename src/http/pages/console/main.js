import { byId } from "../shared/dom.js";
import { attempt } from "../shared/toast.js";
import { ask, onOut, read } from "./api.js";
import { dialects } from "./dialects.js";
import { now } from "./now.js";
import { room } from "./room.js";
import { rooms } from "./rooms.js";
import { sessions } from "./sessions.js";
import { tap } from "./tap.js";
import { user } from "./user.js";
import { users } from "./users.js";

/** Whether there was a login in this browser; its cookie cannot be seen from here. */
const IN = "tolmach.console";

/** Views by what the address names: each is given where to draw and what follows the name, and returns what stops it. */
const VIEWS = { now, rooms, room, sessions, users, user, dialects, tap };
/** The section that a view belongs to. */
const SECTIONS = { room: "rooms", user: "users" };

let stop = () => {};

function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const view = name in VIEWS ? name : "now";
  stop();
  const element = byId("view");
  element.replaceChildren();
  for (const link of document.querySelectorAll(".sections a")) {
    const isHere = link.hash === `#${SECTIONS[view] ?? view}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  stop = VIEWS[view](element, decodeURIComponent(rest.join("/")));
}

async function enter() {
  const me = await read("/me");
  if (!me.user.operator)
    throw new Error(`${me.user.login} is no operator. On the machine: tolmach user operator ${me.user.login} yes`);
  localStorage.setItem(IN, "yes");
  byId("welcome").hidden = true;
  byId("console").hidden = false;
  byId("me").textContent = me.user.login;
  route();
}

function leave(words) {
  stop();
  stop = () => {};
  localStorage.removeItem(IN);
  byId("console").hidden = true;
  byId("welcome").hidden = false;
  byId("login-error").textContent = words;
  byId("login-form").elements.login.focus();
}

byId("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  byId("login-error").textContent = "";
  try {
    await ask("POST", "/login?cookie=1", Object.fromEntries(new FormData(form)));
    await enter();
    form.reset();
  } catch (error) {
    byId("login-error").textContent = error.message;
  }
});
byId("log-out").addEventListener("click", () =>
  attempt(async () => {
    await ask("POST", "/logout");
    leave("");
  }),
);
addEventListener("hashchange", () => !byId("console").hidden && route());
onOut(() => leave("Your login has ended. Log in again."));

if (localStorage.getItem(IN)) enter().catch((error) => leave(error.message));
else leave("");
