-- Numbers are never given twice: AUTOINCREMENT, and for messages `counters`.

CREATE TABLE users (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    login       TEXT NOT NULL,
    folded      TEXT,                       -- NULL: gone or removed, the name is free
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    kind        TEXT NOT NULL,
    disabled    INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    password    TEXT,                       -- Argon2id, PHC string form
    spoke       INTEGER NOT NULL DEFAULT 0  -- some message has this sender
) STRICT;
CREATE UNIQUE INDEX users_folded ON users (folded) WHERE folded IS NOT NULL;
CREATE INDEX users_guests ON users (id) WHERE kind = 'guest' AND folded IS NOT NULL;

CREATE TABLE tokens (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user    INTEGER NOT NULL,
    hash    BLOB NOT NULL UNIQUE,           -- SHA-256 of the token's text
    kind    TEXT NOT NULL,
    created INTEGER NOT NULL,
    used    INTEGER,
    address TEXT
) STRICT;
CREATE INDEX tokens_user ON tokens (user);

CREATE TABLE rooms (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    folded       TEXT,                      -- NULL: a direct room
    title        TEXT NOT NULL,
    folded_title TEXT NOT NULL,
    description  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    password     TEXT,
    owner        INTEGER,
    low          INTEGER,                   -- the pair of a direct room, the smaller id first
    high         INTEGER,
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    cleared      INTEGER NOT NULL,
    last_message INTEGER NOT NULL,
    messages     INTEGER NOT NULL DEFAULT 0 -- how many were said
) STRICT;
CREATE UNIQUE INDEX rooms_folded ON rooms (folded) WHERE folded IS NOT NULL;
CREATE UNIQUE INDEX rooms_pair ON rooms (low, high) WHERE low IS NOT NULL;
CREATE INDEX rooms_title ON rooms (folded_title);

CREATE TABLE members (
    room   INTEGER NOT NULL,
    user   INTEGER NOT NULL,
    role   TEXT NOT NULL,
    joined INTEGER NOT NULL,
    seen   INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user);

CREATE TABLE messages (
    id       INTEGER PRIMARY KEY,
    room     INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    sender   INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    text     TEXT NOT NULL,
    reply_to INTEGER,
    created  INTEGER NOT NULL,              -- never falls within a room
    updated  INTEGER,
    deleted  INTEGER NOT NULL,
    file     TEXT,                          -- JSON
    extra    TEXT NOT NULL,
    number   INTEGER NOT NULL               -- its place among the room's messages: 1, 2, 3…
) STRICT;
CREATE UNIQUE INDEX messages_seq ON messages (room, seq);
CREATE INDEX messages_updated ON messages (room, updated) WHERE updated IS NOT NULL;

CREATE TABLE hidden (
    user    INTEGER NOT NULL,
    room    INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (user, room, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX hidden_room ON hidden (room);

CREATE TABLE changes (
    room   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    change TEXT NOT NULL,                   -- JSON
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- `message`: a number below which none is given, though the messages that had it may be gone with their room.
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES ('message', 0);
