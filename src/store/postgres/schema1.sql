-- Users, rooms and tokens get their numbers from `counters`, messages from `message_ids`; none is given twice. `messages`: the
-- greatest number among the messages that may be gone.

CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters VALUES ('users', 0), ('rooms', 0), ('tokens', 0), ('messages', 0), ('news', 0);
-- Taken while the room is locked: so numbers rise in the order of commits in each room.
CREATE SEQUENCE message_ids AS BIGINT;

CREATE TABLE users (
    id          INTEGER PRIMARY KEY,
    login       TEXT NOT NULL,
    folded      TEXT COLLATE "C",            -- NULL: gone or removed, the name is free
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    kind        TEXT NOT NULL,
    disabled    BOOLEAN NOT NULL,
    created     BIGINT NOT NULL,
    password    TEXT,                        -- Argon2id, PHC string form
    spoke       BOOLEAN NOT NULL DEFAULT false, -- some message has this sender
    address     TEXT,                        -- where a present guest came from
    erasing     BOOLEAN NOT NULL,
    last_login  BIGINT                       -- to the minute
);
CREATE UNIQUE INDEX users_folded ON users (folded) WHERE folded IS NOT NULL;
CREATE INDEX users_guests ON users (id) WHERE kind = 'guest' AND folded IS NOT NULL;
CREATE INDEX users_erasing ON users (id) WHERE erasing;

CREATE TABLE contacts (
    "user"  INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    PRIMARY KEY ("user", contact)
);
CREATE INDEX contacts_contact ON contacts (contact);

CREATE TABLE tokens (
    id      INTEGER PRIMARY KEY,
    "user"  INTEGER NOT NULL,
    hash    BYTEA NOT NULL UNIQUE,           -- SHA-256 of the token's text
    kind    TEXT NOT NULL,
    created BIGINT NOT NULL,
    used    BIGINT,
    address TEXT
);
CREATE INDEX tokens_user ON tokens ("user");
CREATE INDEX tokens_age ON tokens (coalesce(used, created)) WHERE kind = 'session';

-- Three columns move with every message: room is left on each page for them.
CREATE TABLE rooms (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    folded       TEXT COLLATE "C",           -- NULL: a direct room
    title        TEXT NOT NULL,
    folded_title TEXT COLLATE "C" NOT NULL,
    description  TEXT NOT NULL,
    kind         TEXT NOT NULL,
    password     TEXT,
    owner        INTEGER,
    low          INTEGER,                    -- the pair of a direct room, the smaller id first
    high         INTEGER,
    created      BIGINT NOT NULL,
    updated      BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    cleared      BIGINT NOT NULL,
    last_message BIGINT NOT NULL,
    messages     BIGINT NOT NULL DEFAULT 0,  -- how many were said
    quiet        BOOLEAN NOT NULL,
    slow         BIGINT NOT NULL,            -- milliseconds
    keep         BIGINT,                     -- milliseconds; 0: for ever, NULL: as the configuration says
    pruned       BIGINT NOT NULL
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX rooms_folded ON rooms (folded) WHERE folded IS NOT NULL;
CREATE UNIQUE INDEX rooms_pair ON rooms (low, high) WHERE low IS NOT NULL;
CREATE INDEX rooms_title ON rooms (folded_title);
CREATE INDEX rooms_owner ON rooms (owner) WHERE owner IS NOT NULL;

CREATE TABLE members (
    room    INTEGER NOT NULL,
    "user"  INTEGER NOT NULL,
    role    TEXT NOT NULL,
    joined  BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    since   BIGINT NOT NULL,                 -- up to here a member who came by a private room's name sees nothing
    waiting BIGINT NOT NULL,                 -- how many messages of a direct room wait to be read
    PRIMARY KEY (room, "user")
) WITH (fillfactor = 80);
CREATE INDEX members_user ON members ("user");

-- `searched`: what a search looks at, folded as the gateway folds it.
CREATE TABLE messages (
    id       BIGINT PRIMARY KEY,
    room     INTEGER NOT NULL,
    seq      BIGINT NOT NULL,
    sender   INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    text     TEXT NOT NULL,
    reply_to BIGINT,
    created  BIGINT NOT NULL,                -- rises within a room, but for `falls`
    updated  BIGINT,
    deleted  BOOLEAN NOT NULL,
    file     TEXT,                           -- JSON
    extra    TEXT NOT NULL,
    number   BIGINT NOT NULL,                -- its place among the room's messages: 1, 2, 3…
    searched TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX messages_seq ON messages (room, seq);
CREATE INDEX messages_updated ON messages (room, updated, seq) WHERE updated IS NOT NULL;
CREATE INDEX messages_file ON messages (room) WHERE file IS NOT NULL;

CREATE TABLE hidden (
    "user"  INTEGER NOT NULL,
    room    INTEGER NOT NULL,
    message BIGINT NOT NULL,
    PRIMARY KEY ("user", room, message)
);
CREATE INDEX hidden_room ON hidden (room, message);

CREATE TABLE changes (
    room   INTEGER NOT NULL,
    seq    BIGINT NOT NULL,
    change TEXT NOT NULL,                    -- JSON
    PRIMARY KEY (room, seq)
);

-- Where the times of a room fall: `seq` is the first message after it, `last` the last time before it.
CREATE TABLE falls (
    room INTEGER NOT NULL,
    seq  BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (room, seq)
);

CREATE TABLE guest_bans (
    room    INTEGER NOT NULL,
    folded  TEXT COLLATE "C" NOT NULL,
    network TEXT COLLATE "C" NOT NULL,       -- empty: none
    "user"  INTEGER NOT NULL,
    login   TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (room, folded, network)
);

CREATE TABLE bans (
    subject TEXT COLLATE "C" PRIMARY KEY,    -- JSON; a login is folded
    ban     TEXT NOT NULL                    -- JSON
);

-- What other nodes have to know, the latest.
CREATE TABLE news (
    id   BIGINT PRIMARY KEY,                 -- gapless, in the order of commits
    news TEXT NOT NULL                       -- JSON
);

-- The place from which on no message of a stretch of a room has a value below `bound`; those that have come before all others.
-- The value: its number (`id`), its time (`created`), or by how much this is greater than its number in the room (`lead`).
CREATE FUNCTION message_boundary(in_room INTEGER, low BIGINT, high BIGINT, by TEXT, bound BIGINT) RETURNS BIGINT
LANGUAGE plpgsql STABLE AS $$
DECLARE
    middle BIGINT;
    place  RECORD;
BEGIN
    WHILE low < high LOOP
        middle := low + (high - low) / 2;
        SELECT m.seq, CASE by WHEN 'id' THEN m.id WHEN 'created' THEN m.created ELSE m.created - m.number END AS value
            INTO place FROM messages m WHERE m.room = in_room AND m.seq >= middle AND m.seq < high ORDER BY m.seq LIMIT 1;
        IF place.seq IS NOT NULL AND place.value < bound THEN
            low := place.seq + 1;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN low;
END $$;
