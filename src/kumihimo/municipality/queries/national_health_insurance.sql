-- 医療保険給付関係情報 of the municipality as insurer (国民健康保険): membership, benefits by month of
-- treatment in the period asked for (the year before, if none is), premium of the fiscal year.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        date_trunc('month', coalesce($3::date, $2::date - interval '12 months')) AS from_month,
        coalesce(least($4::date, $2::date), $2::date) AS to_day
), treated AS (
    SELECT t.* FROM municipality.treatment AS t JOIN asked AS a USING (subject)
    WHERE t.month BETWEEN a.from_month AND a.to_day
)
SELECT
    o.name AS insurer_name,
    o.insurer_number,
    h.symbol AS insured_symbol,
    h.serial AS insured_serial,
    CASE WHEN h.lost_on <= a.as_of THEN 'none' ELSE 'national' END AS qualification,
    h.acquired_on,
    CASE WHEN h.lost_on <= a.as_of THEN h.lost_on END AS lost_on,
    '[]'::json AS dependants,
    h.copayment AS copayment_percent,
    (SELECT coalesce(json_agg(json_build_object('month', to_char(t.month, 'YYYY-MM'), 'kind', 'treatment',
        'insurer_paid', t.insurer_paid, 'patient_paid', t.patient_paid) ORDER BY t.month), '[]')
        FROM treated AS t) AS medical_benefits,
    (SELECT coalesce(json_agg(json_build_object('month', to_char(t.month, 'YYYY-MM'), 'amount', t.high_cost,
        'paid_on', (t.month + interval '3 months 19 days')::date) ORDER BY t.month), '[]')
        FROM treated AS t WHERE t.high_cost > 0) AS high_cost_benefits,
    json_build_array(json_build_object('fiscal_year', h.fiscal_year, 'assessed', h.premium,
        'paid', h.premium * least(greatest((a.as_of - make_date(h.fiscal_year, 6, 30)) / 30, 0), 10) / 10,
        'reduction', h.reduction)) AS premiums
FROM municipality.health_insurance AS h
JOIN asked AS a USING (subject)
CROSS JOIN municipality.office AS o
WHERE h.acquired_on <= a.as_of
