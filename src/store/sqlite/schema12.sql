-- Looked for at each start.
CREATE INDEX users_erasing ON users (id) WHERE erasing = 1;
-- Looked for every hour by the thread that writes.
CREATE INDEX tokens_age ON tokens (coalesce(used, created)) WHERE kind = 'session';
