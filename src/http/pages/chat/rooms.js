import { attempt } from "../shared/toast.js";
import * as uchat from "./protocol.js";
import { Reads } from "./reads.js";

/** More unread messages than this are not counted. */
const MOST = 100;
const { RQ, ROOM } = uchat;

/**
 * The rooms one is in. Events: `change`; `gone` (detail: the room); `said` (detail: {room, message}) for what somebody else says.
 */
export class Rooms extends EventTarget {
  #session;
  #rooms = new Map();
  #reads = null;

  constructor(session) {
    super();
    this.#session = session;
    session.addEventListener("frame", (event) => this.#take(event.detail));
  }

  /** Rooms by title, then private conversations. */
  get all() {
    const order = (room) => (room.kind === ROOM.DIRECT ? 1 : 0);
    return [...this.#rooms.values()].sort((a, b) => order(a) - order(b) || a.title.localeCompare(b.title));
  }

  get unread() {
    return this.all.reduce((sum, room) => sum + room.unread, 0);
  }

  find(id) {
    return this.#rooms.get(id);
  }

  /** The conversation with somebody, if there is one. */
  directWith(login) {
    return this.all.find((room) => room.kind === ROOM.DIRECT && room.title === login);
  }

  /** Reads them anew, and counts what is unread. */
  async load() {
    this.#reads = new Reads(this.#session.login);
    const known = this.#rooms;
    this.#rooms = new Map();
    const gateway = known.get(uchat.GATEWAY_ROOM);
    if (gateway) this.#rooms.set(gateway.id, gateway);
    for (const room of await this.#session.ask(uchat.myRooms())) this.#add(room);
    this.#changed();
    await Promise.all(this.all.map((room) => this.#count(room)));
    this.#changed();
  }

  forget() {
    this.#rooms.clear();
    this.#changed();
  }

  /** Enters a room. Resolves to it. */
  async join(id) {
    const room = await this.#session.ask(uchat.joinRoom(id));
    return this.#learn(room);
  }

  async make(title, description, kind) {
    const room = await this.#session.ask(uchat.newRoom(title, description, kind));
    return this.#learn(room);
  }

  /** All that was said in a room until a date is read. */
  read(room, date) {
    room.unread = 0;
    this.#reads.move(room.id, date);
    this.#changed();
  }

  readUntil(room) {
    return this.#reads.of(room.id);
  }

  #add({ id, name, customer_id: owner, date, desc, type }) {
    const unread = this.#rooms.get(id)?.unread ?? 0;
    this.#rooms.set(id, { id, title: name, owner, made: date, description: desc, kind: type, unread });
    return this.#rooms.get(id);
  }

  async #count(room) {
    if (room.id === uchat.GATEWAY_ROOM) return;
    const messages = await this.#session.ask(uchat.newMessages(room.id, this.#reads.of(room.id), MOST));
    room.unread = messages.filter((message) => message.user_id !== this.#session.userId).length;
  }

  /** A room as it is announced lacks its kind. */
  async #learn(announced) {
    if (announced.id === uchat.GATEWAY_ROOM) this.#add({ ...announced, type: ROOM.DIRECT });
    else if (!this.#rooms.has(announced.id)) {
      const rooms = await this.#session.ask(uchat.myRooms(announced.date - 1));
      const found = rooms.find((room) => room.id === announced.id);
      if (found) await this.#begin(this.#add(found));
    }
    this.#changed();
    return this.find(announced.id);
  }

  /** What was said in a conversation before it was known here is new; a room is read up to now by entering it. */
  async #begin(room) {
    if (room.kind === ROOM.DIRECT) this.#reads.begin(room.id);
    await this.#count(room);
  }

  #take(frame) {
    const room = this.find(frame.room_id);
    if (frame.type === RQ.JOIN_ROOM) attempt(() => this.#learn(frame));
    else if (frame.type === RQ.MSG && room) this.#said(room, frame);
    else if (frame.type === RQ.UPD_ROOM_NAME && room) this.#change(room, { title: frame.room_name });
    else if (frame.type === RQ.UPD_ROOM_DESC && room) this.#change(room, { description: frame.desc });
    else if (frame.type === RQ.DEL_ROOM && room) this.#gone(room);
  }

  #said(room, message) {
    if (message.user_id === this.#session.userId) return;
    room.unread += 1;
    this.dispatchEvent(new CustomEvent("said", { detail: { room, message } }));
    this.#changed();
  }

  #change(room, news) {
    Object.assign(room, news);
    this.#changed();
  }

  #gone(room) {
    this.#rooms.delete(room.id);
    this.dispatchEvent(new CustomEvent("gone", { detail: room }));
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
