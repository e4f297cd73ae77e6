import { h } from "../shared/dom.js";
import { seconds } from "../shared/time.js";

const SIGNS = { opened: "+", ended: ">", closed: "-", in: ">", out: "<", event: "*", refused: "!", lost: "…" };

/** An entry of the tap as `tolmach tap` shows it. */
export function block(entry) {
  const { kind, time, connection, dialect, user } = entry;
  const lines = linesOf(entry).map((line) => h("span", { class: "line", textContent: line }));
  return h(
    "li",
    { class: `entry ${kind}` },
    h("span", { class: "muted when", textContent: seconds(new Date(time)) }),
    h("span", { class: "who cut", textContent: connection ? `#${connection} ${dialect} ${user ?? "-"}` : "" }),
    h("span", { class: "sign", textContent: SIGNS[kind] ?? "?" }),
    h("span", { class: "lines" }, ...lines),
  );
}

/** What an entry says, line by line. */
function linesOf({ kind, frames, event, error, entries, address }) {
  if (frames) return frames.flat();
  if (event) return [headline(event), JSON.stringify(event)];
  const words = {
    opened: `from ${address}`,
    ended: "(end)",
    closed: "closed",
    refused: error,
    lost: `${entries} entries are missing: this was read too slowly`,
  };
  return [words[kind] ?? kind];
}

/** What happened, where, by whom. */
function headline({ room: happened, presence }) {
  if (presence) return `${roomName(presence.room)}: ${presence.who?.user?.login} ${presence.change}`;
  if (!happened) return "";
  const change = typeof happened.change === "string" ? happened.change : Object.keys(happened.change ?? {})[0];
  return `${roomName(happened.room)} ${happened.seq}: ${change} by ${happened.actor?.login}`;
}

const roomName = (room) => (room?.name ? `#${room.name}` : `direct room ${room?.id}`);
