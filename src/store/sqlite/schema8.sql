-- Whose rooms are looked for when an account goes.
CREATE INDEX rooms_owner ON rooms (owner) WHERE owner IS NOT NULL;
