-- Business records of one municipality, keyed by its own integrated addressee number. No individual number,
-- and names only of those whom an application names beside the applicant. Amounts in yen.
CREATE SCHEMA municipality;

CREATE DOMAIN municipality.subject AS text CHECK (VALUE ~ '^[0-9]{15}$');
CREATE DOMAIN municipality.month AS date CHECK (extract(day FROM VALUE) = 1);

-- The office itself, one row: what its answers say about who answers.
CREATE TABLE municipality.office (
    code           text PRIMARY KEY CHECK (code ~ '^[0-9]{6}$'),
    name           text NOT NULL,
    welfare_office text,
    insurer_number text NOT NULL CHECK (insurer_number ~ '^[0-9]{6,8}$')
);
CREATE UNIQUE INDEX office_single ON municipality.office ((true));

-- Residence tax (個人住民税) by fiscal year, levied where the person lived on 1 January (地方税法318条).
CREATE TABLE municipality.resident_tax (
    subject                 municipality.subject,
    fiscal_year             integer,
    assessed_on             date NOT NULL,
    tax_class               smallint NOT NULL CHECK (tax_class BETWEEN 1 AND 4),
    total_income            integer NOT NULL,
    incomes                 jsonb NOT NULL, -- [{"kind", "amount"}]
    salary_receipts         integer NOT NULL,
    pension_receipts        integer NOT NULL,
    deductions              jsonb NOT NULL, -- [{"kind", "amount"}]
    taxable_base            integer NOT NULL,
    municipal_credits       integer NOT NULL,
    municipal_income        integer NOT NULL,
    municipal_per_capita    integer NOT NULL,
    prefectural_income      integer NOT NULL,
    prefectural_per_capita  integer NOT NULL,
    dependants              smallint NOT NULL,
    dependants_under_16     smallint NOT NULL,
    spouse_deduction        text NOT NULL CHECK (spouse_deduction IN ('none', 'spouse', 'special')),
    disability              text NOT NULL CHECK (disability IN ('none', 'ordinary', 'special')),
    bereft                  text NOT NULL CHECK (bereft IN ('none', 'widow', 'single-parent')),
    is_dependant            boolean NOT NULL,
    PRIMARY KEY (subject, fiscal_year),
    CHECK ((municipal_per_capita = 0) = (tax_class IN (1, 4))),
    CHECK ((municipal_income > 0) = (tax_class = 3))
);

-- Child allowance (児童手当): the claim, and what was decided for each child from month to month.
CREATE TABLE municipality.child_allowance (
    subject      municipality.subject PRIMARY KEY,
    certified_on date NOT NULL,
    first_month  municipality.month NOT NULL,
    ended_on     date,
    ended_reason text,
    CHECK ((ended_on IS NULL) = (ended_reason IS NULL))
);
CREATE TABLE municipality.child_allowance_share (
    subject     municipality.subject REFERENCES municipality.child_allowance,
    name        text NOT NULL,
    birth       date NOT NULL,
    position    smallint NOT NULL CHECK (position >= 1), -- among the children counted, the oldest is 1
    amount      integer NOT NULL CHECK (amount IN (10000, 15000, 30000)),
    first_month municipality.month NOT NULL,
    last_month  municipality.month NOT NULL,
    PRIMARY KEY (subject, first_month, position),
    CHECK (last_month >= first_month)
);

-- Child rearing allowance (児童扶養手当) for the children of one parent.
CREATE TABLE municipality.child_rearing_allowance (
    subject      municipality.subject PRIMARY KEY,
    certificate  text NOT NULL,
    certified_on date NOT NULL,
    first_month  municipality.month NOT NULL,
    last_month   municipality.month,
    reason       text NOT NULL,
    claimant     text NOT NULL CHECK (claimant IN ('mother', 'father', 'carer')),
    monthly      integer NOT NULL CHECK (monthly >= 0),
    partial      boolean NOT NULL,
    income_year  integer NOT NULL
);
CREATE TABLE municipality.child_rearing_child (
    subject  municipality.subject REFERENCES municipality.child_rearing_allowance,
    name     text NOT NULL,
    birth    date NOT NULL,
    disabled boolean NOT NULL,
    until    municipality.month NOT NULL,
    PRIMARY KEY (subject, name, birth)
);

