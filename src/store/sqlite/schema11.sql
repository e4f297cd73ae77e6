-- When an account was logged in to, to the minute.
ALTER TABLE users ADD COLUMN last_login INTEGER;
