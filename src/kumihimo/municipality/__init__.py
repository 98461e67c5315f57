"""A municipality's standardised business systems: tax, child allowance, welfare, insurance."""

from kumihimo.municipality.model import (
    BASIC_DEDUCTION,
    PER_CAPITA_LEVY,
    PREFECTURAL_PER_CAPITA_LEVY,
    ChildShare,
    Levy,
    TaxClass,
    TaxFacts,
    assess,
    child_allowance,
    exempt_limit,
    income_levy_limit,
    pension_income,
    salary_income,
)

__all__ = [
    "BASIC_DEDUCTION",
    "PER_CAPITA_LEVY",
    "PREFECTURAL_PER_CAPITA_LEVY",
    "ChildShare",
    "Levy",
    "TaxClass",
    "TaxFacts",
    "assess",
    "child_allowance",
    "exempt_limit",
    "income_levy_limit",
    "pension_income",
    "salary_income",
]
