import { attempt } from "../shared/toast.js";
import { button, h } from "../shared/dom.js";
import { icon } from "../shared/icons.js";
import { size } from "../shared/size.js";

const PICTURE = /\.(png|jpe?g|gif|webp|avif|bmp)$/i;
/** Larger pictures are shown when asked for, in bytes. */
const LARGE = 5_000_000;
/** Pictures that are kept in memory. */
const KEPT = 40;

let api;
/** Addresses of pictures by the numbers of their messages, the one shown last at the end. */
const shown = new Map();

/** Has files fetched by this. */
export function fetchFilesBy(files) {
  api = files;
}

/** A message's file: the picture, or its name; and a button that saves it. */
export function picture(message) {
  const isPicture = PICTURE.test(message.file_name) && message.file_size <= LARGE;
  const save = button(message.file_name, () => attempt(() => download(message)), { class: "file", title: "Save" });
  save.prepend(icon("down"));
  save.append(h("span", { class: "muted", textContent: size(message.file_size) }));
  return h("div", { class: "attachment" }, isPicture ? frame(message) : null, save);
}

function frame(message) {
  const image = h("img", { class: "picture", alt: message.file_name, decoding: "async" });
  attempt(async () => (image.src = await addressOf(message)));
  return image;
}

async function addressOf(message) {
  const id = message.message_id;
  const address = shown.get(id) ?? api.file(id).then((content) => URL.createObjectURL(content));
  shown.delete(id);
  shown.set(id, address);
  address.catch(() => shown.delete(id));
  if (shown.size > KEPT) forgetOldest();
  return address;
}

function forgetOldest() {
  const [[id, address]] = shown;
  shown.delete(id);
  address.then(
    (url) => URL.revokeObjectURL(url),
    () => {},
  );
}

async function download(message) {
  const url = URL.createObjectURL(await api.file(message.message_id));
  h("a", { href: url, download: message.file_name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
