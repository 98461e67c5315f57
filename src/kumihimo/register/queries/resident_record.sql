-- 住民票関係情報: the resident record as of a day; after removal, the removed record (除票).
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of, $3::date AS from_day, $4::date AS to_day
), record AS (
    SELECT r.*, least(a.as_of, r.removed_on - 1) AS day, r.removed_on <= a.as_of AS removed
    FROM register.resident AS r JOIN asked AS a USING (subject)
    WHERE r.resident_since <= a.as_of
), member AS (
    SELECT m.*
    FROM register.resident AS m JOIN record AS r USING (household)
    WHERE m.resident_since <= r.day AND (m.removed_on IS NULL OR m.removed_on > r.day)
)
SELECT
    r.relation = '世帯主' AS is_householder,
    h.name AS householder_name,
    h.kana AS householder_name_kana,
    r.relation AS relationship,
    (SELECT json_agg(json_build_object('name', m.name, 'name_kana', m.kana, 'relationship', m.relation,
        'is_householder', m.relation = '世帯主') ORDER BY m.place) FROM member AS m) AS household_members,
    (SELECT max(m.resident_since) FROM member AS m) AS household_changed_on,
    r.name,
    r.kana AS name_kana,
    r.birth AS birth_date,
    r.sex,
    r.address,
    r.municipality AS municipality_code,
    r.resident_since AS became_resident_on,
    r.address_since,
    r.notified_on AS move_notified_on,
    r.previous_address,
    CASE WHEN r.removed AND r.removal_reason = 'move-out' THEN r.removed_on END AS moved_out_on,
    CASE WHEN r.removed THEN r.next_address END AS moved_out_to,
    CASE
        WHEN r.removed THEN r.removal_reason
        WHEN r.address_since > r.resident_since THEN 'move-within'
        WHEN r.resident_since = r.birth THEN 'birth'
        ELSE 'move-in'
    END AS last_event,
    CASE WHEN r.removed THEN r.removed_on ELSE greatest(r.resident_since, r.address_since) END AS last_event_on
FROM record AS r
JOIN register.resident AS h ON h.household = r.household AND h.relation = '世帯主'
