import { button, h } from "../shared/dom.js";
import { field, show } from "../shared/dialog.js";
import { say } from "../shared/toast.js";
import { signed } from "./roomlist.js";
import * as uchat from "./protocol.js";

/** Says why a room is open no more; `unsent`, what one was writing there, is shown to be copied. */
export async function tellGone(session, room, unsent) {
  const words = await whyGone(session, room);
  if (unsent === "") return say(words, { bad: true });
  const dialog = show(
    h(
      "dialog",
      { "aria-labelledby": "gone" },
      h(
        "form",
        { method: "dialog", class: "stack" },
        h("h2", { textContent: words, id: "gone", dir: "auto" }),
        field("You were writing", { tag: "textarea", value: unsent, rows: 4, readOnly: true }),
        h(
          "div",
          { class: "row end" },
          button("Close", () => dialog.close()),
        ),
      ),
    ),
  );
}

/** All that uchat announces is that the room is gone; what it refuses there tells them apart. */
async function whyGone(session, room) {
  const refusal = await session.ask(uchat.oldMessages(room.id, uchat.FOREVER, 1)).catch((error) => error);
  const name = signed(room);
  if (refusal.code === uchat.ERROR.NOT_ALLOWED)
    return refusal.message.includes("banned") ? `You are banned from ${name}.` : `You were removed from ${name}.`;
  const mayBeThere = room.kind === uchat.ROOM.PRIVATE ? ", or you were removed from it" : "";
  return refusal.code === uchat.ERROR.NOT_FOUND ? `${name} was deleted${mayBeThere}.` : `You are no longer in ${name}.`;
}
