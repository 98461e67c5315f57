-- Work to do later, taken by the outbox worker: at least once, parked for a person after too many failures.
CREATE TABLE node.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    payload bytea NOT NULL,
    due timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    last_problem text,
    parked_at timestamptz
);
CREATE INDEX outbox_due ON node.outbox (due) WHERE parked_at IS NULL;
