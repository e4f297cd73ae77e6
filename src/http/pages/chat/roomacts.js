import { ask } from "../shared/dialog.js";
import { attempt, undoable } from "../shared/toast.js";
import * as uchat from "./protocol.js";

/** What can be done with a room as a whole. */
export function roomActs(session, api) {
  /** Rooms that one ends or leaves oneself. */
  const ending = new Set();
  const end = async (id, act) => {
    ending.add(id);
    try {
      await act();
    } catch (error) {
      ending.delete(id);
      throw error;
    }
  };
  return {
    leave: ({ id, title }) => undoable(`Leaving ${title}…`, () => end(id, () => api.leave(id))),

    async clear({ id, title }) {
      const words = "All that was said is gone for everybody. This cannot be undone.";
      const question = { title: `Clear the history of ${title}?`, words, action: "Clear history", danger: true, about: id };
      if (await ask(question)) await attempt(() => session.ask(uchat.clearHistory(id)));
    },

    async remove({ id, title }) {
      const words = "The room and all that was said in it are gone for everybody. This cannot be undone.";
      const question = { title: `Delete ${title}?`, words, action: "Delete room", danger: true, about: id };
      if (await ask(question)) await attempt(() => end(id, () => session.ask(uchat.deleteRoom(id))));
    },

    change(room, title, description) {
      return attempt(async () => {
        if (title !== room.title) await session.ask(uchat.renameRoom(room.id, title));
        if (description !== room.description) await session.ask(uchat.describeRoom(room.id, description));
      });
    },

    /** Whether a room that is gone is so by one's own doing. */
    hasEnded: ({ id }) => ending.delete(id),
  };
}
