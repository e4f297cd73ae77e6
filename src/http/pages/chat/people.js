import * as uchat from "./protocol.js";

/** Logins by the numbers that messages bear. Event: `named`, when one becomes known. */
export class People extends EventTarget {
  #session;
  #logins = new Map();
  #asked = new Set();

  constructor(session) {
    super();
    this.#session = session;
  }

  /** The login, or a stand-in until it is known. */
  nameOf(id) {
    const login = this.#logins.get(id);
    if (login === undefined && !this.#asked.has(id)) this.#find(id);
    return login ?? "…";
  }

  learn(id, login) {
    if (this.#logins.get(id) === login) return;
    this.#logins.set(id, login);
    this.dispatchEvent(new Event("named"));
  }

  /** A room's members; their logins are known from then on. */
  async ofRoom(room) {
    const members = await this.#session.ask(uchat.members(room));
    for (const { id, login } of members) this.learn(id, login);
    return members;
  }

  async #find(id) {
    this.#asked.add(id);
    const found = await this.#session.ask(uchat.memberInfo(id)).catch((error) => error);
    if (found.login !== undefined) this.learn(id, found.login);
    else if (found.code !== undefined) this.learn(id, `gone (${id})`);
    else this.#asked.delete(id);
  }
}
