/** How far one has read, by room, as dates of messages; kept in this browser for each login. */
export class Reads {
  #key;
  #dates;

  constructor(login) {
    this.#key = `tolmach.read.${login}`;
    this.#dates = JSON.parse(localStorage.getItem(this.#key) ?? "{}");
  }

  /** The date up to which a room is read; what was there before this browser knew the room counts as read. */
  of(room) {
    if (this.#dates[room] === undefined) this.move(room, Date.now());
    return this.#dates[room];
  }

  move(room, date) {
    if (this.#dates[room] >= date) return;
    this.#dates[room] = date;
    localStorage.setItem(this.#key, JSON.stringify(this.#dates));
  }

  /** Nothing of a room that is new here was read. */
  begin(room) {
    this.#dates[room] ??= 0;
  }
}
