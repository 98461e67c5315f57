-- 公的給付支給等口座登録簿関係情報: the account a person registered (口座登録法3条3項1号から3号まで).
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of, $3::date AS from_day, $4::date AS to_day
)
SELECT bank_name, bank_code, branch_name, branch_code, account_kind, account_number, holder_name_kana
FROM accounts.benefit_account JOIN asked AS a USING (subject)
WHERE registered_on <= a.as_of
