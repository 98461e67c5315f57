-- What an institution keeps of its exchanges. Person references are sealed under the institution's own
-- vault key, so that two stolen databases share transaction names but no person.
CREATE SCHEMA exchange;

-- The codes this institution knows its people by (機関別符号), under its own addressee number. Acquired to
-- the day only: the moment would join the people of two institutions that acquire their codes together.
CREATE TABLE exchange.person_code (
    subject     text PRIMARY KEY,
    code        bytea NOT NULL UNIQUE CHECK (octet_length(code) = 32),
    epoch       integer NOT NULL,
    acquired_on date NOT NULL DEFAULT (statement_timestamp() AT TIME ZONE 'Asia/Tokyo')::date
);

-- Flags a provider sets on a person: a human must approve (自動応答不可), the fact of the exchange is withheld
-- for now (不開示), the person is protected (支援措置).
CREATE TABLE exchange.person_flag (
    subject text NOT NULL,
    flag    text NOT NULL CHECK (flag IN ('manual', 'withheld', 'protected')),
    ground  text NOT NULL,
    until   date NOT NULL,
    PRIMARY KEY (subject, flag)
);

-- Operators: one row a slip; the stamp is kept so that a retry gets the very same one.
CREATE TABLE exchange.stamp (
    tx     bytea PRIMARY KEY,
    slip   bytea NOT NULL,
    sender text NOT NULL,
    body   bytea NOT NULL,
    jws    text NOT NULL,
    at     timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- Refusals at a gate: who brought it and why it was refused; the slip only by its digest.
CREATE TABLE exchange.refusal (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slip   bytea NOT NULL,
    sender text NOT NULL,
    type   text NOT NULL,
    at     timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- Inquirers: a slip before it leaves the house (with what is needed to bring it again), and its end.
CREATE TABLE exchange.inquiry (
    tx          bytea PRIMARY KEY,
    provider    text NOT NULL,
    permission  text NOT NULL,
    information text NOT NULL,
    office      text NOT NULL,
    papers      bytea NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'provided', 'pending', 'refused', 'abandoned')),
    problem     text,
    evidence    bytea,
    opened_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    closed_at   timestamptz
);
CREATE INDEX inquiry_unfinished ON exchange.inquiry (opened_at) WHERE state IN ('open', 'pending');
CREATE INDEX inquiry_recent ON exchange.inquiry (opened_at DESC);

-- Providers: the answer given to each slip, kept so that a retry gets the very same one. An answer that
-- waits for a human keeps its delivery sealed. `report` is what the ledger is told of it, by the outbox.
CREATE TABLE exchange.answer (
    tx       bytea PRIMARY KEY,
    slip     bytea NOT NULL,
    sender   text NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('provided', 'refused', 'pending')),
    envelope bytea NOT NULL,
    report   bytea NOT NULL,
    at       timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- Providers: slips on which a human must decide (自動応答不可), with what is needed to answer later.
CREATE TABLE exchange.approval (
    tx         bytea PRIMARY KEY,
    inquirer   text NOT NULL,
    permission text NOT NULL,
    information text NOT NULL,
    papers     bytea NOT NULL,
    reason     text NOT NULL,
    asked_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    decision   text CHECK (decision IN ('approved', 'refused')),
    decided_by text,
    decided_at timestamptz
);
CREATE INDEX approval_waiting ON exchange.approval (asked_at) WHERE decision IS NULL;

-- Deliveries of acquired codes that were taken, once each.
CREATE TABLE exchange.acquisition (
    tx    bytea PRIMARY KEY,
    slip  bytea NOT NULL,
    codes integer NOT NULL,
    at    timestamptz NOT NULL DEFAULT statement_timestamp()
);
