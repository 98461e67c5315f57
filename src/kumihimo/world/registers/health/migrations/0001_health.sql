-- The health insurance association's register: insured employees, their dependants, benefits. Yen.
CREATE SCHEMA health;

CREATE TABLE health.insured (
    subject     text PRIMARY KEY CHECK (subject ~ '^[0-9]{15}$'),
    symbol      text NOT NULL,
    serial      text NOT NULL,
    dependant   boolean NOT NULL,
    acquired_on date NOT NULL,
    lost_on     date,
    copayment   smallint NOT NULL CHECK (copayment IN (20, 30)),
    fiscal_year integer NOT NULL,
    premium     integer CHECK (premium > 0), -- the employee's half, a year
    CHECK ((premium IS NULL) = dependant),
    UNIQUE (symbol, serial)
);

-- Those an insured employee maintains, as named in the employer's notice (健康保険法施行規則38条).
CREATE TABLE health.dependant (
    subject      text REFERENCES health.insured,
    place        smallint,
    name         text NOT NULL,
    relation     text NOT NULL,
    certified_on date NOT NULL,
    removed_on   date,
    PRIMARY KEY (subject, place)
);

CREATE TABLE health.treatment (
    subject      text REFERENCES health.insured,
    month        date CHECK (extract(day FROM month) = 1),
    insurer_paid integer NOT NULL CHECK (insurer_paid >= 0),
    patient_paid integer NOT NULL CHECK (patient_paid >= 0),
    high_cost    integer NOT NULL CHECK (high_cost >= 0),
    PRIMARY KEY (subject, month)
);

CREATE TABLE health.sickness_allowance (
    subject text REFERENCES health.insured,
    since   date,
    until   date NOT NULL,
    daily   integer NOT NULL CHECK (daily > 0),
    paid_on date NOT NULL,
    PRIMARY KEY (subject, since),
    CHECK (until >= since)
);

CREATE TABLE health.childbirth (
    subject text REFERENCES health.insured,
    born_on date,
    amount  integer NOT NULL CHECK (amount > 0),
    paid_on date NOT NULL,
    PRIMARY KEY (subject, born_on)
);
