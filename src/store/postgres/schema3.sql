-- Accounts that may do over HTTP what the command line may.
ALTER TABLE users ADD COLUMN operator BOOLEAN NOT NULL DEFAULT false;
