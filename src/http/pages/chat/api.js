import { all } from "../shared/pages.js";
import { GATEWAY_ROOM } from "./protocol.js";

/** What uchat has no requests for in a page: files, who is present, the first private message, leaving. With the session's token. */
export class Api {
  #session;

  constructor(session) {
    this.#session = session;
  }

  /** The content of a message's file. */
  async file(id) {
    const response = await this.#fetch("GET", `/files/${id}`);
    return response.blob();
  }

  /** Sends a file to a room. `progress` is told how much of it has gone, from 0 to 1; `signal` calls it off. */
  async upload(room, file, progress, signal) {
    const path = `${pathOf(room)}/files?name=${encodeURIComponent(file.name)}`;
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("Authorization", `Bearer ${this.#session.token}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded / total));
    signal.addEventListener("abort", () => request.abort());
    const answered = new Promise((resolve, reject) => {
      request.addEventListener("load", () => resolve(request));
      request.addEventListener("error", () => reject(new Error(`${file.name} could not be sent.`)));
      request.addEventListener("abort", () => reject(new Error(`${file.name} was not sent.`)));
    });
    request.send(file);
    const { status, responseText } = await answered;
    if (status >= 400) throw new Error(wordsOf(responseText, status));
  }

  /** Who is in a room, with presence. */
  async members(room) {
    const read = async (path) => (await this.#fetch("GET", path)).json();
    return all(read, `${pathOf(room)}/members`, "login");
  }

  /** Writes to somebody, also for the first time. */
  async writeTo(login, text) {
    const room = encodeURIComponent(`@${this.#session.login},${login}`);
    await this.#fetch("POST", `/rooms/${room}/messages`, { text });
  }

  /** Ends one's membership. */
  async leave(room) {
    await this.#fetch("DELETE", `${pathOf(room)}/members/${encodeURIComponent(this.#session.login)}`);
  }

  async #fetch(method, path, body) {
    const headers = { Authorization: `Bearer ${this.#session.token}` };
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(wordsOf(await response.text(), response.status));
    return response;
  }
}

/** A room by its number, which stays when it gets another name. */
function pathOf(room) {
  if (room === GATEWAY_ROOM) throw new Error("The conversation with the gateway itself takes no files.");
  return `/rooms/%23${room}`;
}

/** The words of a refusal, RFC 9457. */
function wordsOf(text, status) {
  try {
    const { title, detail } = JSON.parse(text);
    return detail ?? title;
  } catch {
    return `The gateway answered ${status}.`;
  }
}
