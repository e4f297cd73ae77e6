import { byId } from "../shared/dom.js";

/** Does something now and again while somebody looks. Returns what ends it. */
export function poll(seconds, act) {
  let isOver = false;
  let timer = null;
  const turn = async () => {
    if (!document.hidden) await once(act);
    if (!isOver) timer = setTimeout(turn, seconds * 1000);
  };
  turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** What fails is said above the view until it works again. */
async function once(act) {
  const state = byId("state");
  try {
    await act();
    state.hidden = true;
  } catch (error) {
    state.textContent = `${error.message} What is shown may be old.`;
    state.hidden = false;
  }
}
