-- 児童扶養手当関係情報: the entitlement and its payments, made in odd months for the two before.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        coalesce($3::date, $2::date - 365) AS from_day, coalesce(least($4::date, $2::date), $2::date) AS to_day
), claim AS (
    SELECT c.*, a.as_of, a.from_day, a.to_day, c.last_month < date_trunc('month', a.as_of) AS ended
    FROM municipality.child_rearing_allowance AS c JOIN asked AS a USING (subject)
    WHERE c.certified_on <= a.as_of
), paid AS (
    SELECT p.due + interval '10 days' AS paid_on, min(m.month) AS for_from, max(m.month) AS for_to,
        sum(c.monthly) AS amount
    FROM claim AS c
    CROSS JOIN generate_series(c.first_month, coalesce(c.last_month, c.as_of), interval '1 month') AS m (month)
    CROSS JOIN LATERAL (
        SELECT m.month + make_interval(months => 1 + extract(month FROM m.month)::integer % 2) AS due
    ) AS p
    GROUP BY p.due
)
SELECT
    CASE WHEN c.ended THEN 'ended' WHEN c.monthly = 0 THEN 'suspended' ELSE 'receiving' END AS status,
    c.certificate AS certificate_number,
    c.certified_on,
    to_char(c.first_month, 'YYYY-MM') AS paid_from,
    to_char(c.last_month, 'YYYY-MM') AS paid_until,
    c.reason,
    c.claimant AS recipient_kind,
    (SELECT json_agg(json_build_object('name', k.name, 'birth_date', k.birth, 'disabled', k.disabled,
        'until', to_char(k.until, 'YYYY-MM')) ORDER BY k.birth)
        FROM municipality.child_rearing_child AS k WHERE k.subject = c.subject) AS children,
    CASE WHEN c.monthly = 0 THEN 'suspended' WHEN c.partial THEN 'partial' ELSE 'full' END AS payment_class,
    c.monthly AS amount_per_month,
    (SELECT coalesce(json_agg(json_build_object('paid_on', p.paid_on::date,
        'for_from', to_char(p.for_from, 'YYYY-MM'), 'for_to', to_char(p.for_to, 'YYYY-MM'),
        'amount', p.amount) ORDER BY p.paid_on), '[]')
        FROM paid AS p WHERE p.paid_on BETWEEN c.from_day AND c.to_day AND p.amount > 0) AS payments,
    c.income_year
FROM claim AS c
