import { undoable } from "../shared/toast.js";
import * as uchat from "./protocol.js";

/** Who deletes what others said: moderators, and those above. */
const MODERATOR = 2;

/** What can be done with a message. `app` has the session, the people, the composer, and the open history. */
export function messageActs(app) {
  const isOwn = (message) => message.user_id === app.session.userId;
  return {
    reply: (message) => app.composer.reply(message),
    edit: (message) => app.composer.edit(message),

    remove(message) {
      const { history } = app;
      const restore = () => history.mark(message, { isLeaving: false });
      const send = () =>
        app.session.ask(uchat.remove(history.room.id, message.message_id)).catch((error) => {
          restore();
          throw error;
        });
      history.mark(message, { isLeaving: true });
      undoable("Message deleted", send, restore);
      app.composer.focus();
    },

    may(message) {
      const isText = message.msg_type === uchat.MESSAGE.TEXT;
      return { edit: isOwn(message) && isText, remove: isOwn(message) || app.role <= MODERATOR };
    },
  };
}
