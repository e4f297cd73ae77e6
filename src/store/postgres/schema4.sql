-- What searches in rooms with many messages are led by, filled behind the commits; a database without `pg_trgm` leaves it empty.

-- The rooms that are indexed, up to which place. Whoever indexes has the row for itself, whoever changes messages shares it.
CREATE TABLE indexed (
    room INTEGER PRIMARY KEY,
    upto BIGINT NOT NULL
);

-- What neighbouring messages of a room say, folded, each behind a line feed; NULL: one of them has changed since.
CREATE TABLE searches (
    room  INTEGER NOT NULL,
    first BIGINT NOT NULL,
    last  BIGINT NOT NULL,
    text  TEXT COLLATE "C",
    PRIMARY KEY (room, first)
);
-- Compressed it would be read slower than the messages themselves.
ALTER TABLE searches ALTER text SET STORAGE EXTERNAL;
CREATE INDEX searches_stale ON searches (room, first) WHERE text IS NULL;

-- Nothing that was edited or deleted stays, whoever did it: `gone` has the rows as they were.
CREATE FUNCTION forget_searches() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM indexed WHERE room IN (SELECT g.room FROM gone g) ORDER BY room FOR SHARE;
    IF FOUND THEN
        UPDATE searches s SET text = NULL FROM (
            SELECT DISTINCT g.room, (SELECT max(b.first) FROM searches b WHERE b.room = g.room AND b.first <= g.seq) AS first
            FROM gone g) AS c
        WHERE s.room = c.room AND s.first = c.first AND s.text IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_updated AFTER UPDATE ON messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_searches();
CREATE TRIGGER messages_deleted AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_searches();

-- Each transaction says so here, under the number of the one who writes it: after a crash, a transaction's own number may be
-- another's.
CREATE TABLE writers (
    id   BIGINT PRIMARY KEY,
    done BIGINT NOT NULL,
    at   TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 20);
