-- Which messages have files: for a sweep of the file area.
CREATE INDEX messages_file ON messages (room) WHERE file IS NOT NULL;
