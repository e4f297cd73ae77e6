import { meaningOf } from "./meaning.js";

/** Translations that are kept of each kind. */
const KEPT = 5;
/** How long after an event a frame can still be what it became, in milliseconds. */
const SOON = 2000;

/** The last translations, seen in the tap: what came in on one connection, and what it became on another. */
export class Pairs {
  #inbound = new Map();
  #event = null;
  #kept = new Map();

  /** Those of a meaning in a dialect, the last one first: {time, from, to, said, told}. */
  of(meaning, dialect) {
    return this.#kept.get(`${meaning} ${dialect}`) ?? [];
  }

  take(entry) {
    if (entry.kind === "in") this.#inbound.set(entry.session ?? entry.connection, entry);
    else if (entry.kind === "event") this.#event = entry;
    else if (entry.kind === "out" && this.#event) this.#pair(entry, this.#event);
    else if (entry.kind === "closed") this.#inbound.delete(entry.session ?? entry.connection);
  }

  #pair(out, { event, time }) {
    const happened = event.room ?? event.presence;
    const origin = happened.origin ?? null;
    const said = this.#inbound.get(origin);
    if (Date.parse(out.time) - Date.parse(time) > SOON || out.session === null) return;
    const meaning = meaningOf(event, audience(out, happened, origin));
    if (!meaning) return;
    const key = `${meaning} ${out.dialect.split(".")[0]}`;
    const pair = {
      time: out.time,
      from: said?.dialect ?? "the operator",
      to: out.dialect,
      said: said?.frames ?? [],
      told: out.frames,
    };
    this.#kept.set(key, [pair, ...(this.#kept.get(key) ?? [])].slice(0, KEPT));
  }
}

function audience(out, happened, origin) {
  if (out.session === origin) return "origin";
  const about = typeof happened.change === "object" ? Object.values(happened.change)[0] : null;
  const concerned = about?.user?.id ?? happened.actor?.id ?? happened.who?.user?.id;
  return out.user_id === concerned ? "own" : "other";
}
