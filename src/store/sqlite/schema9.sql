-- For how many milliseconds messages are kept (0: for ever; NULL: as the configuration says), and up to where they are no longer.
ALTER TABLE rooms ADD COLUMN keep INTEGER;
ALTER TABLE rooms ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
