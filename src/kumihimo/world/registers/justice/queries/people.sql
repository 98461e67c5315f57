-- The people of the family register copies as an official looks for them; parameters as in register/people.
SELECT subject, name, kana, birth, domicile AS address, false AS removed
FROM justice.record
WHERE ($1::text IS NULL
        OR strpos(translate(upper(name), ' 　・', ''), $1) > 0
        OR strpos(translate(upper(kana), ' 　・', ''), $1) > 0
        OR starts_with(subject, $1))
    AND ($2::date IS NULL OR birth = $2)
    AND ($3::text[] IS NULL OR subject = ANY($3))
ORDER BY kana, birth
LIMIT $4
