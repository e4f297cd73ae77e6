import { byId } from "../shared/dom.js";
import { attempt } from "../shared/toast.js";
import { goesOn, isSameDay, messageItem } from "./message.js";
import { parts } from "./text.js";
import { WindowedList } from "./window.js";

/** With fewer rows than this above the view, older messages are loaded. */
const AHEAD = 40;

/** The messages of the open room. */
export class Timeline {
  #history = null;
  #people;
  #own;
  #acts;
  #list;
  #term = "";
  /** What was read when the room was opened. */
  #readUntil = Infinity;

  /**
   * @param {People} people
   * @param {() => number} own one's own number
   * @param acts what can be done with a message; see messageItem
   */
  constructor(people, own, acts) {
    [this.#people, this.#own] = [people, own];
    this.#acts = { ...acts, jump: (quote, message) => this.#jump(quote, message) };
    this.#list = new WindowedList(byId("timeline"), byId("messages"), {
      keys: () => this.#messages.map((message) => message.message_id),
      size: () => (this.#history?.isWhole ? this.#messages.length : -1),
      version: (index) => this.#version(index),
      render: (index) => this.#render(index),
      drawn: () => this.#drawn(),
    });
    people.addEventListener("named", () => this.#list.refresh());
    byId("timeline").addEventListener("keydown", (event) => this.#key(event));
    byId("messages").addEventListener("focusin", (event) => this.#mayTab(event.target.closest("li")));
    byId("to-end").addEventListener("click", () => {
      byId("timeline").focus({ preventScroll: true });
      this.#list.toEnd();
    });
  }

  get isAtEnd() {
    return this.#list.isAtEnd;
  }

  /** Shows a room from its end. */
  open(history, readUntil) {
    [this.#history, this.#readUntil, this.#term] = [history, readUntil, ""];
    history.addEventListener("change", () => this.#history === history && this.#list.refresh());
    this.#list.reset();
  }

  /** Shows no room, and asks for nothing more of the one that was open. */
  close() {
    this.#history = null;
    this.#list.reset();
  }

  /** Marks what was searched for. */
  highlight(term) {
    this.#term = term;
    this.#list.refresh();
  }

  /** Shows a message in its place, loading up to it. */
  async show(id) {
    const history = this.#history;
    if (!(await attempt(() => history.loadUntil(id))) || this.#history !== history) return;
    this.#list.toRow(id);
    this.#focus(id);
  }

  toEnd() {
    this.#list.toEnd();
  }

  /** Puts the focus on a message that is in view, or near it. */
  #focus(id) {
    this.#list.element(id)?.focus({ preventScroll: true });
  }

  get #messages() {
    return this.#history?.messages ?? [];
  }

  #isFirstNew(index) {
    const [message, before] = [this.#messages[index], this.#messages[index - 1]];
    const isNew = message.date > this.#readUntil && message.user_id !== this.#own();
    return isNew && before !== undefined && before.date <= this.#readUntil;
  }

  #version(index) {
    const [message, before] = [this.#messages[index], this.#messages[index - 1]];
    const place = `${goesOn(message, before)}${isSameDay(message, before)}${this.#isFirstNew(index)}`;
    return `${message.version} ${place} ${this.#people.nameOf(message.user_id)} ${this.#term}`;
  }

  #render(index) {
    const message = this.#messages[index];
    const shown = {
      message,
      before: this.#messages[index - 1],
      login: this.#people.nameOf(message.user_id),
      own: message.user_id === this.#own(),
      term: this.#term,
      isFirstNew: this.#isFirstNew(index),
    };
    return messageItem(shown, this.#acts);
  }

  #drawn() {
    const history = this.#history;
    byId("to-end").hidden = this.isAtEnd;
    byId("no-messages").hidden = !history?.isWhole || history.messages.length > 0;
    if (this.isAtEnd) this.#acts.atEnd();
    if (history?.mayLoad && this.#list.first < AHEAD) attempt(() => history.loadOlder());
  }

  /** What a reply answers, if that is loaded: the newest message before it that begins so. */
  #jump(quote, reply) {
    const until = this.#messages.indexOf(reply);
    const line = quote.line.replace(/…$/, "");
    const isQuoted = (message) =>
      this.#people.nameOf(message.user_id) === quote.name &&
      (parts(message).text.startsWith(line) || message.file_name.startsWith(line));
    const found = this.#messages.slice(0, until).findLast(isQuoted);
    if (found) this.show(found.message_id);
  }

  /** The buttons of one message alone are reached by Tab. */
  #mayTab(item) {
    for (const other of byId("messages").querySelectorAll('li button[tabindex="0"]')) other.tabIndex = -1;
    item.querySelectorAll("button").forEach((one) => (one.tabIndex = 0));
  }

  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const isEnd = event.key === "End" && !event.ctrlKey;
    if ((!step && !isEnd) || event.altKey || event.target.closest("button, a")) return;
    event.preventDefault();
    const messages = this.#messages;
    const here = messages.findIndex((message) => String(message.message_id) === event.target.dataset.id);
    const next = isEnd || here < 0 ? messages.length - 1 : Math.min(Math.max(here + step, 0), messages.length - 1);
    if (messages[next]) this.#step(messages[next].message_id);
  }

  #step(id) {
    if (!this.#list.element(id)) this.#list.toRow(id);
    this.#list.element(id)?.scrollIntoView({ block: "nearest" });
    this.#focus(id);
  }
}
