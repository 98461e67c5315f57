-- 医療保険給付関係情報 of the association: membership, dependants, and benefits of the period asked for (of
-- the year before, if none is).
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        coalesce($3::date, $2::date - 365) AS from_day, coalesce(least($4::date, $2::date), $2::date) AS to_day
), insured AS (
    SELECT h.*, a.as_of, a.from_day, a.to_day, h.lost_on <= a.as_of AS lost
    FROM health.insured AS h JOIN asked AS a USING (subject)
    WHERE h.acquired_on <= a.as_of
), treated AS (
    SELECT t.* FROM health.treatment AS t JOIN asked AS a USING (subject)
    WHERE t.month BETWEEN date_trunc('month', a.from_day) AND a.to_day
)
SELECT
    '全国健康保険協会' AS insurer_name,
    '01999999' AS insurer_number,
    i.symbol AS insured_symbol,
    i.serial AS insured_serial,
    CASE WHEN i.lost THEN 'none' WHEN i.dependant THEN 'health-insurance-dependant' ELSE 'health-insurance' END
        AS qualification,
    i.acquired_on,
    CASE WHEN i.lost THEN i.lost_on END AS lost_on,
    (SELECT coalesce(json_agg(json_build_object('name', d.name, 'relationship', d.relation,
        'certified_on', d.certified_on, 'removed_on', d.removed_on) ORDER BY d.place), '[]')
        FROM health.dependant AS d WHERE d.subject = i.subject AND d.certified_on <= i.as_of) AS dependants,
    i.copayment AS copayment_percent,
    (SELECT coalesce(json_agg(json_build_object('month', to_char(t.month, 'YYYY-MM'),
        'kind', CASE WHEN i.dependant THEN 'family' ELSE 'treatment' END,
        'insurer_paid', t.insurer_paid, 'patient_paid', t.patient_paid) ORDER BY t.month), '[]')
        FROM treated AS t) AS medical_benefits,
    (SELECT coalesce(json_agg(json_build_object('month', to_char(t.month, 'YYYY-MM'), 'amount', t.high_cost,
        'paid_on', (t.month + interval '3 months 19 days')::date) ORDER BY t.month), '[]')
        FROM treated AS t WHERE t.high_cost > 0) AS high_cost_benefits,
    (SELECT coalesce(json_agg(json_build_object('from', s.since, 'to', s.until, 'daily_amount', s.daily,
        'amount', s.daily * (s.until - s.since + 1), 'paid_on', s.paid_on) ORDER BY s.since), '[]')
        FROM health.sickness_allowance AS s
        WHERE s.subject = i.subject AND s.paid_on BETWEEN i.from_day AND i.to_day) AS sickness_allowances,
    (SELECT coalesce(json_agg(json_build_object('born_on', c.born_on, 'amount', c.amount, 'paid_on', c.paid_on,
        'paid_directly', true) ORDER BY c.born_on), '[]')
        FROM health.childbirth AS c
        WHERE c.subject = i.subject AND c.paid_on BETWEEN i.from_day AND i.to_day) AS childbirth_benefits,
    CASE WHEN i.premium IS NULL THEN '[]'::json ELSE json_build_array(json_build_object(
        'fiscal_year', i.fiscal_year, 'assessed', i.premium,
        'paid', i.premium * least(greatest((i.as_of - make_date(i.fiscal_year, 3, 31)) / 30, 0), 12) / 12,
        'reduction', 'none')) END AS premiums
FROM insured AS i
