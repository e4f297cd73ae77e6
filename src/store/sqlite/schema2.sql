-- `identity`: tells this database from others, to the search index beside it.
INSERT INTO counters VALUES ('identity', random());

-- With `seq`, so that what was edited between two times is counted and put in order without its rows.
DROP INDEX messages_updated;
CREATE INDEX messages_updated ON messages (room, updated, seq) WHERE updated IS NOT NULL;
