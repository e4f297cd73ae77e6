/** How many entries are kept. */
const MOST = 20_000;

/** The tap: what comes in, what it becomes, what goes out. Events: `entry` (detail: it), `state` (detail: words, or none). */
export class Stream extends EventTarget {
  #source;

  /** @param {URLSearchParams} query which room, which session */
  constructor(query) {
    super();
    this.entries = [];
    this.#source = new EventSource(`/api/v1/tap?${query}`);
    this.#source.addEventListener("open", () => this.#say(""));
    this.#source.addEventListener("error", () => this.#say("The tap is interrupted; trying again…"));
    this.#source.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
  }

  close() {
    this.#source.close();
  }

  #take(entry) {
    if (this.entries.length < MOST) this.entries.push(entry);
    this.dispatchEvent(new CustomEvent("entry", { detail: entry }));
  }

  #say(words) {
    this.dispatchEvent(new CustomEvent("state", { detail: words }));
  }
}
