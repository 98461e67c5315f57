-- The ledger of exchanges (情報提供等記録, 番号法23条): per person, under a label that only the ledger can derive.
CREATE SCHEMA ledger;

-- One row a person: how many entries stand in the chain, and its head.
CREATE TABLE ledger.person (
    label bytea PRIMARY KEY CHECK (octet_length(label) = 32),
    count bigint NOT NULL,
    head  bytea NOT NULL CHECK (octet_length(head) = 32)
);

-- The entries of each chain (no foreign keys here: one statement writes all three tables, and the chain proves more). `sealed` is the entry under the ledger's vault key; `hash` stays when it is erased.
CREATE TABLE ledger.entry (
    label  bytea NOT NULL,
    n      bigint NOT NULL,
    kind   text NOT NULL CHECK (kind IN ('asked', 'outcome', 'disclosed')),
    tx     bytea NOT NULL,
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32),
    sealed bytea,
    at     timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (label, n)
);

-- One row an exchange: whose chain it stands in, the receipt that was given, and whether it is withheld by law.
CREATE TABLE ledger.event (
    tx             bytea PRIMARY KEY,
    slip           bytea NOT NULL,
    sender         text NOT NULL,
    provider       text NOT NULL,
    permission     text NOT NULL,
    label          bytea NOT NULL,
    body           bytea NOT NULL,
    jws            text NOT NULL,
    outcome        text,
    withheld_until date,
    withheld_ground text,
    withheld_by    text,
    at             timestamptz NOT NULL DEFAULT statement_timestamp()
);
CREATE INDEX event_withheld ON ledger.event (withheld_until) WHERE withheld_until IS NOT NULL;
