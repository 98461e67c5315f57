-- The pension service's register: insured periods, premiums, pensions in payment. Amounts in yen.
CREATE SCHEMA pension;

CREATE DOMAIN pension.month AS date CHECK (extract(day FROM VALUE) = 1);

CREATE TABLE pension.insured (
    subject      text PRIMARY KEY CHECK (subject ~ '^[0-9]{15}$'),
    basic_number text NOT NULL UNIQUE CHECK (basic_number ~ '^[0-9]{10}$'),
    remuneration integer CHECK (remuneration > 0) -- standard monthly remuneration (標準報酬月額)
);

-- Periods of one category (国民年金法7条); category 2 is insured in the employees' scheme.
CREATE TABLE pension.period (
    subject  text REFERENCES pension.insured,
    category smallint NOT NULL CHECK (category BETWEEN 1 AND 3),
    since    date,
    until    date,
    months   integer NOT NULL CHECK (months >= 0),
    PRIMARY KEY (subject, since),
    CHECK (until > since)
);

CREATE TABLE pension.premium (
    subject    text REFERENCES pension.insured,
    from_month pension.month,
    to_month   pension.month NOT NULL,
    state      text NOT NULL CHECK (state IN ('paid', 'unpaid', 'exempt-full', 'exempt-half', 'student')),
    PRIMARY KEY (subject, from_month)
);

CREATE TABLE pension.pension (
    subject     text REFERENCES pension.insured,
    scheme      text CHECK (scheme IN ('national', 'employees')),
    kind        text NOT NULL CHECK (kind IN ('old-age-basic', 'disability-basic', 'old-age')),
    grade       smallint CHECK (grade IN (1, 2)),
    decided_on  date NOT NULL,
    first_month pension.month NOT NULL,
    ended_on    date,
    yearly      integer NOT NULL CHECK (yearly > 0),
    PRIMARY KEY (subject, scheme, kind),
    CHECK ((grade IS NOT NULL) = (kind = 'disability-basic'))
);
