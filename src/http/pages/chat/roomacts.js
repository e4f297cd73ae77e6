import { ask } from "../shared/dialog.js";
import { attempt, undoable } from "../shared/toast.js";
import * as uchat from "./protocol.js";

/** What can be done with a room as a whole. */
export function roomActs(session, api) {
  return {
    leave: ({ id, title }) => undoable(`Leaving ${title}…`, () => api.leave(id)),

    async clear({ id, title }) {
      const words = "All that was said is gone for everybody. This cannot be undone.";
      const question = { title: `Clear the history of ${title}?`, words, action: "Clear history", danger: true };
      if (await ask(question)) await attempt(() => session.ask(uchat.clearHistory(id)));
    },

    async remove({ id, title }) {
      const words = "The room and all that was said in it are gone for everybody. This cannot be undone.";
      const question = { title: `Delete ${title}?`, words, action: "Delete room", danger: true };
      if (await ask(question)) await attempt(() => session.ask(uchat.deleteRoom(id)));
    },

    change(room, title, description) {
      return attempt(async () => {
        if (title !== room.title) await session.ask(uchat.renameRoom(room.id, title));
        if (description !== room.description) await session.ask(uchat.describeRoom(room.id, description));
      });
    },
  };
}
