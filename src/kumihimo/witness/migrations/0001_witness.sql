-- What a witness remembers: per log the last checkpoint it cosigned, and what it refused. No entry of any log.

CREATE SCHEMA witness;

CREATE TABLE witness.log (
    origin text PRIMARY KEY,
    size   bigint NOT NULL CHECK (size >= 0),
    root   bytea NOT NULL CHECK (octet_length(root) = 32),
    note   text NOT NULL,
    at     timestamptz NOT NULL
);

CREATE FUNCTION witness.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a witness does not go back: % on witness.% is refused', TG_OP, TG_TABLE_NAME;
END
$$;

CREATE TRIGGER forward BEFORE UPDATE ON witness.log
    FOR EACH ROW WHEN (NEW.size <= OLD.size OR NEW.origin <> OLD.origin) EXECUTE FUNCTION witness.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON witness.log
    FOR EACH STATEMENT EXECUTE FUNCTION witness.refuse();

-- One row per log and kind of misdeed, so that nobody can fill the table. `note` is the checkpoint that was
-- refused, `known` the one cosigned before; where `proved`, the two convict the log, and the first pair stays.
CREATE TABLE witness.alarm (
    origin   text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('fork', 'inconsistent', 'rollback', 'epoch')),
    proved   boolean NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    times    bigint NOT NULL,
    size     bigint NOT NULL,
    detail   text NOT NULL,
    note     text NOT NULL,
    known    text NOT NULL,
    PRIMARY KEY (origin, kind)
);

-- How far the ledger's epochs were followed: an auditor put aside, so that a restart need not begin at epoch 1.
CREATE TABLE witness.follower (
    origin text PRIMARY KEY,
    size   bigint NOT NULL,
    epoch  bigint NOT NULL,
    state  bytea NOT NULL
);
ALTER TABLE witness.follower ALTER COLUMN state SET STORAGE EXTERNAL;
