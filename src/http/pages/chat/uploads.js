import { byId, button, h } from "../shared/dom.js";
import { complain } from "../shared/toast.js";

/** Sends files by the button, by pasting and by dropping them. */
export class Uploads {
  #api;
  #room = () => null;

  /** @param {() => object | null} room the open room */
  constructor(api, room) {
    [this.#api, this.#room] = [api, room];
    byId("attach").addEventListener("click", () => byId("files").click());
    byId("files").addEventListener("change", () => this.#sendChosen());
    byId("text").addEventListener("paste", (event) => this.#paste(event));
    this.#takeDrops(byId("room-view"));
  }

  #sendChosen() {
    this.#sendAll(byId("files").files);
    byId("files").value = "";
  }

  #paste(event) {
    const { files } = event.clipboardData;
    if (files.length === 0) return;
    event.preventDefault();
    this.#sendAll(files);
  }

  #takeDrops(target) {
    const hasFiles = (event) => event.dataTransfer.types.includes("Files");
    const hide = () => (byId("drop").hidden = true);
    target.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      byId("drop").hidden = false;
    });
    target.addEventListener("dragleave", (event) => !target.contains(event.relatedTarget) && hide());
    target.addEventListener("drop", (event) => {
      hide();
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#sendAll(event.dataTransfer.files);
    });
  }

  #sendAll(files) {
    for (const file of files) this.#send(this.#room(), file);
  }

  async #send(room, file) {
    const off = new AbortController();
    const bar = h("progress", { max: 1, value: 0, "aria-label": `Sending ${file.name}` });
    const stop = button("Stop", () => off.abort(), { class: "small plain", "aria-description": file.name });
    const item = h("li", { class: "row" }, h("span", { class: "cut grow", textContent: file.name }), bar, stop);
    byId("uploads").append(item);
    try {
      await this.#api.upload(room.id, file, (sent) => (bar.value = sent), off.signal);
    } catch (error) {
      complain(error);
    }
    item.remove();
  }
}
