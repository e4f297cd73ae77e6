import { byId } from "../shared/dom.js";

/** What went wrong the last time, of each that is polled. */
const failing = new Map();

/** Does something now and again while somebody looks. Returns what ends it. */
export function poll(seconds, act) {
  const one = {};
  let isOver = false;
  let timer = null;
  const turn = async () => {
    const failure = document.hidden ? failing.get(one) : await failureOf(act);
    if (isOver) return;
    say(one, failure);
    timer = setTimeout(turn, seconds * 1000);
  };
  turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
    say(one, undefined);
  };
}

async function failureOf(act) {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** What fails is said above the view until it works again, or is looked at no more. */
function say(one, failure) {
  if (failure === undefined) failing.delete(one);
  else failing.set(one, failure);
  const [words] = failing.values();
  byId("state").hidden = words === undefined;
  if (words !== undefined) byId("state").textContent = `${words} What is shown may be old.`;
}
