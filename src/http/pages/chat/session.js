import * as uchat from "./protocol.js";
import { sha256 } from "../shared/sha256.js";
import { Wire } from "./wire.js";

const TOKEN = "tolmach.token";
/** An account has one connection of uchat at a time. */
const ELSEWHERE = "You are connected already, perhaps in another tab or program of yours.";
/** Pauses between attempts to connect again, in milliseconds; the last one repeats. */
const PAUSES = [300, 1000, 2000, 4000, 8000, 15000];

/**
 * Who one is, over one connection after another.
 *
 * ```text
 *  out ──logIn, signUp, resume──▶ in ──connection lost──▶ lost ──by token──▶ in
 *   ▲──────logOut, ended by the gateway───┴───token refused────┘
 * ```
 *
 * Events: `in`, `lost` (detail: seconds until the next attempt), `out` (detail: why, or nothing), `frame` (detail: the frame).
 */
export class Session extends EventTarget {
  #wire = null;
  #attempts = 0;
  #timer = null;
  login = "";
  userId = 0;

  get token() {
    return localStorage.getItem(TOKEN);
  }

  get isIn() {
    return this.#wire !== null;
  }

  logIn(login, password) {
    return this.#enter(uchat.logIn(login, sha256(password)));
  }

  signUp(login, password) {
    return this.#enter(uchat.signUp(login, sha256(password)));
  }

  /** Comes in by the saved token, and goes on trying while the gateway cannot be reached. */
  async resume() {
    clearTimeout(this.#timer);
    // Another window of this browser may have logged out.
    if (this.token === null) this.#end(null);
    else await this.#comeBack();
  }

  /** Ends the login for good. */
  async logOut() {
    await this.ask(uchat.logOut(this.token));
    this.#end(null);
  }

  ask(request) {
    if (!this.isIn) return Promise.reject(new Error("Not connected. Wait a moment, or try again."));
    return this.#wire.ask(request);
  }

  async #comeBack() {
    try {
      await this.#enter(uchat.byToken(this.token));
    } catch (error) {
      if (error.code === uchat.ERROR.AUTHENTICATION) this.#end("Your login has ended. Log in again.");
      else this.#lost(error);
    }
  }

  async #enter(request) {
    const wire = new Wire();
    const isOver = new Promise((_, reject) => {
      wire.addEventListener("over", () => reject(new Error("The gateway cannot be reached.")));
    });
    try {
      const { token, login } = await Promise.race([wire.ask(request), isOver]);
      localStorage.setItem(TOKEN, token);
      const both = await wire.ask(uchat.members(uchat.GATEWAY_ROOM));
      this.userId = both.find((member) => member.login === login).id;
      this.login = login;
    } catch (error) {
      wire.close();
      throw error.code === uchat.ERROR.CONNECTED ? Object.assign(error, { message: ELSEWHERE }) : error;
    }
    this.#begin(wire);
  }

  #begin(wire) {
    this.#wire = wire;
    this.#attempts = 0;
    wire.addEventListener("frame", (event) => this.#take(event.detail));
    wire.addEventListener("over", () => this.#wire === wire && this.#lost());
    this.dispatchEvent(new Event("in"));
  }

  #take(frame) {
    if (frame.type === uchat.RQ.LOG_OUT && this.isIn) this.#end("The gateway ended your login. Log in again.");
    else this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #lost(error) {
    this.#wire = null;
    const pause = PAUSES[Math.min(this.#attempts, PAUSES.length - 1)] * (0.8 + Math.random() * 0.4);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.resume(), pause);
    const why = error?.code === undefined ? null : error.message;
    this.dispatchEvent(new CustomEvent("lost", { detail: { seconds: Math.round(pause / 1000), why } }));
  }

  #end(why) {
    const wire = this.#wire;
    this.#wire = null;
    localStorage.removeItem(TOKEN);
    wire?.close();
    this.dispatchEvent(new CustomEvent("out", { detail: why }));
  }
}
