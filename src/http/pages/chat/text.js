import { MESSAGE } from "./protocol.js";

const QUOTE = /^> ([^:\n]{1,100}): (.*)\n([\s\S]*)$/;
const LINK = /https?:\/\/[^\s<>"']+/g;
/** What ends a sentence, not the link in it; a bracket belongs to the link that has its other half. */
const AFTER = /[.,;:!?)\]]$/;
const OPENED = { ")": "(", "]": "[" };
/** Most characters of the line that a reply shows. */
const QUOTED = 100;

/** What a message is made of: the reply's quote, and what was said or done below it. */
export function parts(message) {
  const isText = message.msg_type === MESSAGE.TEXT || message.msg_type === MESSAGE.FILE_WITH_TEXT;
  const [, name, line, below] = (isText && QUOTE.exec(message.message)) || [];
  const quote = name === undefined ? null : { name, line };
  const text = quote ? below : message.message;
  const isEmote = isText && text.startsWith("/me ");
  return { quote, text, isEmote };
}

/** The line above a reply, as every dialect shows it. */
export function quoteOf(message, login) {
  const said = isFile(message) ? message.file_name : parts(message).text;
  const [line] = said.split("\n");
  const cut = line.length > QUOTED ? `${[...line].slice(0, QUOTED).join("")}…` : line;
  return `> ${login}: ${cut}\n`;
}

export const isFile = (message) => message.msg_type === MESSAGE.FILE || message.msg_type === MESSAGE.FILE_WITH_TEXT;

/** A message in one line, for those who only hear or glimpse it. */
export function summary(message, login) {
  if (isFile(message)) return `${login} sent ${message.file_name}`;
  const { text, isEmote } = parts(message);
  return isEmote ? `${login} ${text.slice(4)}` : `${login}: ${text}`;
}

/** A text with its links, and with what was searched for marked. */
export function rich(text, term) {
  const nodes = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const url = withoutEnd(found);
    if (url.endsWith("//")) continue;
    nodes.push(...marked(text.slice(from, index), term), link(url, term));
    from = index + url.length;
  }
  return [...nodes, ...marked(text.slice(from), term)];
}

function withoutEnd(url) {
  const count = (sign) => url.split(sign).length;
  const isOwn = count(url.at(-1)) <= count(OPENED[url.at(-1)] ?? "\n");
  return AFTER.test(url) && !isOwn ? withoutEnd(url.slice(0, -1)) : url;
}

function link(url, term) {
  const element = document.createElement("a");
  Object.assign(element, { href: url, target: "_blank", rel: "noopener noreferrer" });
  element.append(...marked(url, term));
  return element;
}

function marked(text, term) {
  if (!term) return text ? [text] : [];
  const nodes = [];
  const [lower, wanted] = [text.toLowerCase(), term.toLowerCase()];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(at, at + wanted.length);
    nodes.push(text.slice(from, at), mark);
    from = at + wanted.length;
  }
  return [...nodes, text.slice(from)];
}
