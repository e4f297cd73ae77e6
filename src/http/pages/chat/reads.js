/** How far one has read, by room, as dates of messages; kept in this browser for each login. */
export class Reads {
  #key;
  #dates;

  constructor(login) {
    this.#key = `tolmach.read.${login}`;
    this.#dates = JSON.parse(localStorage.getItem(this.#key) ?? "{}");
  }

  /** The date up to which a room is read; undefined where this browser does not know the room. */
  of(room) {
    return this.#dates[room];
  }

  move(room, date) {
    if (this.#dates[room] >= date) return;
    this.#dates[room] = date;
    localStorage.setItem(this.#key, JSON.stringify(this.#dates));
  }
}
