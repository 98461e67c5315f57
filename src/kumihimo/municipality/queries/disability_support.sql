-- 障害者自立支援給付関係情報: the decision in force on the day asked about and its monthly benefits.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        date_trunc('month', coalesce($3::date, $2::date - interval '3 months')) AS from_month,
        coalesce(least($4::date, $2::date), $2::date) AS to_day
)
SELECT
    CASE WHEN s.valid_to < a.as_of THEN 'ended' ELSE 'receiving' END AS status,
    s.category AS support_category,
    s.valid_from AS category_valid_from,
    s.valid_to AS category_valid_to,
    s.certificate AS recipient_certificate_number,
    json_build_array(json_build_object('service', s.service, 'quantity_per_month', s.quantity,
        'from', s.valid_from, 'to', s.valid_to)) AS services,
    (SELECT coalesce(json_agg(json_build_object('month', to_char(m.month, 'YYYY-MM'), 'kind', 'care',
        'amount', s.monthly, 'user_paid', least(s.burden_limit, s.monthly / 9)) ORDER BY m.month), '[]')
        FROM generate_series(greatest(a.from_month, date_trunc('month', s.valid_from)),
            least(a.to_day, s.valid_to) - interval '1 month', interval '1 month') AS m (month)) AS benefits,
    s.burden_limit AS burden_limit_per_month,
    s.burden_class
FROM municipality.disability_support AS s JOIN asked AS a USING (subject)
WHERE s.valid_from <= a.as_of
