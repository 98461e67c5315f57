-- Requests to correct a record of exchange (番号法31条). `label` is the person's, `fault` what is said to be wrong; what the
-- person wrote passes through, sealed to the holders, and is forgotten here once they have it.
CREATE TABLE ledger.correction (
    id     bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    label  bytea NOT NULL,
    record bytea NOT NULL,
    portal text NOT NULL,
    fault  text NOT NULL,
    asked  bigint NOT NULL,
    at     timestamptz NOT NULL DEFAULT statement_timestamp()
);
CREATE INDEX correction_label ON ledger.correction (label);

-- One row for each holder of the record: when it acknowledged the notice, whether it has the record, what it decided.
CREATE TABLE ledger.correction_holder (
    id           bytea NOT NULL REFERENCES ledger.correction ON DELETE CASCADE,
    holder       text NOT NULL,
    role         text NOT NULL CHECK (role IN ('inquirer', 'provider', 'operator')),
    acknowledged timestamptz,
    held         boolean,
    decision     text CHECK (decision IN ('corrected', 'not-corrected')),
    ground       text,
    decided      bigint,
    PRIMARY KEY (id, holder)
);
