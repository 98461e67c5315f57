-- The only place where a number meets a person element. The number is found by a keyed index and kept sealed.
CREATE SCHEMA numbering;

CREATE TABLE numbering.person (
    number_index bytea PRIMARY KEY CHECK (octet_length(number_index) = 32),
    sealed       bytea NOT NULL,
    at           timestamptz NOT NULL DEFAULT statement_timestamp()
);

-- Every look into the registry: who had codes made for whom, under which affair, how many; no person.
CREATE TABLE numbering.look (
    tx        bytea PRIMARY KEY,
    requester text NOT NULL,
    request   bytea NOT NULL CHECK (octet_length(request) = 32),
    recipient text NOT NULL,
    affair    text NOT NULL,
    asked     integer NOT NULL,
    found     integer NOT NULL,
    answer    bytea NOT NULL,
    at        timestamptz NOT NULL DEFAULT statement_timestamp()
);
