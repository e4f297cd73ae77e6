import { byId } from "../shared/dom.js";
import { drawIcons } from "../shared/icons.js";
import { closeAbout } from "../shared/dialog.js";
import { attempt, callOff, settle } from "../shared/toast.js";
import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { aboutRoom, findRooms, makeRoom, writePrivately } from "./dialogs.js";
import { fetchFilesBy } from "./files.js";
import { tellGone } from "./gone.js";
import { History } from "./history.js";
import { complain, setIn, showLogin } from "./login.js";
import { Members } from "./members.js";
import { messageActs } from "./messageacts.js";
import { notify, offerNotifications } from "./notify.js";
import { Panel } from "./panel.js";
import { People } from "./people.js";
import { roomActs } from "./roomacts.js";
import { showRooms, signed } from "./roomlist.js";
import { Rooms } from "./rooms.js";
import { Search } from "./search.js";
import { Session } from "./session.js";
import { summary } from "./text.js";
import { Timeline } from "./timeline.js";
import { Uploads } from "./uploads.js";

const session = new Session();
const rooms = new Rooms(session);
const people = new People(session);
const api = new Api(session);
const composer = new Composer(session, people);

/** One's role in a room until it is known: the least. */
const SIMPLE = 3;
/** The room that was open, for when the page is loaded again. */
const OPEN = "tolmach.room";
/** How often the names and one's role in the open room are asked for, in milliseconds: nothing announces another one. */
const AGAIN = 60_000;

/** What the parts of the page need of each other; `role` is one's own in the open room. */
const app = { session, rooms, people, api, composer, history: null, role: SIMPLE, writeTo, showHit };
const timeline = new Timeline(people, () => session.userId, { ...messageActs(app), atEnd: markRead });
app.timeline = timeline;
const members = new Members(app);
const panel = new Panel(
  new Map([
    ["toggle-members", members],
    ["toggle-search", new Search(app)],
  ]),
);
const acts = roomActs(session, api);
const isNarrow = matchMedia("(max-width: 45rem)");

const openRoom = () => app.history?.room ?? null;

function open(room) {
  byId("no-room").hidden = true;
  byId("room-view").hidden = false;
  byId("chat").classList.add("in-room");
  if (openRoom()?.id === room.id) return focusRoom();
  const history = new History(session, room);
  app.history = history;
  app.role = SIMPLE;
  sessionStorage.setItem(OPEN, room.id);
  history.addEventListener("change", (event) => event.detail && announce(event.detail));
  timeline.open(history, rooms.readUntil(room));
  composer.open(history, signed(room));
  panel.follow(room);
  showRoom();
  focusRoom();
  attempt(() => history.loadOlder());
  attempt(() => learnRole(room));
}

function focusRoom() {
  if (isNarrow.matches) byId("title").focus();
  else composer.focus();
}

/** What one may do in a room is known by one's role there. */
async function learnRole(room) {
  const all = await people.ofRoom(room.id);
  const own = all.find((member) => member.id === session.userId);
  if (own) showOwn(own.login);
  if (openRoom() !== room) return;
  const role = own?.type ?? SIMPLE;
  if (role === app.role) return;
  app.role = role;
  app.history.refresh();
}

function showRoom() {
  const room = openRoom();
  showRooms(rooms, room, open);
  if (!room) return;
  byId("title").textContent = signed(room);
  byId("description").textContent = room.description;
}

/** One's own login, which may be another one by now. */
function showOwn(login) {
  session.login = login;
  byId("me").textContent = login;
}

/** Returns what was being written there. */
function closeRoom() {
  app.history = null;
  panel.follow(null);
  timeline.close();
  const unsent = composer.close();
  byId("room-view").hidden = true;
  byId("no-room").hidden = false;
  byId("chat").classList.remove("in-room");
  return unsent;
}

/** The open room is there no more, or closed to oneself. */
function lose(room, isOwnDoing) {
  closeAbout(room.id);
  const unsent = closeRoom();
  begin();
  if (!isOwnDoing) tellGone(session, room, unsent);
}

