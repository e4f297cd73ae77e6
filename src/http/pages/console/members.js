import { button, h } from "../shared/dom.js";
import { whole } from "../shared/time.js";
import { attempt, done } from "../shared/toast.js";
import { ask, path } from "./api.js";
import { toUser } from "./link.js";
import { Table } from "./table.js";

/** Roles that can be given, from the highest. */
const ROLES = ["owner", "admin", "moderator", "member"];

/** A room's members with what moderation needs; `again` is called when something was done. */
export function memberTable(room, again) {
  const of = (login) => path`/rooms/${room}/members/${login}`;
  const act = async (request) => {
    const isDone = await attempt(() => request().then(() => true));
    again();
    return isDone;
  };
  const acts = {
    again: (member) => act(() => ask("PUT", of(member.login), { role: member.role })),
    role: (member, role) => act(() => ask("PUT", of(member.login), { role })),
    async remove(member) {
      const isDone = await act(() => ask("DELETE", of(member.login)));
      if (isDone) done(`${member.login} is out of the room.`, () => acts.again(member));
    },
    async ban(member) {
      const isDone = await act(() => ask("PUT", path`/rooms/${room}/bans/${member.login}`));
      if (isDone) done(`${member.login} is banned.`, () => acts.unban(member).then(() => acts.again(member)));
    },
    unban: (member) => act(() => ask("DELETE", path`/rooms/${room}/bans/${member.login}`)),
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
