-- Of which events a watcher was shown the label, for 24 hours: each may see a few, and never all.
CREATE TABLE ledger.evidence_shown (
    watcher text NOT NULL,
    x_index bigint NOT NULL,
    at      timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (watcher, x_index)
);

-- How many were settled since a moment is the difference of two epochs' totals.
CREATE INDEX epoch_at ON ledger.epoch (at);
