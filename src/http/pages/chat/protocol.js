/*
 * The requests of uchat and how their answers are known: protocols/uchat/PROTOCOL.md. A request is `{text, isAnswer, read}`: the
 * frame as it is sent, which frame answers it, and what that says.
 */
export const RQ = {
  LOG_IN: 0,
  SIGN_UP: 1,
  TOKEN: 2,
  MSG: 3,
  EDIT_MSG: 4,
  DEL_MSG: 5,
  DEL_HIST: 6,
  GET_NEW_MSGS: 7,
  SEARCH_MSGS: 8,
  ERROR_MSG: 9,
  OLD_MSGS: 10,
  GET_ROOMS: 11,
  NEW_ROOM: 12,
  DEL_ROOM: 13,
  JOIN_ROOM: 14,
  UPD_ROOM_NAME: 15,
  UPD_ROOM_DESC: 16,
  SEARCH_CH: 18,
  GET_MEMBERS: 19,
  MEMBER_INFO: 20,
  NEW_MEMBER: 21,
  BAN_MEMBER: 22,
  LOG_OUT: 26,
};

/** A room's kinds. */
export const ROOM = { PRIVATE: 0, PUBLIC: 1, DIRECT: 2 };
/** A member's kinds, from the owner down. */
export const ROLES = ["owner", "admin", "moderator", "member"];
/** What messages are. */
export const MESSAGE = { TEXT: 0, FILE: 1, FILE_WITH_TEXT: 2, STICKER: 3 };
/** Codes of refusals. */
export const ERROR = { AUTHENTICATION: 0, CONNECTED: 2, NOT_ALLOWED: 3, NOT_FOUND: 4 };
/** The room with the gateway itself, which is in no list. */
export const GATEWAY_ROOM = 0;
/** Most bytes of a message. */
export const MESSAGE_BYTES = 800;
/** Most messages of a page of history. */
export const PAGE = 500;
/** Later than any message: the latest time that a date can be. */
export const FOREVER = 8.64e15;

function request(frame, isAnswer = () => true, read = (answer) => answer) {
  const isOfType = (answer) => answer.type === frame.type && isAnswer(answer);
  return { text: JSON.stringify(frame), isAnswer: isOfType, read };
}

/** A request whose answer has another type. */
const answeredBy = (type, frame) => ({ ...request(frame), isAnswer: (answer) => answer.type === type });

const inRoom = (room) => (answer) => answer.room_id === room;

export const logIn = (login, pass) => answeredBy(RQ.TOKEN, { type: RQ.LOG_IN, login, pass, name: "", desc: "" });
export const signUp = (login, pass) => answeredBy(RQ.TOKEN, { type: RQ.SIGN_UP, login, pass, name: login, desc: "" });
export const byToken = (token) => request({ type: RQ.TOKEN, token });
export const logOut = (token) => request({ type: RQ.LOG_OUT, token });

export const myRooms = (after = 0) => request({ type: RQ.GET_ROOMS, date: after }, undefined, (answer) => answer.rooms);
export const findRooms = (name) =>
  request(
    { type: RQ.SEARCH_CH, name },
    (answer) => answer.rooms,
    (answer) => answer.rooms,
  );
export const joinRoom = (room) => request({ type: RQ.JOIN_ROOM, room_id: room }, (answer) => answer.id === room);
export const deleteRoom = (room) => request({ type: RQ.DEL_ROOM, room_id: room }, inRoom(room));
export const renameRoom = (room, title) => request({ type: RQ.UPD_ROOM_NAME, room_id: room, room_name: title }, inRoom(room));
export const describeRoom = (room, desc) => request({ type: RQ.UPD_ROOM_DESC, room_id: room, desc }, inRoom(room));

/** The key `type` stands twice in it: the request, then the room's kind. */
export function newRoom(title, desc, kind) {
  const made = request({ type: RQ.NEW_ROOM, name: title, desc });
  return { ...made, text: `${made.text.slice(0, -1)},"type":${kind}}` };
}

/** In one flavor of the protocol the members come in an answer to the search for rooms. */
export const members = (room) => ({
  ...request({ type: RQ.GET_MEMBERS, room_id: room }),
  isAnswer: (answer) => answer.members !== undefined && answer.room_id === room,
  read: (answer) => answer.members,
});
export const memberInfo = (user) => request({ type: RQ.MEMBER_INFO, user_id: user });
export const ban = (room, user) =>
  request({ type: RQ.BAN_MEMBER, room_id: room, user_id: user }, (answer) => answer.room_id === room && answer.user_id === user);

export const post = (room, message, own) =>
  request(
    { type: RQ.MSG, room_id: room, message, msg_type: MESSAGE.TEXT },
    (answer) => answer.room_id === room && answer.user_id === own,
  );
export const edit = (room, id, text) =>
  request({ type: RQ.EDIT_MSG, room_id: room, msg_id: id, msg: text }, (answer) => answer.msg_id === id);
export const remove = (room, id) => request({ type: RQ.DEL_MSG, room_id: room, msg_id: id }, (answer) => answer.msg_id === id);
export const clearHistory = (room) => request({ type: RQ.DEL_HIST, room_id: room }, inRoom(room));

/** In one flavor of the protocol the older messages come under another name. */
const page = (answer) => answer.messages ?? answer.message;
export const newMessages = (room, date, count) =>
  request({ type: RQ.GET_NEW_MSGS, room_id: room, date, count }, inRoom(room), page);
export const oldMessages = (room, date, count) => request({ type: RQ.OLD_MSGS, room_id: room, date, count }, inRoom(room), page);
export const search = (room, text) =>
  request({ type: RQ.SEARCH_MSGS, room_id: room, msg: text }, undefined, (answer) => answer.msgs);
