-- 生活保護関係情報: the case of the person's household, kinds of aid, and amounts of the months asked for
-- (of the three months up to the day asked about, if none are).
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        date_trunc('month', coalesce($3::date, $2::date - interval '2 months')) AS from_month,
        coalesce(least($4::date, $2::date), $2::date) AS to_day
), found AS (
    SELECT c.*, a.as_of, a.from_month, least(a.to_day, c.ended_on) AS to_day, c.ended_on <= a.as_of AS ended
    FROM municipality.assistance_member AS m
    JOIN asked AS a USING (subject)
    JOIN municipality.assistance_case AS c USING (case_number)
    WHERE c.applied_on <= a.as_of
)
SELECT
    CASE WHEN f.ended THEN 'ended' WHEN f.started_on > f.as_of THEN 'applied' ELSE 'receiving' END AS status,
    o.welfare_office AS office,
    f.applied_on,
    CASE WHEN f.started_on <= f.as_of THEN f.started_on END AS started_on,
    false AS started_ex_officio,
    CASE WHEN f.ended THEN f.ended_on END AS ended_on,
    CASE WHEN f.ended THEN f.ended_reason END AS ended_reason,
    (SELECT json_agg(d.aid ORDER BY d.aid) FROM municipality.assistance_aid AS d
        WHERE d.case_number = f.case_number) AS aids,
    (SELECT json_agg(json_build_object('name', m.name, 'relationship', m.relation, 'receives', m.receives)
        ORDER BY m.place) FROM municipality.assistance_member AS m
        WHERE m.case_number = f.case_number) AS members,
    (SELECT coalesce(json_agg(json_build_object('month', to_char(s.month, 'YYYY-MM'), 'aid', d.aid,
        'amount', d.monthly) ORDER BY s.month, d.aid), '[]')
        FROM municipality.assistance_aid AS d
        CROSS JOIN generate_series(greatest(f.from_month, date_trunc('month', f.started_on)), f.to_day,
            interval '1 month') AS s (month)
        WHERE d.case_number = f.case_number) AS monthly,
    f.income_counted AS income_counted_per_month
FROM found AS f CROSS JOIN municipality.office AS o
