-- 児童手当関係情報: the claim, the children of the month asked about (of the last month, once ended), and
-- payments of the period asked for (of the year before, if none is), made in even months for the two before.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        coalesce($3::date, $2::date - 365) AS from_day, least($4::date, $2::date) AS to_day
), claim AS (
    SELECT c.*, c.ended_on <= a.as_of AS ended, a.as_of, a.from_day, coalesce(a.to_day, a.as_of) AS to_day,
        date_trunc('month', least(a.as_of, c.ended_on))::date AS month
    FROM municipality.child_allowance AS c JOIN asked AS a USING (subject)
    WHERE c.certified_on <= a.as_of
), share AS (
    SELECT s.* FROM municipality.child_allowance_share AS s JOIN claim AS c USING (subject)
    WHERE c.month BETWEEN s.first_month AND s.last_month
), paid AS (
    SELECT p.due + interval '9 days' AS paid_on, min(m.month) AS for_from, max(m.month) AS for_to,
        sum(s.amount) AS amount
    FROM claim AS c
    JOIN municipality.child_allowance_share AS s USING (subject)
    CROSS JOIN generate_series(s.first_month, s.last_month, interval '1 month') AS m (month)
    CROSS JOIN LATERAL (
        SELECT m.month + make_interval(months => 2 - extract(month FROM m.month)::integer % 2) AS due
    ) AS p
    WHERE m.month <= coalesce(c.ended_on, m.month)
    GROUP BY p.due
)
SELECT
    CASE WHEN c.ended THEN 'ended' ELSE 'receiving' END AS status,
    'municipality' AS payer,
    'parent' AS recipient_kind,
    c.certified_on,
    to_char(c.first_month, 'YYYY-MM') AS paid_from,
    CASE WHEN c.ended THEN to_char(c.ended_on, 'YYYY-MM') END AS paid_until,
    CASE WHEN c.ended THEN c.ended_reason END AS ended_reason,
    (SELECT coalesce(json_agg(json_build_object('name', s.name, 'birth_date', s.birth,
        'age_group', CASE WHEN s.birth + interval '3 years' > c.month THEN 'under-3' ELSE 'from-3' END,
        'third_or_later', s.position >= 3, 'amount_per_month', s.amount) ORDER BY s.position), '[]')
        FROM share AS s) AS children,
    (SELECT coalesce(max(s.position), 0) FROM share AS s) AS counted_children,
    (SELECT coalesce(sum(s.amount), 0)::integer FROM share AS s) AS amount_per_month,
    (SELECT coalesce(json_agg(json_build_object('paid_on', p.paid_on::date,
        'for_from', to_char(p.for_from, 'YYYY-MM'), 'for_to', to_char(p.for_to, 'YYYY-MM'),
        'amount', p.amount) ORDER BY p.paid_on), '[]')
        FROM paid AS p WHERE p.paid_on BETWEEN c.from_day AND c.to_day) AS payments,
    (SELECT min(p.paid_on)::date FROM paid AS p WHERE p.paid_on > c.as_of) AS next_payment_on
FROM claim AS c