-- Public assistance (生活保護) of the welfare office: one case per household.
CREATE TABLE municipality.assistance_case (
    case_number    text PRIMARY KEY,
    applied_on     date NOT NULL,
    started_on     date NOT NULL CHECK (started_on >= applied_on),
    ended_on       date,
    ended_reason   text,
    income_counted integer NOT NULL
);
CREATE TABLE municipality.assistance_member (
    subject     municipality.subject PRIMARY KEY,
    case_number text NOT NULL REFERENCES municipality.assistance_case,
    place       smallint NOT NULL,
    name        text NOT NULL,
    relation    text NOT NULL,
    receives    boolean NOT NULL
);
CREATE INDEX assistance_member_case ON municipality.assistance_member (case_number);
CREATE TABLE municipality.assistance_aid (
    case_number text REFERENCES municipality.assistance_case,
    aid         text CHECK (aid IN ('livelihood', 'education', 'housing', 'medical', 'care', 'maternity',
                                    'occupational', 'funeral')),
    monthly     integer NOT NULL CHECK (monthly >= 0),
    PRIMARY KEY (case_number, aid)
);

-- Disability certificates (障害者手帳); grade 1 is the gravest.
CREATE TABLE municipality.disability_certificate (
    subject     municipality.subject,
    kind        text CHECK (kind IN ('physical', 'intellectual', 'mental')),
    number      text NOT NULL,
    grade       smallint NOT NULL CHECK (grade BETWEEN 1 AND 6),
    part        text,
    issued_on   date NOT NULL,
    valid_to    date,
    returned_on date,
    PRIMARY KEY (subject, kind),
    CHECK ((kind = 'physical') = (part IS NOT NULL))
);

-- Support for persons with disabilities (自立支援給付).
CREATE TABLE municipality.disability_support (
    subject      municipality.subject PRIMARY KEY,
    certificate  text NOT NULL,
    category     smallint NOT NULL CHECK (category BETWEEN 1 AND 6),
    service      text NOT NULL,
    quantity     text NOT NULL,
    valid_from   date NOT NULL,
    valid_to     date NOT NULL,
    burden_class text NOT NULL CHECK (burden_class IN ('assistance', 'low-income', 'general-1', 'general-2')),
    burden_limit integer NOT NULL,
    monthly      integer NOT NULL
);

-- National health insurance (国民健康保険): membership and premium of a fiscal year.
CREATE TABLE municipality.health_insurance (
    subject     municipality.subject PRIMARY KEY,
    symbol      text NOT NULL,
    serial      text NOT NULL,
    acquired_on date NOT NULL,
    lost_on     date,
    copayment   smallint NOT NULL CHECK (copayment IN (10, 20, 30)),
    fiscal_year integer NOT NULL,
    premium     integer NOT NULL,
    reduction   text NOT NULL CHECK (reduction IN ('none', 'reduced', 'remitted'))
);
CREATE TABLE municipality.treatment (
    subject      municipality.subject REFERENCES municipality.health_insurance,
    month        municipality.month,
    insurer_paid integer NOT NULL CHECK (insurer_paid >= 0),
    patient_paid integer NOT NULL CHECK (patient_paid >= 0),
    high_cost    integer NOT NULL CHECK (high_cost >= 0),
    PRIMARY KEY (subject, month)
);

-- Long-term care insurance (介護保険): insured from 65, level of care if certified.
CREATE TABLE municipality.long_term_care (
    subject        municipality.subject PRIMARY KEY,
    acquired_on    date NOT NULL,
    lost_on        date,
    premium_stage  smallint NOT NULL,
    fiscal_year    integer NOT NULL,
    premium        integer NOT NULL,
    care_level     text NOT NULL CHECK (care_level IN ('none', 'support-1', 'support-2', 'care-1', 'care-2',
                                                       'care-3', 'care-4', 'care-5')),
    certified_from date,
    certified_to   date,
    user_share     smallint NOT NULL CHECK (user_share IN (0, 10, 20, 30)),
    service        text,
    monthly        integer NOT NULL,
    CHECK ((care_level = 'none') = (certified_from IS NULL))
);
