-- 年金給付関係情報: pensions, insured periods and premiums as of a day; payments of the period asked for (of
-- the half year before, if none is), made on the 15th of even months for the two months before.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        coalesce($3::date, $2::date - 183) AS from_day, coalesce(least($4::date, $2::date), $2::date) AS to_day
), granted AS (
    SELECT p.*, json_build_object('kind', p.kind, 'amount_per_year', p.yearly, 'amount_suspended', 0,
        'paid_since', to_char(p.first_month, 'YYYY-MM'),
        'status', CASE WHEN p.ended_on <= a.as_of THEN 'ended' WHEN p.first_month > a.as_of THEN 'claimed'
            ELSE 'paying' END,
        'grade', p.grade, 'decided_on', p.decided_on) AS item
    FROM pension.pension AS p JOIN asked AS a USING (subject)
    WHERE p.decided_on <= a.as_of
), paid AS (
    SELECT (d.month + interval '14 days')::date AS paid_on, d.month - interval '2 months' AS for_from,
        d.month - interval '1 month' AS for_to,
        sum(g.yearly / 12 * (2 - (g.first_month > d.month - interval '2 months')::integer))::integer AS amount
    FROM asked AS a
    CROSS JOIN generate_series(date_trunc('month', a.from_day), a.to_day + 62, interval '1 month') AS d (month)
    JOIN granted AS g ON g.first_month < d.month AND (g.ended_on IS NULL OR g.ended_on >= d.month)
    WHERE extract(month FROM d.month)::integer % 2 = 0
    GROUP BY d.month
), period AS (
    SELECT p.*, CASE WHEN p.until <= a.as_of THEN p.until END AS ended
    FROM pension.period AS p JOIN asked AS a USING (subject)
    WHERE p.since <= a.as_of
)
SELECT
    (SELECT coalesce(json_agg(g.item), '[]') FROM granted AS g WHERE g.scheme = 'national') AS basic_pensions,
    (SELECT coalesce(json_agg(g.item), '[]') FROM granted AS g WHERE g.scheme = 'employees')
        AS employees_pensions,
    (SELECT sum(g.yearly)::integer FROM granted AS g WHERE coalesce(g.ended_on > a.as_of, true))
        AS pension_total_per_year,
    (SELECT coalesce(json_agg(json_build_object('paid_on', p.paid_on, 'for_from', to_char(p.for_from, 'YYYY-MM'),
        'for_to', to_char(p.for_to, 'YYYY-MM'), 'amount', p.amount) ORDER BY p.paid_on), '[]')
        FROM paid AS p WHERE p.paid_on BETWEEN a.from_day AND a.to_day) AS payments,
    (SELECT min(p.paid_on) FROM paid AS p WHERE p.paid_on > a.as_of) AS next_payment_on,
    coalesce((SELECT 'category-' || p.category FROM period AS p WHERE p.ended IS NULL), 'none')
        AS insured_category,
    (SELECT coalesce(json_agg(json_build_object('category', 'category-' || p.category, 'from', p.since,
        'to', p.ended, 'months', p.months) ORDER BY p.since), '[]') FROM period AS p) AS insured_periods,
    (SELECT coalesce(json_agg(json_build_object('from', p.since, 'to', p.ended, 'months', p.months)
        ORDER BY p.since), '[]') FROM period AS p WHERE p.category = 2) AS employees_insured_periods,
    (SELECT least(coalesce(sum(p.months), 0), 900)::integer FROM period AS p) AS qualifying_months,
    i.remuneration AS standard_monthly_remuneration,
    (SELECT coalesce(json_agg(json_build_object('from', to_char(m.from_month, 'YYYY-MM'),
        'to', to_char(m.to_month, 'YYYY-MM'), 'state', m.state) ORDER BY m.from_month), '[]')
        FROM pension.premium AS m WHERE m.subject = i.subject AND m.from_month <= a.as_of) AS national_premiums
FROM pension.insured AS i JOIN asked AS a USING (subject)
