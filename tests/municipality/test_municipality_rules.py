"""Residence tax and child allowance: published vectors, and laws that hold for any family."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumihimo.municipality import (
    PER_CAPITA_LEVY,
    TaxClass,
    TaxFacts,
    assess,
    child_allowance,
    exempt_limit,
    income_levy_limit,
    pension_income,
    salary_income,
)


def month(text):
    return date.fromisoformat(text + "-01")


@pytest.mark.parametrize(
    ("births", "when", "total"),
    [
        (["2022-10-01"], "2024-11", 15_000),
        (["2021-11-02"], "2024-11", 15_000),
        (["2021-11-01"], "2024-11", 10_000),
        (["2021-11-01"], "2024-10", 15_000),
        (["2006-04-02"], "2025-03", 10_000),
        (["2006-04-01"], "2024-10", 0),
        (["2004-09-01", "2009-09-01", "2014-09-01"], "2024-10", 40_000),
        (["2002-04-02", "2009-09-01", "2014-09-01"], "2025-03", 40_000),
        (["2002-04-02", "2009-09-01", "2014-09-01"], "2025-04", 20_000),
        (["2002-04-01", "2009-09-01", "2014-09-01"], "2024-10", 20_000),
        (["2015-01-01", "2018-01-01", "2023-01-01", "2024-06-01"], "2024-12", 80_000),
        (["2024-02-29"], "2027-02", 15_000),
        (["2024-02-29"], "2027-03", 10_000),
    ],
)
def test_child_allowance_of_known_families(births, when, total):
    shares = child_allowance([date.fromisoformat(birth) for birth in births], month(when))
    assert sum(share.amount for share in shares) == total


def test_child_allowance_before_the_reform_is_not_computed():
    with pytest.raises(ValueError, match="2024-10"):
        child_allowance([date(2015, 1, 1)], date(2024, 9, 1))


@given(
    st.lists(st.dates(date(1998, 1, 1), date(2027, 12, 31)), max_size=6, unique=True),
    st.dates(date(2024, 10, 1), date(2028, 12, 31)),
)
def test_one_child_more_never_makes_the_allowance_less(births, when):
    before = sum(share.amount for share in child_allowance(births, when))
    after = sum(share.amount for share in child_allowance([*births, date(2010, 5, 5)], when))
    assert after >= before


@pytest.mark.parametrize(
    ("area_class", "limits"),
    [
        (1, [450_000, 1_010_000, 1_360_000, 1_710_000]),
        (2, [415_000, 919_000, 1_234_000, 1_549_000]),
        (3, [380_000, 828_000, 1_108_000, 1_388_000]),
    ],
)
def test_limits_below_which_nothing_is_levied(area_class, limits):
    assert [exempt_limit(heads, area_class) for heads in (1, 2, 3, 4)] == limits


def test_limits_below_which_no_income_levy_is_due():
    assert [income_levy_limit(heads) for heads in (1, 2, 3, 4)] == [450_000, 1_120_000, 1_470_000, 1_820_000]


def test_salary_equivalents_of_fiscal_year_2026():
    assert salary_income(1_030_000, 2026) == 380_000
    assert salary_income(1_100_000, 2026) == 450_000
    assert salary_income(650_000, 2026) == 0
    assert salary_income(5_000_000, 2026) == 3_560_000


def test_small_pensions_are_no_income():
    assert pension_income(1_100_000, 70) == 0
    assert pension_income(1_500_000, 64) == 850_000


facts = st.builds(
    TaxFacts,
    total_income=st.integers(0, 20_000_000),
    deductions=st.integers(430_000, 3_000_000),
    dependants=st.integers(0, 6),
    relieved=st.booleans(),
    assisted=st.booleans(),
    declared=st.booleans(),
    area_class=st.integers(1, 3),
    designated_city=st.booleans(),
)


@given(facts)
def test_class_and_levies_never_contradict_each_other(given_facts):
    levy = assess(given_facts)
    assert (levy.per_capita == 0) == (levy.tax_class in (TaxClass.EXEMPT, TaxClass.UNDECLARED))
    assert (levy.income > 0) == (levy.tax_class is TaxClass.TAXED)
    assert levy.per_capita in (0, PER_CAPITA_LEVY)
    assert levy.income % 100 == 0
    assert levy.prefectural_income <= levy.income or given_facts.designated_city is False


@given(facts)
def test_public_assistance_exempts_whoever_has_declared(given_facts):
    levy = assess(given_facts)
    if given_facts.assisted and given_facts.declared:
        assert levy.tax_class is TaxClass.EXEMPT
