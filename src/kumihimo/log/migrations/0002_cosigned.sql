-- The newest checkpoint that a quorum of witnesses has cosigned. `note` bears their Ed25519 lines,
-- `second` their ML-DSA-44 lines, which are fifty times as long and not needed in every proof.

CREATE TABLE log.cosigned (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    size   bigint NOT NULL CHECK (size >= 0),
    note   text NOT NULL,
    second text NOT NULL
);

CREATE TRIGGER grows BEFORE UPDATE ON log.cosigned
    FOR EACH ROW WHEN (NEW.size < OLD.size) EXECUTE FUNCTION log.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON log.cosigned
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse();
