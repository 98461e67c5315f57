-- What persons say is wrong in records of exchange this institution took part in (番号法31条, 個人情報保護法97条). What they
-- wrote stays sealed to this institution, as it came, and names an exchange, never a person. `held`: whether the exchange
-- stands in this institution's own books. `decision` is what a clerk decided; an operator keeps the notice and decides nothing.
CREATE TABLE exchange.correction (
    id         bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    record     bytea NOT NULL,
    role       text NOT NULL CHECK (role IN ('inquirer', 'provider', 'operator')),
    fault      text NOT NULL,
    asked_at   timestamptz NOT NULL,
    box        bytea,
    held       boolean NOT NULL,
    told_at    timestamptz NOT NULL DEFAULT statement_timestamp(),
    decision   text CHECK (decision IN ('corrected', 'not-corrected')),
    ground     text,
    decided_by text,
    decided_at timestamptz
);
CREATE INDEX correction_waiting ON exchange.correction (told_at) WHERE decision IS NULL AND role <> 'operator';
