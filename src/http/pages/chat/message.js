import { button, h } from "../shared/dom.js";
import { clock, day, whole } from "../shared/time.js";
import { picture } from "./files.js";
import { isFile, parts, rich } from "./text.js";
import { MESSAGE } from "./protocol.js";

/** Messages of one within so many milliseconds stand below one name. */
const TOGETHER = 5 * 60_000;
/** How many colours names have. */
const HUES = 8;

/** Whether a message stands below the name of the one before it. */
export function goesOn(message, before) {
  return (
    before !== undefined &&
    before.user_id === message.user_id &&
    message.date - before.date < TOGETHER &&
    isSameDay(message, before)
  );
}

export const isSameDay = (message, before) => before !== undefined && day(before.date) === day(message.date);

/**
 * A message as an item of the list.
 * @param {{message, before, login: string, own: boolean, term: string, isFirstNew: boolean}} shown
 * @param {{reply, edit, remove, jump, may(message): {edit: boolean, remove: boolean}}} acts what can be done with it
 */
export function messageItem(shown, acts) {
  const { message, before } = shown;
  const item = h("li", { class: itemClass(shown), tabIndex: -1, "data-id": message.message_id });
  if (!isSameDay(message, before)) item.append(h("p", { class: "day", textContent: day(message.date) }));
  if (shown.isFirstNew) item.append(h("p", { class: "new", textContent: "New" }));
  item.append(body(shown, acts));
  return item;
}

function itemClass({ message, before, own, isFirstNew }) {
  const isOn = goesOn(message, before) && !isFirstNew;
  const marks = [isOn && "on", own && "own", message.isLeaving && "leaving"].filter(Boolean);
  return ["message", `hue-${message.user_id % HUES}`, ...marks].join(" ");
}

function body(shown, acts) {
  const { message, login } = shown;
  const { quote, text, isEmote } = parts(message);
  const bubble = h("div", { class: "bubble" }, meta(shown));
  if (quote) bubble.append(quoteBlock(quote, message, acts));
  if (isFile(message)) bubble.append(picture(message));
  if (message.msg_type === MESSAGE.STICKER) bubble.append(h("p", { class: "text sticker", textContent: `:${text}:` }));
  else if (message.msg_type !== MESSAGE.FILE) bubble.append(said(text, isEmote, login, shown.term));
  if (!message.isLeaving) bubble.append(tools(message, acts));
  return bubble;
}

function meta({ message, login }) {
  const edited = message.status === 1 ? h("span", { textContent: "edited" }) : null;
  const date = new Date(message.date);
  return h(
    "p",
    { class: "meta" },
    h("b", { class: "author", textContent: login, dir: "auto" }),
    h("time", { dateTime: date.toISOString(), title: whole(message.date), textContent: clock(message.date) }),
    edited,
  );
}

function said(text, isEmote, login, term) {
  const words = isEmote ? text.slice(4) : text;
  const lead = isEmote ? [h("b", { class: "author", textContent: login }), " "] : [];
  return h("p", { class: isEmote ? "text emote" : "text", dir: "auto" }, ...lead, ...rich(words, term));
}

function quoteBlock(quote, message, acts) {
  return h(
    "blockquote",
    {},
    h(
      "button",
      { type: "button", class: "quote", tabIndex: -1, click: () => acts.jump(quote, message) },
      h("b", { textContent: quote.name }),
      h("span", { class: "cut", textContent: quote.line, dir: "auto" }),
    ),
  );
}

function tools(message, acts) {
  const may = acts.may(message);
  const tool = (name, act) => button(name, () => act(message), { class: "small", tabIndex: -1 });
  return h(
    "div",
    { class: "tools" },
    tool("Reply", acts.reply),
    may.edit ? tool("Edit", acts.edit) : null,
    may.remove ? tool("Delete", acts.remove) : null,
  );
}
