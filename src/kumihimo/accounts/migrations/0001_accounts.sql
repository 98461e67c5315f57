-- The register of benefit accounts (公的給付支給等口座登録簿, 口座登録法3条3項): one own account per person.
CREATE SCHEMA accounts;

CREATE TABLE accounts.benefit_account (
    subject          text PRIMARY KEY CHECK (subject ~ '^[0-9]{15}$'),
    bank_code        text NOT NULL CHECK (bank_code ~ '^[0-9]{4}$'),
    bank_name        text NOT NULL,
    branch_code      text NOT NULL CHECK (branch_code ~ '^[0-9]{3}$'),
    branch_name      text NOT NULL,
    account_kind     text NOT NULL CHECK (account_kind IN ('ordinary', 'current', 'postal-ordinary')),
    account_number   text NOT NULL CHECK (account_number ~ '^[0-9]{7}$'),
    holder_name_kana text NOT NULL,
    registered_on    date NOT NULL,
    -- One account, one person: the fault of 2023 was the same account for two.
    UNIQUE (bank_code, branch_code, account_kind, account_number)
);
