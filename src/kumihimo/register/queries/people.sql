-- The people of the resident register as a clerk looks for them: $1 part of name or kana, or the beginning of
-- the addressee number; $2 birth date; $3 these numbers only; $4 how many at most. Null means any.
SELECT subject, name, kana, birth, address, removed_on IS NOT NULL AS removed
FROM register.resident
WHERE ($1::text IS NULL
        OR strpos(translate(upper(name), ' 　・', ''), $1) > 0
        OR strpos(translate(upper(kana), ' 　・', ''), $1) > 0
        OR starts_with(subject, $1))
    AND ($2::date IS NULL OR birth = $2)
    AND ($3::text[] IS NULL OR subject = ANY($3))
ORDER BY removed_on IS NOT NULL, kana, birth
LIMIT $4
