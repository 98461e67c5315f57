-- What the commission knows of the logs of others (番号法23条, 27条以下): how far each was read and proved, which
-- exchanges are not settled yet, what is wrong and who has to answer. No person, no code, no payload.
CREATE SCHEMA oversight;

-- One row a log. The first `size` entries are proved by `note`, a checkpoint the log has signed; `edge` is what is
-- needed to go on hashing. `staged`, `staged_edge` and `target` are a reading under way: it goes on from there after
-- a restart, and its lines count only when the root of `target` is reached.
CREATE TABLE oversight.reading (
    log         text PRIMARY KEY,
    size        bigint NOT NULL DEFAULT 0,
    edge        bytea NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    read_at     timestamptz,
    staged      bigint NOT NULL DEFAULT 0,
    staged_edge bytea NOT NULL DEFAULT '',
    target      text,
    target_at   timestamptz,
    problem     text,
    away_since  timestamptz
);

-- Entries of logs whose exchange is not settled, or is under an alarm. The ledger's own word on an exchange (it was
-- counted, or is counted as withheld) stands here under the ledger's name and -1 - its index at operator 1.
CREATE TABLE oversight.line (
    log      text NOT NULL,
    index    bigint NOT NULL,
    commit   bytea NOT NULL,
    kind     text NOT NULL,
    inquirer text NOT NULL,
    provider text NOT NULL,
    permission text NOT NULL,
    hour     integer NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (log, index)
);
CREATE INDEX line_commit ON oversight.line (commit);

-- Settled exchanges, counted by who asked whom under which row in which hour.
CREATE TABLE oversight.tally (
    hour      integer NOT NULL,
    kind      text NOT NULL,
    inquirer  text NOT NULL,
    provider  text NOT NULL,
    permission text NOT NULL,
    complete  bigint NOT NULL DEFAULT 0,
    abandoned bigint NOT NULL DEFAULT 0,
    unstamped bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (hour, kind, inquirer, provider, permission)
);

-- Which entries of operator 1's log are about a person (one bit each), so that events can be counted up to any size.
CREATE TABLE oversight.course (
    first  bigint PRIMARY KEY,
    count  integer NOT NULL,
    before bigint NOT NULL,
    events bytea NOT NULL
);

-- The ledger's epoch records as its proved log holds them; `taken` when the transition was read with them.
CREATE TABLE oversight.epoch (
    epoch  bigint PRIMARY KEY,
    index  bigint NOT NULL,
    record bytea NOT NULL,
    events bigint,
    taken  boolean NOT NULL DEFAULT false
);

-- What is wrong, who has to answer, and until when. `id` is derived from the rest, so a fault is one alarm however
-- often it is found.
CREATE TABLE oversight.alarm (
    id        bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    kind      text NOT NULL,
    owner     text NOT NULL,
    commit    bytea,
    place     bigint,
    permission text NOT NULL DEFAULT '',
    hour      integer,
    inquirer  text NOT NULL DEFAULT '',
    provider  text NOT NULL DEFAULT '',
    holders   text[] NOT NULL DEFAULT '{}',
    raised_at timestamptz NOT NULL,
    due       date NOT NULL,
    closed_at timestamptz
);
CREATE INDEX alarm_open ON oversight.alarm (due) WHERE closed_at IS NULL;
CREATE INDEX alarm_commit ON oversight.alarm (commit) WHERE closed_at IS NULL;

-- Who was told of an alarm, and what they said.
CREATE TABLE oversight.notice (
    alarm       bytea NOT NULL,
    institution text NOT NULL,
    told_at     timestamptz,
    answered_at timestamptz,
    answer      text,
    PRIMARY KEY (alarm, institution)
);

-- Reconciliations.
CREATE TABLE oversight.run (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    entries     bigint NOT NULL DEFAULT 0,
    complete    bigint NOT NULL DEFAULT 0,
    abandoned   bigint NOT NULL DEFAULT 0,
    unstamped   bigint NOT NULL DEFAULT 0,
    waiting     bigint NOT NULL DEFAULT 0,
    raised      bigint NOT NULL DEFAULT 0,
    closed      bigint NOT NULL DEFAULT 0,
    away        text[] NOT NULL DEFAULT '{}'
);
