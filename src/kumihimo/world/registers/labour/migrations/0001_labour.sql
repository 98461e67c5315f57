-- Employment insurance (雇用保険) of a labour bureau: insured employment and benefits. Yen.
CREATE SCHEMA labour;

CREATE TABLE labour.insured (
    subject     text PRIMARY KEY CHECK (subject ~ '^[0-9]{15}$'),
    number      text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{11}$'),
    employer    text NOT NULL,
    acquired_on date NOT NULL,
    lost_on     date,
    reason      text CHECK (reason IN ('dismissal', 'contract-end', 'good-cause', 'own-reasons', 'retirement-age')),
    CHECK ((lost_on IS NULL) = (reason IS NULL)),
    CHECK (lost_on > acquired_on)
);

-- Qualification for the basic allowance (基本手当), and what was paid every four weeks.
CREATE TABLE labour.basic_allowance (
    subject          text PRIMARY KEY REFERENCES labour.insured,
    qualified_on     date NOT NULL,
    restricted_until date,
    daily            integer NOT NULL CHECK (daily > 0),
    days             smallint NOT NULL CHECK (days IN (90, 120, 150, 180))
);

CREATE TABLE labour.childcare_leave (
    subject text REFERENCES labour.insured,
    since   date,
    until   date NOT NULL,
    monthly integer NOT NULL CHECK (monthly > 0),
    PRIMARY KEY (subject, since),
    CHECK (until > since)
);
