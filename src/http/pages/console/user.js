import { button, h } from "../shared/dom.js";
import { ask as inquire, field } from "../shared/dialog.js";
import { keepFocus } from "../shared/focus.js";
import { whole } from "../shared/time.js";
import { attempt, say } from "../shared/toast.js";
import { ask, path, read } from "./api.js";
import { poll } from "./poll.js";
import { Table } from "./table.js";
import { stateOf } from "./users.js";

/** One account, with its tokens. */
export function user(view, login) {
  const facts = h("p", { class: "muted" });
  const acts = h("div", { class: "row" });
  const tokens = tokenTable(login, () => attempt(load));
  const load = async () => {
    const account = await read(path`/users/${login}`);
    facts.textContent = `Number ${account.id}, ${stateOf(account)}, since ${whole(new Date(account.created))}. ${account.description}`;
    keepFocus(acts, () => acts.replaceChildren(...actsOn(account, () => attempt(load))), null);
    tokens.show(await read(path`/users/${login}/tokens`));
  };
  const make = button("New token", async () => {
    await makeToken(login);
    attempt(load);
  });
  view.append(
    h("p", {}, h("a", { href: "#users", textContent: "All users" })),
    h("h2", { class: "title", textContent: login, dir: "auto" }),
    facts,
    acts,
    h("div", { class: "row title" }, h("h3", { class: "grow", textContent: "Tokens" }), make),
    tokens.element,
  );
  return poll(10, load);
}

function tokenTable(login, again) {
  const revoke = async ({ id }) => {
    const words = "Whoever uses it is disconnected and cannot come back with it. This cannot be undone.";
    if (!(await inquire({ title: `Revoke token ${id}?`, words, action: "Revoke", danger: true }))) return;
    await attempt(() => ask("DELETE", path`/users/${login}/tokens/${id}`));
    again();
  };
  const time = (date) => (date ? whole(new Date(date)) : "never");
  return new Table({
    name: "Tokens",
    help: "No token opens this account. A login makes one, and New token.",
    columns: [
      { title: "Number", cell: (token) => `${token.id}`, number: true },
      { title: "Kind", cell: (token) => token.kind },
      { title: "Made", cell: (token) => time(token.created) },
      { title: "Used", cell: (token) => time(token.used) },
      { title: "From", cell: (token) => h("span", { class: "mono", textContent: token.address ?? "" }) },
      {
        title: "",
        cell: (token) =>
          button("Revoke", () => revoke(token), { class: "small danger", "aria-description": `token ${token.id}` }),
      },
    ],
    key: (token) => token.id,
    text: (token) => `${token.id} ${token.kind} ${token.address}`,
  });
}

function actsOn(account, again) {
  const patch = (news) => async () => {
    await attempt(() => ask("PATCH", path`/users/${account.login}`, news));
    again();
  };
  return [
    button(account.disabled ? "Enable" : "Disable", patch({ disabled: !account.disabled })),
    button(account.operator ? "End operator" : "Make operator", patch({ operator: !account.operator })),
    button("New password", () => newPassword(account.login)),
    button("Delete user", () => remove(account.login), { class: "danger" }),
  ];
}

async function newPassword(login) {
  const fields = [field("New password", { name: "password", type: "password", required: true, autocomplete: "new-password" })];
  const words = "Sessions that came in by the old one end.";
  const entered = await inquire({ title: `A new password for ${login}`, words, fields, action: "Set password" });
  if (entered && (await attempt(() => ask("PATCH", path`/users/${login}`, entered).then(() => true))))
    say("The password is set.");
}

async function remove(login) {
  const words = "Its sessions and tokens end, and the name is free. What it said stays. This cannot be undone.";
  if (!(await inquire({ title: `Delete ${login}?`, words, action: "Delete user", danger: true }))) return;
  if (await attempt(() => ask("DELETE", path`/users/${login}`).then(() => true))) location.hash = "#users";
}

async function makeToken(login) {
  const made = await attempt(() => ask("POST", path`/users/${login}/tokens`));
  if (!made) return;
  const value = field("Token", { value: made.token, readOnly: true, class: "mono" });
  await inquire({ title: "New token", words: "Copy it now: it is not shown again.", fields: [value], action: "Done" });
}
