-- 障害者関係情報: certificates held on the day asked about; what the person does not hold reads none.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of, $3::date AS from_day, $4::date AS to_day
), held AS (
    SELECT d.*, CASE WHEN d.returned_on <= a.as_of THEN 'returned' WHEN d.valid_to < a.as_of THEN 'expired'
        ELSE 'held' END AS state
    FROM municipality.disability_certificate AS d JOIN asked AS a USING (subject)
    WHERE d.issued_on <= a.as_of
), one AS (
    SELECT p AS physical, m AS mental, i AS intellectual
    FROM (SELECT DISTINCT subject FROM held) AS h
    LEFT JOIN held AS p ON p.kind = 'physical'
    LEFT JOIN held AS m ON m.kind = 'mental'
    LEFT JOIN held AS i ON i.kind = 'intellectual'
)
SELECT
    coalesce((physical).state, 'none') AS physical_certificate,
    (physical).number AS physical_certificate_number,
    (physical).issued_on AS physical_issued_on,
    (physical).grade AS physical_grade,
    CASE WHEN (physical).subject IS NULL THEN '[]'::json ELSE
        json_build_array(json_build_object('part', (physical).part, 'grade', (physical).grade))
    END AS physical_disabilities,
    coalesce((mental).state, 'none') AS mental_certificate,
    (mental).number AS mental_certificate_number,
    (mental).issued_on AS mental_issued_on,
    (mental).valid_to AS mental_valid_to,
    (mental).grade AS mental_grade,
    CASE (intellectual).grade WHEN 1 THEN 'severe' WHEN 2 THEN 'other' ELSE 'none' END AS intellectual_judgement,
    CASE (intellectual).grade WHEN 1 THEN 'A' WHEN 2 THEN 'B' END AS intellectual_grade,
    (intellectual).issued_on AS intellectual_judged_on
FROM one
