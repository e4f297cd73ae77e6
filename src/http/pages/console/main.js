import { byId } from "../shared/dom.js";
import { attempt, callOff, settle } from "../shared/toast.js";
import { ask, onOut, read } from "./api.js";
import { dialects } from "./dialects.js";
import { now } from "./now.js";
import { poll } from "./poll.js";
import { room } from "./room.js";
import { rooms } from "./rooms.js";
import { sessions } from "./sessions.js";
import { tap } from "./tap.js";
import { user } from "./user.js";
import { users } from "./users.js";

/** Whether there was a login in this browser; its cookie cannot be seen from here. */
const IN = "tolmach.console";

/** How often it is asked whether one still is an operator, in seconds. */
const WATCH = 3;

/** Views by what the address names: each is given where to draw and what follows the name, and returns what stops it. */
const VIEWS = { now, rooms, room, sessions, users, user, dialects, tap };
/** The section that a view belongs to. */
const SECTIONS = { room: "rooms", user: "users" };

let stop = () => {};
let stopWatching = () => {};

function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const view = Object.hasOwn(VIEWS, name) ? name : "now";
  stop();
  const element = byId("view");
  element.replaceChildren();
  for (const link of document.querySelectorAll(".sections a")) {
    const isHere = link.hash === `#${SECTIONS[view] ?? view}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  stop = VIEWS[view](element, decoded(rest.join("/")));
}

/** What stands in the address; somebody may have typed what nobody has encoded. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is said to an account that is no operator's. */
class NoOperator extends Error {}

async function readOperator() {
  const { user } = await read("/me");
  if (user.operator) return user;
  throw new NoOperator(`${user.login} is no operator. On the machine: tolmach user operator ${user.login} yes`);
}

/** Who is an operator no more is answered with less, not refused: what is shown would be wrong. */
function watch() {
  return poll(WATCH, () =>
    readOperator().catch((error) => {
      if (!(error instanceof NoOperator)) throw error;
      return turnAway(error);
    }),
  );
}

/** Who is no operator is not left logged in by having tried. */
async function turnAway(error) {
  leave(error.message);
  if (error instanceof NoOperator) await ask("POST", "/logout");
}

async function enter() {
  const user = await readOperator();
  localStorage.setItem(IN, "yes");
  byId("welcome").hidden = true;
  byId("console").hidden = false;
  byId("me").textContent = user.login;
  route();
  stopWatching = watch();
}

function leave(words) {
  stop();
  stopWatching();
  stop = stopWatching = () => {};
  callOff();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
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
    byId("view").focus();
  } catch (error) {
    if (error instanceof NoOperator) attempt(() => turnAway(error));
    else byId("login-error").textContent = error.message;
  }
});
byId("log-out").addEventListener("click", () =>
  attempt(async () => {
    await settle();
    await ask("POST", "/logout");
    leave("");
  }),
);
addEventListener("hashchange", () => !byId("console").hidden && route());
onOut(() => leave("Your login has ended. Log in again."));

if (localStorage.getItem(IN)) enter().catch((error) => attempt(() => turnAway(error)));
else leave("");
