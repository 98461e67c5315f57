-- What the privacy commission found when it compared the logs of all (番号法23条, 27条以下), as far as it concerns this
-- institution: an exchange or an entry of a log, never a person. `answer` is what this institution said.
CREATE TABLE exchange.notice (
    id          bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    kind        text NOT NULL,
    owner       text NOT NULL,
    commit      bytea,
    place       bigint,
    permission  text NOT NULL,
    hour        integer,
    inquirer    text NOT NULL,
    provider    text NOT NULL,
    holders     text[] NOT NULL,
    due         date NOT NULL,
    closed      boolean NOT NULL,
    told_at     timestamptz NOT NULL DEFAULT statement_timestamp(),
    answer      text CHECK (answer IN ('looking', 'ours-wrong', 'ours-right')),
    answered_by text,
    answered_at timestamptz
);
CREATE INDEX notice_open ON exchange.notice (due) WHERE NOT closed;
CREATE INDEX notice_commit ON exchange.notice (commit) WHERE NOT closed;
