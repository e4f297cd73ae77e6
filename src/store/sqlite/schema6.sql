-- Where the times of a room fall: `seq` is the first message after it, `last` the last time before it.
CREATE TABLE falls (
    room INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
-- No two messages of a room share a millisecond from now on: those that do are spread.
UPDATE messages SET created = spread.at
FROM (SELECT id, number + max(created - number) OVER (PARTITION BY room ORDER BY seq) AS at FROM messages) AS spread
WHERE spread.id = messages.id AND spread.at <> messages.created;
UPDATE rooms SET last_message = coalesce(
    (SELECT created FROM messages WHERE room = rooms.id ORDER BY seq DESC LIMIT 1), last_message);
