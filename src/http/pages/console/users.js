import { button, h } from "../shared/dom.js";
import { ask as inquire, field } from "../shared/dialog.js";
import { whole } from "../shared/time.js";
import { attempt } from "../shared/toast.js";
import { ask, readAll } from "./api.js";
import { toUser } from "./link.js";
import { poll } from "./poll.js";
import { Table } from "./table.js";

/** All accounts. */
export function users(view) {
  const table = new Table({
    name: "Users",
    help: "There is no account yet. New user makes one.",
    columns: [
      { title: "Login", cell: (user) => toUser(user.login) },
      { title: "Name", cell: (user) => h("span", { class: "words", textContent: user.name, dir: "auto" }) },
      { title: "Number", cell: (user) => `${user.id}`, number: true },
      { title: "Is", cell: stateOf },
      { title: "Since", cell: (user) => whole(new Date(user.created)) },
    ],
    key: (user) => user.id,
    text: (user) => `${user.login} ${user.name} ${user.id} ${stateOf(user)}`,
  });
  const load = async () => table.show(await readAll("/users", "login"));
  const make = button("New user", async () => {
    await makeUser();
    attempt(load);
  });
  view.append(h("div", { class: "row title" }, h("h2", { class: "grow", textContent: "Users" }), make), table.element);
  return poll(15, load);
}

/** What an account is, in words. */
export function stateOf({ kind, operator, disabled }) {
  return (
    [kind === "guest" ? "guest" : null, operator ? "operator" : null, disabled ? "disabled" : null].filter(Boolean).join(", ") ||
    "account"
  );
}

async function makeUser() {
  const made = await inquire({
    title: "New user",
    fields: [
      field("Login", { name: "login", required: true, autocomplete: "off", autocapitalize: "none" }),
      field("Password", { name: "password", type: "password", required: true, autocomplete: "new-password" }),
    ],
    action: "Make user",
  });
  if (made) await attempt(() => ask("POST", "/users", made));
}
