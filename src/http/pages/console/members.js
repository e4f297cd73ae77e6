import { button, h } from "../shared/dom.js";
import { whole } from "../shared/time.js";
import { attempt, done } from "../shared/toast.js";
import { ask, path, read } from "./api.js";
import { toUser } from "./link.js";
import { Table } from "./table.js";

/** Roles that can be given, from the highest. */
const ROLES = ["owner", "admin", "moderator", "member"];

/** A room's members with what moderation needs; `again` is called when something was done. */
export function memberTable(room, again) {
  const all = path`/rooms/${room}/members`;
  const of = (login) => path`/rooms/${room}/members/${login}`;
  const put = (login, role) => ask("PUT", of(login), { role });
  const act = async (request) => {
    const isDone = await attempt(() => request().then(() => true));
    again();
    return isDone;
  };
  const bans = (login) => path`/rooms/${room}/bans/${login}`;
  /** Gives everybody the role of before: an owner who was taken out has had a successor. */
  const restore = async (member, before) => {
    await put(member.login, member.role);
    const roles = new Map(before.map(({ login, role }) => [login, role]));
    for (const { login, role } of await read(all)) {
      const was = roles.get(login) ?? role;
      if (was !== role && ROLES.includes(was)) await put(login, was);
    }
  };
  const takeOut = async (member, request, words, undo) => {
    const before = await attempt(() => read(all));
    if (before && (await act(request))) done(words, () => act(() => undo().then(() => restore(member, before))));
  };
  const acts = {
    role: (member, role) => act(() => put(member.login, role)),
    remove: (member) =>
      takeOut(
        member,
        () => ask("DELETE", of(member.login)),
        `${member.login} is out of the room.`,
        async () => {},
      ),
    ban: (member) =>
      takeOut(
        member,
        () => ask("PUT", bans(member.login)),
        `${member.login} is banned.`,
        () => ask("DELETE", bans(member.login)),
      ),
    unban: (member) => act(() => ask("DELETE", bans(member.login))),
  };
  return new Table({
    name: "Members",
    help: "Nobody is in this room.",
    columns: [
      { title: "Login", cell: ({ login }) => toUser(login) },
      { title: "Role", cell: (member) => (member.role === "banned" ? "banned" : roles(member, acts)) },
      { title: "Presence", cell: ({ presence }) => presence ?? "" },
      { title: "Since", cell: ({ joined }) => whole(new Date(joined)) },
      { title: "", cell: (member) => h("div", { class: "row tight" }, ...moderation(member, acts)) },
    ],
    key: ({ login }) => login,
    text: ({ login, name, role, presence }) => [login, name, role, presence].join(" "),
  });
}

function roles(member, acts) {
  const options = ROLES.map((role) => h("option", { textContent: role, selected: role === member.role }));
  const change = (event) => acts.role(member, event.target.value);
  return h("select", { "aria-label": `Role of ${member.login}`, change }, ...options);
}

function moderation(member, acts) {
  const of = (name, act) => button(name, () => act(member), { class: "small danger", "aria-description": member.login });
  if (member.role === "banned")
    return [button("Unban", () => acts.unban(member), { class: "small", "aria-description": member.login })];
  return [of("Remove", acts.remove), of("Ban", acts.ban)];
}
