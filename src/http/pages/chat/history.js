import * as uchat from "./protocol.js";

const { RQ } = uchat;
/** Messages that are asked for at once when a room is opened, and above it. */
const FIRST = 100;
/** Pages that are read again after a connection was lost; what lies above is loaded anew when it is looked at. */
const AGAIN = 20;

/** What was said in one room, as far as it is loaded, oldest first. Event: `change` (detail: the new message, if it is one). */
export class History extends EventTarget {
  #session;
  #known = new Map();
  #loading = null;
  /** What happens while a page is on its way: it may be in the page, or change what is in it. */
  #held = [];
  messages = [];
  /** Nothing lies above what is loaded. */
  isWhole = false;

  constructor(session, room) {
    super();
    this.#session = session;
    this.room = room;
  }

  /** Whether there may be more above that can be asked for now. */
  get mayLoad() {
    return !this.isWhole && this.#session.isIn;
  }

  get newest() {
    return this.messages.at(-1);
  }

  find(id) {
    return this.#known.get(id);
  }

  /** Loads what lies above; one page at a time. */
  loadOlder(count = FIRST) {
    return this.#load(() => this.#readOlder(count));
  }

  /** Loads upwards until a message is there. Resolves to whether it is. */
  async loadUntil(id) {
    while (!this.#known.has(id) && !this.isWhole) await this.loadOlder(uchat.PAGE);
    return this.#known.has(id);
  }

  /** After a connection was lost: reads again all that is loaded, as it may have been edited and deleted since. */
  async catchUp() {
    await this.#loading;
    await this.#load(() => this.#readAgain());
  }

  /** What happens in the room. */
  take(frame) {
    if (frame.room_id !== this.room.id) return;
    if (this.#loading) this.#held.push(frame);
    else if (frame.type === RQ.MSG) this.#add(frame);
    else if (frame.type === RQ.EDIT_MSG) this.#edit(frame);
    else if (frame.type === RQ.DEL_MSG) this.#remove(frame.msg_id);
    else if (frame.type === RQ.DEL_HIST) this.#replace([]);
  }

  /** Shows all messages anew: what can be done with them has changed. */
  refresh() {
    for (const message of this.messages) message.version += 1;
    this.#changed();
  }

  /** Shows a message otherwise: with a mark of its own. */
  mark(message, marks) {
    Object.assign(message, marks, { version: message.version + 1 });
    this.#changed();
  }

  #load(read) {
    this.#loading ??= read().finally(() => {
      this.#loading = null;
      this.#held.splice(0).forEach((frame) => this.take(frame));
    });
    return this.#loading;
  }

  async #readOlder(count) {
    if (this.isWhole) return;
    const page = await this.#page(this.messages[0]?.date ?? uchat.FOREVER, count);
    this.isWhole = page.length === 0;
    this.#replace([...page, ...this.messages]);
  }

  async #readAgain() {
    const oldest = this.messages[0]?.date ?? uchat.FOREVER;
    let read = [];
    let before = uchat.FOREVER;
    this.isWhole = false;
    for (let pages = 0; pages < AGAIN && !this.isWhole && (pages === 0 || before > oldest); pages += 1) {
      const page = await this.#page(before, uchat.PAGE);
      this.isWhole = page.length === 0;
      read = [...page, ...read];
      before = read[0]?.date ?? 0;
    }
    this.#replace(read);
  }

  async #page(before, count) {
    const page = await this.#session.ask(uchat.oldMessages(this.room.id, before, count));
    return page.map((message) => this.#renewed(message)).reverse();
  }

  /** A message as it was read now: the one that is known, with what has changed since. */
  #renewed(message) {
    const known = this.find(message.message_id);
    if (!known) return { ...message, version: 0 };
    const isOther = known.message !== message.message || known.status !== message.status;
    return isOther ? Object.assign(known, message, { version: known.version + 1 }) : known;
  }

  #replace(messages) {
    this.messages = messages;
    this.#known = new Map(messages.map((message) => [message.message_id, message]));
    this.#changed();
  }

  #add(frame) {
    if (this.#known.has(frame.message_id)) return;
    const message = { ...frame, version: 0 };
    this.messages.push(message);
    this.#known.set(message.message_id, message);
    this.#changed(message);
  }

  #edit({ msg_id: id, msg: text }) {
    const message = this.find(id);
    if (message) this.mark(message, { message: text, status: 1 });
  }

  #remove(id) {
    if (!this.#known.delete(id)) return;
    this.messages = this.messages.filter((message) => message.message_id !== id);
    this.#changed();
  }

  #changed(added = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: added }));
  }
}
