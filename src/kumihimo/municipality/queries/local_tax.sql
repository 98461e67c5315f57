-- 地方税関係情報: the newest levy decided by the day asked about, of the fiscal years asked for.
WITH asked AS (
    SELECT $1::text AS subject, $2::date AS as_of,
        extract(year FROM $3::date - interval '3 months') AS from_year,
        extract(year FROM $4::date - interval '3 months') AS to_year
)
SELECT
    t.fiscal_year,
    o.code AS municipality_code,
    t.assessed_on,
    t.tax_class,
    t.total_income,
    t.incomes,
    t.salary_receipts,
    t.pension_receipts,
    t.deductions,
    t.taxable_base,
    t.municipal_credits AS municipal_tax_credits,
    t.municipal_income AS municipal_income_levy,
    t.municipal_per_capita AS municipal_per_capita_levy,
    t.prefectural_income AS prefectural_income_levy,
    t.prefectural_per_capita AS prefectural_per_capita_levy,
    t.dependants AS dependants_count,
    t.dependants_under_16 AS dependants_under_16_count,
    t.spouse_deduction,
    t.disability,
    t.bereft AS widow_or_single_parent,
    t.is_dependant
FROM municipality.resident_tax AS t
JOIN asked AS a USING (subject)
CROSS JOIN municipality.office AS o
WHERE t.assessed_on <= a.as_of
    AND t.fiscal_year BETWEEN coalesce(a.from_year, t.fiscal_year) AND coalesce(a.to_year, t.fiscal_year)
ORDER BY t.fiscal_year DESC
LIMIT 1
