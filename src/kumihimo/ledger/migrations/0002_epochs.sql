-- Records settle with their outcome, what the law withholds waits in a set of its own, and epochs are closed over the chains.

-- `count` numbers all entries of a chain; `counted` those that are records (asked, disclosed, released): the map's sum.
ALTER TABLE ledger.person ADD COLUMN counted bigint NOT NULL DEFAULT 0;
UPDATE ledger.person AS p SET counted = c.counted
FROM (SELECT label, count(*) AS counted FROM ledger.entry WHERE kind <> 'outcome' GROUP BY label) AS c
WHERE c.label = p.label;

-- `seq` is the order in which entries entered the chains of all persons: an epoch takes them in up to one of these numbers.
ALTER TABLE ledger.entry DROP CONSTRAINT entry_kind_check;
ALTER TABLE ledger.entry ADD CONSTRAINT entry_kind_check
    CHECK (kind IN ('asked', 'outcome', 'disclosed', 'released', 'correction'));
ALTER TABLE ledger.entry ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX entry_seq ON ledger.entry (seq);
CREATE INDEX entry_at ON ledger.entry USING brin (at);

-- `asked` is the sealed entry of an event that is not in the chain (open, deferred); `told` the sealed outcome of a
-- deferred one. `x_index` is its place in operator 1's log, as the first stamp says.
ALTER TABLE ledger.event
    ADD COLUMN x_index bigint,
    ADD COLUMN commit bytea,
    ADD COLUMN state text NOT NULL DEFAULT 'chained' CHECK (state IN ('open', 'chained', 'deferred', 'released')),
    ADD COLUMN asked bytea,
    ADD COLUMN told bytea;
UPDATE ledger.event SET commit = decode(convert_from(body, 'UTF8')::json ->> 'commit', 'base64');
CREATE INDEX event_open ON ledger.event (at) WHERE state = 'open';
CREATE INDEX event_unplaced ON ledger.event (commit) WHERE x_index IS NULL;

-- Events withheld by law (番号法23条2項), each behind a leaf of the committed set. `until` is the end that was claimed,
-- `due` the end as things stand; `entered` and `gone` are the epochs that took the leaf in and let it go.
CREATE TABLE ledger.deferred (
    leaf     bytea PRIMARY KEY CHECK (octet_length(leaf) = 32),
    tx       bytea NOT NULL UNIQUE,
    x_index  bigint NOT NULL,
    commit   bytea NOT NULL,
    salt     bytea NOT NULL CHECK (octet_length(salt) = 16),
    until    date NOT NULL,
    due      date NOT NULL,
    ground   text NOT NULL,
    by       text NOT NULL,
    approval text NOT NULL DEFAULT 'none' CHECK (approval IN ('none', 'approved', 'refused')),
    released boolean NOT NULL DEFAULT false,
    entered  bigint,
    gone     bigint,
    at       timestamptz NOT NULL DEFAULT statement_timestamp()
);
CREATE INDEX deferred_due ON ledger.deferred (due) WHERE NOT released;
CREATE INDEX deferred_moving ON ledger.deferred (leaf) WHERE entered IS NULL OR (released AND gone IS NULL);

-- One row a bucket of the map, as of the last closed epoch: its leaves (72 bytes each) and its node (40 bytes).
CREATE TABLE ledger.bucket (
    number bigint PRIMARY KEY,
    leaves bytea NOT NULL CHECK (octet_length(leaves) % 72 = 0),
    root   bytea NOT NULL CHECK (octet_length(root) = 40)
);

-- One row a closed epoch. `record` stands in the ledger's own log at `log_index`; `through` is the last seq it took in;
-- `x_peaks` is the right edge of operator 1's log at its x_size, `x_note` the checkpoint it was read under.
CREATE TABLE ledger.epoch (
    number     bigint PRIMARY KEY CHECK (number > 0),
    log_index  bigint NOT NULL,
    through    bigint NOT NULL,
    record     bytea NOT NULL,
    transition bytea NOT NULL,
    x_peaks    bytea NOT NULL,
    x_note     text NOT NULL,
    at         timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- Person-events read from operator 1's log that no closed epoch has settled yet.
CREATE TABLE ledger.unsettled (
    x_index bigint PRIMARY KEY,
    commit  bytea NOT NULL,
    seen    timestamptz NOT NULL
);

-- What the sampled audit needs of each event, sealed, for some hours; erased in one statement.
CREATE TABLE ledger.evidence (
    x_index bigint NOT NULL,
    tx      bytea NOT NULL,
    sealed  bytea NOT NULL,
    at      timestamptz NOT NULL DEFAULT statement_timestamp()
);
ALTER TABLE ledger.evidence ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX evidence_index ON ledger.evidence (x_index);
CREATE INDEX evidence_at ON ledger.evidence USING brin (at);
