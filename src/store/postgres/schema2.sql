-- Several nodes: which there are, what each holds, and what those that are gone have left.

ALTER TABLE users ADD COLUMN node BIGINT;    -- where a present guest is

-- Whoever writes locks its node's row against its removal: a node that is not here any more commits nothing.
CREATE TABLE nodes (
    id       BIGINT PRIMARY KEY,
    number   SMALLINT NOT NULL UNIQUE,       -- its sessions' numbers end in it
    name     TEXT NOT NULL,
    version  TEXT NOT NULL,
    since    TIMESTAMPTZ NOT NULL,
    lease    INTERVAL NOT NULL,
    until    TIMESTAMPTZ NOT NULL,           -- when its lease is over
    unbroken TIMESTAMPTZ NOT NULL,           -- since when it has kept its lease without a break
    sessions BIGINT NOT NULL
);

-- Those whose guests are still to be ended.
CREATE TABLE gone_nodes (
    id       BIGINT PRIMARY KEY,
    number   SMALLINT NOT NULL,
    name     TEXT NOT NULL,
    version  TEXT NOT NULL,
    since    TIMESTAMPTZ NOT NULL,
    sessions BIGINT NOT NULL
);

CREATE SEQUENCE node_numbers AS SMALLINT MAXVALUE 999 CYCLE;

-- Who holds the one connection that a user may have over a dialect.
CREATE TABLE names (
    "user"  INTEGER NOT NULL,
    dialect TEXT COLLATE "C" NOT NULL,
    node    BIGINT NOT NULL REFERENCES nodes ON DELETE CASCADE,
    claim   BIGINT NOT NULL,
    PRIMARY KEY ("user", dialect)
);
CREATE INDEX names_node ON names (node);
