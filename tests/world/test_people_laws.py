"""Laws every synthetic population keeps, whatever its size and seed."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.base import age_on, municipality
from kumihimo.world.names import FOREIGN_SURNAMES, SURNAMES
from kumihimo.world.people import POPULATION_DAY, generate
from kumihimo.world.places import BY_CODE
from kumihimo.world.residents import Insurance, Occupation

counts = st.integers(min_value=1, max_value=120)
seeds = st.integers(min_value=0, max_value=2**32)
quick = settings(max_examples=40, deadline=None)


@quick
@given(counts, seeds)
def test_exactly_as_many_people_as_asked_for(count, seed):
    population = generate(count, seed)
    assert [person.index for person in population.persons] == list(range(count))
    assert sorted(index for home in population.households for index in home.members) == list(range(count))


@quick
@given(counts, seeds)
def test_the_same_seed_makes_the_same_people(count, seed):
    assert generate(count, seed) == generate(count, seed)


def test_another_seed_makes_other_people():
    assert generate(50, 1) != generate(50, 2)


@quick
@given(counts, seeds)
def test_every_household_has_exactly_one_householder_and_names_him_first(count, seed):
    population = generate(count, seed)
    for home in population.households:
        relations = [population.persons[index].relation for index in home.members]
        assert relations[0] == "世帯主"
        assert relations.count("世帯主") == 1


@quick
@given(counts, seeds)
def test_children_are_at_least_fifteen_years_younger_than_their_parents(count, seed):
    population = generate(count, seed)
    for person in population.persons:
        for parent in (person.father, person.mother):
            if parent is not None:
                assert person.birth - population.persons[parent].birth > timedelta(days=15 * 365.25)


@quick
@given(counts, seeds)
def test_spouses_are_each_other_s_and_married_as_adults_on_one_day(count, seed):
    population = generate(count, seed)
    for person in population.persons:
        if person.spouse is not None:
            spouse = population.persons[person.spouse]
            assert spouse.spouse == person.index
            assert spouse.household == person.household
            assert spouse.sex is not person.sex
            if person.register is not None and spouse.register is not None:
                assert person.register.married_on == spouse.register.married_on
                assert age_on(person.birth, person.register.married_on) >= 18
                assert person.register.domicile == spouse.register.domicile


@quick
@given(counts, seeds)
def test_nobody_is_born_after_the_day_or_older_than_anybody_alive(count, seed):
    population = generate(count, seed)
    for person in population.persons:
        assert person.birth < population.on
        assert age_on(person.birth, population.on) <= 104


@quick
@given(counts, seeds)
def test_numbers_are_distinct_and_obviously_synthetic(count, seed):
    population = generate(count, seed)
    numbers = {person.number.reveal() for person in population.persons}
    codes = {person.resident_code.reveal() for person in population.persons}
    assert len(numbers) == len(codes) == count
    assert all(text.startswith("9999") for text in numbers | codes)
    assert not {text[4:-1] for text in numbers} & {text[4:-1] for text in codes}


@quick
@given(counts, seeds)
def test_names_are_none_that_people_bear(count, seed):
    invented = {kanji for kanji, _ in SURNAMES + FOREIGN_SURNAMES}
    for person in generate(count, seed).persons:
        assert person.family_name in invented
        assert person.family_name not in repr(person.number)


@quick
@given(counts, seeds)
def test_everybody_lives_in_a_real_municipality_on_a_block_that_is_not(count, seed):
    population = generate(count, seed)
    for home in population.households:
        assert municipality(home.municipality) is not None
        assert home.address.startswith(BY_CODE[home.municipality].head)
        if home.move is not None:
            assert home.move.municipality != home.municipality
            assert home.move.address.startswith(BY_CODE[home.move.municipality].head)
            assert home.since == home.move.day < population.on


@quick
@given(counts, seeds)
def test_insurance_follows_age_and_work(count, seed):
    population = generate(count, seed)
    for person in population.persons:
        age = age_on(person.birth, population.on)
        assisted = population.home(person).assisted_since is not None
        assert (person.insurance is Insurance.NONE) == assisted
        if not assisted:
            assert (person.insurance is Insurance.ELDERLY) == (age >= 75)
            employed = person.work.occupation is Occupation.EMPLOYEE
            assert (person.insurance is Insurance.ASSOCIATION) == (employed and age < 75)
        if person.insurance is Insurance.DEPENDANT:
            payer = population.persons[person.insured_by]
            assert payer.household == person.household
            assert payer.insurance is Insurance.ASSOCIATION


@quick
@given(counts, seeds)
def test_benefit_accounts_belong_to_one_adult_under_his_own_name(count, seed):
    population = generate(count, seed)
    held = [person for person in population.persons if person.account is not None]
    assert len({(p.account.bank_code, p.account.number) for p in held}) == len(held)
    for person in held:
        assert age_on(person.birth, population.on) >= 18
        assert person.account.holder_kana == f"{person.family_kana} {person.given_kana}"


@pytest.mark.parametrize("count", [0, -1, 900_001])
def test_an_impossible_number_of_residents_is_refused(count):
    with pytest.raises(ValueError, match="between 1 and"):
        generate(count)


def test_a_thousand_residents_look_like_the_country():
    population = generate(1000, seed=1)
    ages = [age_on(person.birth, POPULATION_DAY) for person in population.persons]
    assert 0.08 < sum(age < 15 for age in ages) / 1000 < 0.17
    assert 0.20 < sum(age >= 65 for age in ages) / 1000 < 0.36
    assert 1.9 < 1000 / len(population.households) < 2.6
    assert 0.45 < sum(person.sex == "female" for person in population.persons) / 1000 < 0.57
    sizes = Counter(len(home.members) for home in population.households)
    assert sizes[1] / len(population.households) > 0.3
    assert any(person.residence for person in population.persons)
    assert sum(person.protected for person in population.persons) >= 2
    assert any(home.assisted_since for home in population.households)
    assert sum(person.disability is not None for person in population.persons) == 40


def test_some_moved_in_from_another_municipality_after_the_tax_day():
    population = generate(1000, seed=1)
    assert (
        sum(home.move is not None and home.move.day > date(2026, 1, 1) for home in population.households) >= 5
    )
