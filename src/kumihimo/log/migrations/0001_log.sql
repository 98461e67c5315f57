-- The institution's log of its own acts: entries, hash tiles, and the one current checkpoint.

CREATE SCHEMA log;

-- One row: what the log has signed last. `note` is the C2SP checkpoint over the first `size` entries.
CREATE TABLE log.head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL CHECK (size >= 0),
    note text NOT NULL
) WITH (fillfactor = 20);

-- One row per flush: entries first .. first + count - 1 as a C2SP entry bundle, and when they were written.
CREATE TABLE log.chunk (
    first  bigint PRIMARY KEY CHECK (first >= 0),
    count  integer NOT NULL CHECK (count > 0),
    at     timestamptz NOT NULL,
    bundle bytea NOT NULL
);

-- C2SP tiles. Level 0 holds full tiles only: its right edge is hashed from the entries.
-- The levels above also hold their unfinished tile, which only grows.
CREATE TABLE log.tile (
    level  smallint NOT NULL CHECK (level BETWEEN 0 AND 63),
    n      bigint NOT NULL CHECK (n >= 0),
    hashes bytea NOT NULL,
    PRIMARY KEY (level, n),
    CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0)
);

-- Hashes do not compress, and trying costs more than the entries would save.
ALTER TABLE log.chunk ALTER COLUMN bundle SET STORAGE EXTERNAL;
ALTER TABLE log.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE FUNCTION log.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log only grows: % on log.% is refused', TG_OP, TG_TABLE_NAME;
END
$$;

CREATE TRIGGER grows BEFORE UPDATE ON log.head
    FOR EACH ROW WHEN (NEW.size < OLD.size) EXECUTE FUNCTION log.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON log.head
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse();
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON log.chunk
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON log.tile
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse();
