-- 失業等給付関係情報: insured employment, the qualification for benefits, and what was paid in the period
-- asked for (in the year before, if none is). The basic allowance is paid for each four weeks confirmed.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        coalesce($3::date, $2::date - 365) AS from_day, coalesce(least($4::date, $2::date), $2::date) AS to_day
), person AS (
    SELECT i.*, a.as_of, a.from_day, a.to_day, i.lost_on <= a.as_of AS left_work
    FROM labour.insured AS i JOIN asked AS a USING (subject)
    WHERE i.acquired_on <= a.as_of
), basic AS (
    SELECT b.*, p.from_day, p.to_day,
        greatest(0, least(b.days, p.as_of - greatest(b.restricted_until, b.qualified_on + 7))) / 28 AS rounds,
        greatest(b.restricted_until, b.qualified_on + 7) AS begins
    FROM labour.basic_allowance AS b JOIN person AS p USING (subject)
    WHERE b.qualified_on <= p.as_of
), paid AS (
    SELECT json_build_object('kind', 'basic', 'from', b.begins + 28 * n, 'to', b.begins + 28 * n + 27,
        'days', 28, 'amount', 28 * b.daily, 'paid_on', b.begins + 28 * n + 33) AS item
    FROM basic AS b CROSS JOIN generate_series(0, b.rounds - 1) AS n
    WHERE b.begins + 28 * n + 33 BETWEEN b.from_day AND b.to_day
), leave AS (
    SELECT json_build_object('kind', 'leave', 'from', m.month::date,
        'to', least((m.month + interval '1 month')::date - 1, c.until), 'amount', c.monthly,
        'paid_on', (m.month + interval '2 months')::date) AS item
    FROM labour.childcare_leave AS c JOIN person AS p USING (subject)
    CROSS JOIN generate_series(c.since, c.until, interval '1 month') AS m (month)
    WHERE (m.month + interval '2 months')::date BETWEEN p.from_day AND p.to_day
)
SELECT
    CASE WHEN p.left_work THEN p.lost_on END AS separated_on,
    CASE WHEN p.left_work THEN p.reason END AS separation_reason,
    CASE WHEN p.left_work THEN p.reason = 'dismissal' END AS specified_recipient,
    CASE WHEN p.left_work THEN p.reason IN ('contract-end', 'good-cause') END AS specified_reason,
    b.qualified_on,
    CASE WHEN b.subject IS NOT NULL THEN 'general' END AS recipient_kind,
    b.daily AS daily_amount,
    b.days AS prescribed_days,
    b.days - 28 * b.rounds AS remaining_days,
    CASE WHEN b.subject IS NOT NULL THEN (p.lost_on + interval '1 year')::date END AS benefit_period_to,
    b.restricted_until,
    (SELECT coalesce(json_agg(item), '[]') FROM paid) AS benefits,
    '[]'::json AS training_benefits,
    (SELECT coalesce(json_agg(item), '[]') FROM leave) AS childcare_leave_benefits
FROM person AS p LEFT JOIN basic AS b USING (subject)
