-- The resident register of one municipality (住民基本台帳): present residents and removed records (除票).
-- Persons are known here by the municipality's own integrated addressee number; no individual number and no
-- resident code lies in these tables.
CREATE SCHEMA register;

-- One resident record (住民票) per person: 住基法7条 nos. 1-8, 15条の3 for removed ones.
CREATE TABLE register.resident (
    subject          text PRIMARY KEY CHECK (subject ~ '^[0-9]{15}$'),
    household        text NOT NULL,
    place            smallint NOT NULL, -- the order of the record; the householder comes first
    name             text NOT NULL,
    kana             text NOT NULL,
    alias            text,
    birth            date NOT NULL,
    sex              text NOT NULL CHECK (sex IN ('male', 'female')),
    relation         text NOT NULL,
    municipality     text NOT NULL CHECK (municipality ~ '^[0-9]{6}$'),
    address          text NOT NULL,
    resident_since   date NOT NULL,
    address_since    date NOT NULL,
    notified_on      date,
    previous_address text,
    nationality      text,
    residence_status text,
    removed_on       date,
    removal_reason   text CHECK (removal_reason IN ('move-out', 'death', 'correction')),
    next_address     text,
    CHECK ((removed_on IS NULL) = (removal_reason IS NULL)),
    CHECK ((nationality IS NULL) = (residence_status IS NULL)),
    UNIQUE (household, place)
);
-- Every household has exactly one householder (世帯主).
CREATE UNIQUE INDEX resident_householder ON register.resident (household) WHERE relation = '世帯主';
