-- Copies of family registers as the Minister of Justice holds them (戸籍法119条の2), known by code only: the
-- ministry has no individual number (番号法9条3項).
CREATE SCHEMA justice;

CREATE TABLE justice.record (
    subject    text PRIMARY KEY CHECK (subject ~ '^[0-9]{15}$'),
    domicile   text NOT NULL, -- 本籍
    head       text NOT NULL, -- 筆頭に記載した者
    name       text NOT NULL,
    kana       text NOT NULL,
    birth      date NOT NULL,
    position   text NOT NULL, -- 父母との続柄
    updated_on date NOT NULL
);

CREATE TABLE justice.relation (
    subject     text REFERENCES justice.record,
    relation    text CHECK (relation IN ('father', 'mother', 'child')),
    other_name  text,
    other_birth date,
    since       date NOT NULL,
    PRIMARY KEY (subject, relation, other_name, since)
);

CREATE TABLE justice.marriage (
    subject     text REFERENCES justice.record,
    other_name  text NOT NULL,
    other_birth date,
    married_on  date,
    ended_on    date,
    ended_by    text CHECK (ended_by IN ('divorce', 'death', 'annulment')),
    PRIMARY KEY (subject, married_on),
    CHECK ((ended_on IS NULL) = (ended_by IS NULL)),
    CHECK (ended_on > married_on)
);

-- Parental authority (親権) as the register tells it: the person's own role, and over or by whom.
CREATE TABLE justice.authority (
    subject     text REFERENCES justice.record,
    role        text CHECK (role IN ('holder', 'guardian', 'minor')),
    other_name  text,
    other_birth date,
    since       date NOT NULL,
    until       date NOT NULL,
    PRIMARY KEY (subject, role, other_name, since)
);
