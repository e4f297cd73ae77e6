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
    const isSame = ({ title }) => title.toLowerCase() === login.toLowerCase();
    return this.all.find((room) => room.kind === ROOM.DIRECT && isSame(room));
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
    return this.#reads.of(room.id) ?? Date.now();
  }

  #add({ id, name, customer_id: owner, date, desc, type }) {
    const unread = this.#rooms.get(id)?.unread ?? 0;
    this.#rooms.set(id, { id, title: name, owner, made: date, description: desc, kind: type, unread });
    return this.#rooms.get(id);
  }

  async #count(room) {
    if (room.id === uchat.GATEWAY_ROOM) return;
    try {
      room.unread = await this.#unreadIn(room);
    } catch (error) {
      // In a room that is gone by now there is nothing to count.
      if (this.find(room.id) === room) throw error;
    }
  }

  async #unreadIn(room) {
    if (this.#reads.of(room.id) === undefined) this.#reads.move(room.id, await this.#readBefore(room));
    const messages = await this.#session.ask(uchat.newMessages(room.id, this.#reads.of(room.id), MOST));
    return messages.filter((message) => message.user_id !== this.#session.userId).length;
  }

  /** How far a room is read that is new to this browser: a conversation up to what one last said there, any other up to now. */
  async #readBefore(room) {
    if (room.kind !== ROOM.DIRECT) return Date.now();
    const newest = await this.#session.ask(uchat.oldMessages(room.id, uchat.FOREVER, MOST));
    return newest.find((message) => message.user_id === this.#session.userId)?.date ?? 0;
  }

  /** A room as it is announced lacks its kind. */
  async #learn(announced) {
    if (announced.id === uchat.GATEWAY_ROOM) this.#add({ ...announced, type: ROOM.DIRECT });
    else if (!this.#rooms.has(announced.id)) {
      const rooms = await this.#session.ask(uchat.myRooms(announced.date - 1));
      const found = rooms.find((room) => room.id === announced.id);
      if (found) await this.#count(this.#add(found));
    }
    this.#changed();
    return this.find(announced.id);
  }

  #take(frame) {
    const room = this.find(frame.room_id);
    if (frame.type === RQ.JOIN_ROOM) attempt(() => this.#learn(frame));
    else if (frame.type === RQ.MSG && room) this.#said(room, frame);
    else if (frame.type === RQ.DEL_MSG && room?.unread > 0) attempt(() => this.#recount(room));
    else if (frame.type === RQ.DEL_HIST && room) this.#change(room, { unread: 0 });
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

  /** What is deleted may have been unread. */
  async #recount(room) {
    await this.#count(room);
    this.#changed();
  }

  #change(room, news) {
    Object.assign(room, news);
    this.#changed();
  }

  #gone(room) {
    this.#rooms.delete(room.id);
    this.#changed();
    this.dispatchEvent(new CustomEvent("gone", { detail: room }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
