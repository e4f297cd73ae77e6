-- What it said and its names are being removed.
ALTER TABLE users ADD COLUMN erasing INTEGER NOT NULL DEFAULT 0;
