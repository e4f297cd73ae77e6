-- Accounts that may do over HTTP what the command line may.
ALTER TABLE users ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;
