-- Where a present guest came from.
ALTER TABLE users ADD COLUMN address TEXT;
-- Guests who are kept out of rooms, by name and network; their rows in `users` may be gone.
CREATE TABLE guest_bans (
    room    INTEGER NOT NULL,
    folded  TEXT NOT NULL,
    network TEXT NOT NULL,                  -- empty: none
    user    INTEGER NOT NULL,
    login   TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (room, folded, network)
) STRICT, WITHOUT ROWID;
-- The place up to which a member who came by a private room's name sees nothing; who is a member already sees all.
ALTER TABLE members ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
-- Who may speak: moderators and above alone, and after how many milliseconds again.
ALTER TABLE rooms ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN slow INTEGER NOT NULL DEFAULT 0;
-- Who is kept out of the whole gateway.
CREATE TABLE bans (
    subject TEXT PRIMARY KEY,               -- JSON; a login is folded
    ban     TEXT NOT NULL                   -- JSON
) STRICT, WITHOUT ROWID;
-- How many messages of a direct room wait to be read.
ALTER TABLE members ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
