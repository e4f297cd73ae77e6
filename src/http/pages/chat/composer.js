import { byId } from "../shared/dom.js";
import { complain, say } from "../shared/toast.js";
import { parts, quoteOf } from "./text.js";
import * as uchat from "./protocol.js";

/** From so many bytes on it is said how many are left. */
const SAY_LEFT = 200;

const utf8 = new TextEncoder();

/** Where one writes: a new message, a reply or an edit. */
export class Composer {
  #session;
  #people;
  #history = null;
  /** The message that is edited, or answered. */
  #edited = null;
  #answered = null;
  /** What was being written in each room, and by whom. */
  #drafts = new Map();
  #login = null;

  constructor(session, people) {
    [this.#session, this.#people] = [session, people];
    const text = byId("text");
    byId("composer").addEventListener("submit", (event) => this.#submit(event));
    byId("mode-end").addEventListener("click", () => this.#endMode());
    text.addEventListener("input", () => this.#changed());
    text.addEventListener("keydown", (event) => this.#key(event));
  }

  /** What was being written is kept for who wrote it. */
  setLogin(login) {
    if (this.#login !== login) this.#drafts.clear();
    this.#login = login;
  }

  open(history, title) {
    this.close();
    this.#history = history;
    history.addEventListener("change", () => this.#history === history && this.#follow());
    byId("text").placeholder = `Write to ${title}`;
    this.#setMode({});
    this.#write(this.#drafts.get(history.room.id) ?? "");
  }

  /** Ends writing in the open room. Returns what was written so far. */
  close() {
    const text = byId("text").value;
    if (this.#history) this.#drafts.set(this.#history.room.id, this.#edited ? "" : text);
    this.#history = null;
    this.#setMode({});
    this.#write("");
    return text;
  }

  focus() {
    byId("text").focus();
  }

  reply(message) {
    this.#setMode({ answered: message });
    this.focus();
  }

  edit(message) {
    this.#setMode({ edited: message });
    this.#write(parts(message).text);
    this.focus();
  }

  /** Nobody can be told anything while there is no connection. */
  setConnected(isConnected) {
    byId("send").disabled = !isConnected;
  }

  get #quote() {
    if (this.#answered) return quoteOf(this.#answered, this.#people.nameOf(this.#answered.user_id));
    const { quote } = this.#edited ? parts(this.#edited) : {};
    return quote ? `> ${quote.name}: ${quote.line}\n` : "";
  }

  get #left() {
    return uchat.MESSAGE_BYTES - utf8.encode(this.#quote + byId("text").value.trim()).length;
  }

  async #submit(event) {
    event.preventDefault();
    const said = byId("text").value;
    if (said.trim() === "" || this.#left < 0 || byId("send").disabled) return;
    const [history, edited] = [this.#history, this.#edited];
    const text = this.#quote + said.trim();
    this.#setMode({});
    this.#write("");
    try {
      await this.#session.ask(this.#request(history.room.id, edited, text));
    } catch (error) {
      complain(error);
      if (this.#history === history) this.#write(`${said}${byId("text").value}`);
    }
  }

  #request(room, edited, text) {
    if (edited) return uchat.edit(room, edited.message_id, text);
    return uchat.post(room, text, this.#session.userId);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) this.#submit(event);
    else if (event.key === "Escape" && (this.#edited || this.#answered)) this.#endMode();
    else if (event.key === "ArrowUp" && byId("text").value === "") this.#editLast(event);
  }

  #editLast(event) {
    const isMine = (message) => message.user_id === this.#session.userId && message.msg_type === uchat.MESSAGE.TEXT;
    const last = this.#history.messages.findLast(isMine);
    if (!last) return;
    event.preventDefault();
    this.edit(last);
  }

  /** What is answered may be deleted meanwhile: then it is quoted no more, and what was written stays. */
  #follow() {
    if (!this.#answered || this.#history.find(this.#answered.message_id)) return;
    say("The message that you were answering was deleted. What you write now is no reply.", { bad: true });
    this.#setMode({});
  }

  #endMode() {
    if (this.#edited) this.#write("");
    this.#setMode({});
    this.focus();
  }

  #setMode({ edited = null, answered = null }) {
    [this.#edited, this.#answered] = [edited, answered];
    byId("mode").hidden = !edited && !answered;
    const shown = answered && `Reply to ${this.#people.nameOf(answered.user_id)}: ${answered.file_name || parts(answered).text}`;
    byId("mode-words").textContent = edited ? "Edit your message; Escape calls it off" : shown;
    this.#changed();
  }

  #write(text) {
    byId("text").value = text;
    this.#changed();
  }

  #changed() {
    const text = byId("text");
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
    const left = this.#left;
    byId("left").textContent = left < SAY_LEFT ? words(left) : "";
    byId("left").classList.toggle("wrong", left < 0);
  }
}

function words(left) {
  return left < 0 ? `${-left} bytes too long; a message has ${uchat.MESSAGE_BYTES} at most` : `${left} bytes left`;
}
