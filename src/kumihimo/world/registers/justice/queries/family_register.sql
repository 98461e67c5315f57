-- 戸籍関係情報: relations between persons that the register records, as of a day.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of, $3::date AS from_day, $4::date AS to_day
), relation AS (
    SELECT r.*, json_build_object('kind', 'natural', 'other_name', r.other_name,
        'other_birth_date', r.other_birth, 'since', r.since, 'until', NULL) AS item
    FROM justice.relation AS r JOIN asked AS a USING (subject)
    WHERE r.since <= a.as_of
), marriage AS (
    SELECT m.subject, m.other_name, m.other_birth, m.married_on,
        CASE WHEN m.ended_on <= a.as_of THEN m.ended_on END AS ended_on,
        CASE WHEN m.ended_on <= a.as_of THEN m.ended_by END AS ended_by
    FROM justice.marriage AS m JOIN asked AS a USING (subject)
    WHERE m.married_on <= a.as_of
)
SELECT
    true AS registered,
    (SELECT coalesce(json_agg((r.item::jsonb || jsonb_build_object('relation', r.relation)) ORDER BY r.relation),
        '[]') FROM relation AS r WHERE r.relation <> 'child') AS parents,
    (SELECT coalesce(json_agg(r.item ORDER BY r.since), '[]') FROM relation AS r WHERE r.relation = 'child')
        AS children,
    coalesce((SELECT CASE m.ended_by WHEN 'divorce' THEN 'divorced' WHEN 'death' THEN 'bereaved'
        WHEN 'annulment' THEN 'unmarried' ELSE 'married' END
        FROM marriage AS m ORDER BY m.married_on DESC LIMIT 1), 'unmarried') AS marital_status,
    (SELECT coalesce(json_agg(json_build_object('other_name', m.other_name, 'other_birth_date', m.other_birth,
        'married_on', m.married_on, 'ended_on', m.ended_on, 'ended_by', m.ended_by) ORDER BY m.married_on), '[]')
        FROM marriage AS m) AS marriages,
    (SELECT coalesce(json_agg(json_build_object('role', t.role, 'other_name', t.other_name,
        'other_birth_date', t.other_birth, 'since', t.since,
        'until', CASE WHEN t.until <= a.as_of THEN t.until END) ORDER BY t.role, t.since, t.other_name), '[]')
        FROM justice.authority AS t WHERE t.subject = j.subject AND t.since <= a.as_of) AS parental_authority,
    'japanese' AS nationality,
    j.updated_on
FROM justice.record AS j JOIN asked AS a USING (subject)
WHERE j.birth <= a.as_of
