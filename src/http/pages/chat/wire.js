import { RQ } from "./protocol.js";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 30_000;

/** What the gateway refused, in its words. */
export class Refusal extends Error {
  constructor({ error_code: code, msg }) {
    super(msg);
    this.code = code;
  }
}

/**
 * A connection that speaks uchat over a WebSocket. Requests are carried out in the order in which they are made, so that an error
 * belongs to the oldest that has no answer. Every frame is told as the event `frame`, answers too; the end as `over`.
 */
export class Wire extends EventTarget {
  #socket;
  #waiting = [];

  constructor() {
    super();
    const url = new URL("/ws/uchat", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#socket = new WebSocket(url);
    this.opened = new Promise((resolve) => this.#socket.addEventListener("open", resolve));
    this.#socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    this.#socket.addEventListener("close", () => this.#over());
  }

  /** Asks; resolves to what the answer says, fails with a Refusal or where the connection ends. */
  ask(request) {
    return new Promise((resolve, reject) => {
      const entry = { request, resolve, reject, timer: null };
      entry.timer = setTimeout(() => this.#giveUp(entry), PATIENCE);
      this.#waiting.push(entry);
      this.opened.then(() => this.#socket.send(request.text));
    });
  }

  close() {
    this.#socket.close();
  }

  #take(frame) {
    const isError = frame.type === RQ.ERROR_MSG;
    const at = isError ? 0 : this.#waiting.findIndex((entry) => entry.request.isAnswer(frame));
    const [answered] = at < 0 ? [] : this.#waiting.splice(at, 1);
    clearTimeout(answered?.timer);
    if (!isError || !answered) this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (isError) answered?.reject(new Refusal(frame));
    else answered?.resolve(answered.request.read(frame));
  }

  #giveUp(entry) {
    this.#waiting.splice(this.#waiting.indexOf(entry), 1);
    entry.reject(new Error("The gateway did not answer in time."));
  }

  #over() {
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(new Error("The connection ended before the answer came."));
    }
    this.dispatchEvent(new Event("over"));
  }
}
