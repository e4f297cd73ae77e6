import { button, h } from "../shared/dom.js";
import { ask as inquire } from "../shared/dialog.js";
import { whole } from "../shared/time.js";
import { attempt, say } from "../shared/toast.js";
import { ask, path, readAll } from "./api.js";
import { toUser } from "./link.js";
import { poll } from "./poll.js";
import { Table } from "./table.js";

/** Who is connected. */
export function sessions(view) {
  const load = async () => table.show(await readAll("/sessions", "id"));
  const close = async (session) => {
    await closeSession(session);
    attempt(load);
  };
  const table = new Table({
    name: "Sessions",
    help: "Nobody is connected.",
    columns: [
      { title: "Number", cell: (session) => `${session.id}`, number: true },
      { title: "User", cell: (session) => toUser(session.user) },
      { title: "Dialect", cell: (session) => session.dialect },
      { title: "Listener", cell: (session) => session.listener ?? "" },
      { title: "Address", cell: (session) => h("span", { class: "mono", textContent: session.address ?? "" }) },
      { title: "Since", cell: (session) => whole(new Date(session.since)) },
      { title: "Encrypted", cell: (session) => (session.encrypted ? "yes" : "no") },
      { title: "Node", cell: (session) => session.node ?? "" },
      { title: "", cell: (session) => closing(session, close) },
    ],
    key: (session) => session.id,
    text: ({ id, user, dialect, listener, address, node }) => [id, user, dialect, listener, address, node].join(" "),
  });
  view.append(h("h2", { class: "title", textContent: "Sessions" }), table.element);
  return poll(3, load);
}

function closing(session, close) {
  return button("Close session", () => close(session), {
    class: "small danger",
    "aria-description": `${session.user}, number ${session.id}`,
  });
}

/** Asks, and ends a session. */
async function closeSession({ id, user, dialect }) {
  const words = `${user}'s connection over ${dialect} ends now. The client is told why, and may come back.`;
  if (!(await inquire({ title: `Close session ${id}?`, words, action: "Close", danger: true }))) return;
  await attempt(async () => {
    await ask("DELETE", path`/sessions/${id}`);
    say(`Session ${id} is closed.`);
  });
}
