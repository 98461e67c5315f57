-- 介護保険給付等関係情報: membership, certified level of care, monthly benefits, premium.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        date_trunc('month', coalesce($3::date, $2::date - interval '3 months')) AS from_month,
        coalesce(least($4::date, $2::date), $2::date) AS to_day
), insured AS (
    SELECT c.*, a.as_of,
        (SELECT coalesce(json_agg(json_build_object('month', to_char(m.month, 'YYYY-MM'), 'service', c.service,
            'amount', c.monthly, 'user_paid', c.monthly * c.user_share / (100 - c.user_share))
            ORDER BY m.month), '[]')
            FROM generate_series(greatest(a.from_month, date_trunc('month', c.certified_from)),
                least(a.to_day, c.certified_to, c.lost_on) - interval '1 month', interval '1 month') AS m (month)
            WHERE c.monthly > 0) AS benefits
    FROM municipality.long_term_care AS c JOIN asked AS a USING (subject)
    WHERE c.acquired_on <= a.as_of
)
SELECT
    o.code AS insurer_code,
    'category-1' AS insured_category,
    i.acquired_on,
    CASE WHEN i.lost_on <= i.as_of THEN i.lost_on END AS lost_on,
    i.care_level,
    i.certified_from AS certified_on,
    i.certified_from,
    i.certified_to,
    i.user_share AS user_share_percent,
    CASE WHEN i.care_level LIKE 'care-%' THEN i.benefits ELSE '[]' END AS care_benefits,
    CASE WHEN i.care_level LIKE 'support-%' THEN i.benefits ELSE '[]' END AS preventive_benefits,
    i.premium_stage,
    json_build_array(json_build_object('fiscal_year', i.fiscal_year, 'assessed', i.premium, 'paid', i.premium
        * least(greatest((i.as_of - make_date(i.fiscal_year, 3, 31)) / 60, 0), 6) / 6, 'method', 'special'))
        AS premiums,
    false AS benefit_restriction
FROM insured AS i CROSS JOIN municipality.office AS o
