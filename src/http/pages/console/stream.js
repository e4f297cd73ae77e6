/** How many entries are kept; with one more the oldest go, so many at once. */
const MOST = 20_000;
const GO = 1000;
/** What entries are, which is what their events are called. */
const KINDS = ["opened", "ended", "closed", "in", "out", "event", "refused", "lost"];

/** The tap: what comes in, what it becomes, what goes out. Events: `entry` (detail: it), `state` (detail: words, or none). */
export class Stream extends EventTarget {
  #source;
  entries = [];

  /** @param {URLSearchParams} query which room, which session */
  constructor(query) {
    super();
    this.#source = new EventSource(`/api/v1/tap?${query}`);
    this.#source.addEventListener("open", () => this.#say(""));
    this.#source.addEventListener("error", () => this.#say(this.#trouble));
    for (const kind of KINDS) this.#source.addEventListener(kind, (event) => this.#take(JSON.parse(event.data)));
  }

  close() {
    this.#source.close();
  }

  get #trouble() {
    const isOver = this.#source.readyState === EventSource.CLOSED;
    return isOver ? "The tap was refused: is there such a room, or such a session?" : "The tap is interrupted; trying again…";
  }

  #take(entry) {
    // The end of the stream itself.
    if (!entry.kind) return this.#say(entry.detail);
    if (this.entries.push(entry) > MOST) this.entries.splice(0, GO);
    this.dispatchEvent(new CustomEvent("entry", { detail: entry }));
  }

  #say(words) {
    this.dispatchEvent(new CustomEvent("state", { detail: words }));
  }
}