/** What the end of the open room shows is read while somebody looks. */
function markRead() {
  const newest = app.history?.newest;
  const isSeen = newest && document.visibilityState === "visible" && !byId("chat").hidden;
  if (isSeen && (openRoom().unread > 0 || newest.date > rooms.readUntil(openRoom()))) rooms.read(openRoom(), newest.date);
}

function announce(message) {
  if (message.user_id === session.userId) timeline.toEnd();
  else byId("announcer").textContent = summary(message, people.nameOf(message.user_id));
}

async function writeTo(login) {
  const to = await writePrivately(api, login);
  const room = to && rooms.directWith(to);
  if (room) open(room);
  else if (to)
    rooms.addEventListener("change", function opened() {
      const made = rooms.directWith(to);
      if (!made) return;
      rooms.removeEventListener("change", opened);
      open(made);
    });
}

function showHit(id) {
  if (isNarrow.matches) panel.close();
  timeline.show(id);
}

session.addEventListener("in", () =>
  attempt(async () => {
    const wasOpen = openRoom();
    setIn(true);
    byId("connection").hidden = true;
    composer.setConnected(true);
    composer.setLogin(session.login);
    showOwn(session.login);
    await rooms.load();
    if (wasOpen) await comeBack(wasOpen);
    else begin(rooms.find(Number(sessionStorage.getItem(OPEN))));
  }),
);

/** After a connection was lost: what was missed, in the room that is open. */
async function comeBack(wasOpen) {
  const room = rooms.find(wasOpen.id);
  if (!room) return lose(wasOpen, acts.hasEnded(wasOpen));
  app.history.room = room;
  panel.follow(room);
  showRoom();
  const { history } = app;
  await history.catchUp().catch((error) => {
    // Of a room that is gone by now that is said already.
    if (app.history === history) throw error;
  });
}

function begin(room) {
  if (room) open(room);
  else (byId("rooms").querySelector("button") ?? byId("find-rooms")).focus();
}

session.addEventListener("lost", ({ detail: { seconds, why } }) => {
  setIn(true);
  composer.setConnected(false);
  byId("connection").hidden = false;
  const cause = why ?? "The connection is lost.";
  byId("connection").textContent = `${cause.replace(/\.?$/, ".")} Trying again${seconds > 1 ? ` in ${seconds} seconds` : ""}…`;
});

session.addEventListener("out", (event) => {
  callOff();
  if (openRoom()) closeAbout(openRoom().id);
  closeRoom();
  sessionStorage.removeItem(OPEN);
  rooms.forget();
  setIn(false);
  complain(event.detail ?? "");
});

session.addEventListener("frame", (event) => {
  const { detail: frame } = event;
  if (frame.login !== undefined && frame.user_id !== undefined) people.learn(frame.user_id, frame.login);
  app.history?.take(frame);
});

rooms.addEventListener("change", showRoom);
rooms.addEventListener("gone", ({ detail: room }) => {
  const isOwnDoing = acts.hasEnded(room);
  if (room === openRoom()) lose(room, isOwnDoing);
});
rooms.addEventListener("said", ({ detail: { room, message } }) => {
  const isLookedAt = room === openRoom() && document.hasFocus();
  if (!isLookedAt) notify(room, message, people.nameOf(message.user_id), open);
});

setInterval(() => {
  if (openRoom() && session.isIn && !document.hidden) learnRole(openRoom()).catch(() => {});
}, AGAIN);
addEventListener("online", () => session.token && !session.isIn && session.resume());
document.addEventListener("visibilitychange", () => timeline.isAtEnd && markRead());
byId("find-rooms").addEventListener("click", () => findRooms(session, rooms, open));
byId("new-room").addEventListener("click", async () => {
  const room = await makeRoom(rooms);
  if (room) open(room);
});
byId("private-message").addEventListener("click", () => writeTo());
byId("about").addEventListener("click", () => aboutRoom(openRoom(), app.role, acts));
byId("back").addEventListener("click", () => {
  byId("chat").classList.remove("in-room");
  byId("rooms").querySelector("[aria-current]")?.focus();
});
byId("log-out").addEventListener("click", () => attempt(() => settle().then(() => session.logOut())));

drawIcons();
showLogin(session);
offerNotifications();
fetchFilesBy(api);
new Uploads(api, openRoom);
if (session.token) session.resume();
else setIn(false);
