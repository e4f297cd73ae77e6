/*
 * What an event of the tap means to whoever is told of it: the rows of the table of translations, as `src/hub/translation.rs` has
 * them. `audience` is "origin" for the connection that caused it, "own" for the same user's others, "other" for everybody else.
 */
const POSTED = { text: "message", emote: "emote", sticker: "sticker", file: "file" };
const SIMPLE = {
  edited: "edited",
  deleted: "deleted",
  history_cleared: "history_cleared",
  titled: "described",
  described: "described",
  renamed: "renamed",
  quieted: "voice",
  slowed: "voice",
  room_deleted: "room_deleted",
  member_joined: "member_joined",
  member_left: "member_left",
  access_changed: "administration",
  member_unbanned: "administration",
  role_changed: "administration",
};
const PRESENCE = { online: "online", idle: "idle", back: "idle", offline: "offline" };
const DIRECT = "direct";

/** The event's meaning by its name in the table; undefined for what is none. */
export function meaningOf({ room: happened, presence }, audience) {
  if (presence) return PRESENCE[presence.change];
  if (!happened) return undefined;
  const { change, room } = happened;
  const [kind, about] = typeof change === "string" ? [change, null] : Object.entries(change)[0];
  const isMine = audience !== "other";
  switch (kind) {
    case "posted":
      return posted(about, room, audience);
    case "created":
      return room.kind === DIRECT ? "direct_opened" : "administration";
    case "member_banned":
      return isMine ? "banned_self" : "banned_other";
    case "member_removed":
      return isMine ? "removed_self" : "removed_other";
    default:
      return SIMPLE[kind];
  }
}

function posted(message, room, audience) {
  if (audience === "origin") return "to_sender";
  if (audience === "own") return "to_senders_others";
  if (room.kind === DIRECT) return "private";
  return message.reply_to === null || message.reply_to === undefined ? POSTED[message.kind] : "reply";
}
