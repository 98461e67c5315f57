"""What the registers say about people agrees with who they are, and with one another."""

import asyncio
import re
from collections import defaultdict
from datetime import date, timedelta

import asyncpg
import pytest
from world_registers import Inquiry, ask, providers

from kumihimo.base import age_on
from kumihimo.municipality import child_allowance
from kumihimo.world.fill import flags_for, holders, tables_for

PUBLIC_OR_AMOUNTS = {"insurer_number", "incomes", "deductions"}
LONG_NUMBER = re.compile(r"[0-9]{7,}")


def movers(population, after):
    return [home for home in population.households if home.move is not None and home.move.day > after]


def test_the_former_municipality_alone_knows_the_tax_of_someone_who_moved_after_new_year(registry):
    population = registry.population
    home = movers(population, date(2026, 1, 1))[0]
    person = population.persons[home.members[0]]
    former = ask(registry, f"muni-{home.move.municipality}", "municipality/local_tax", person)
    present = ask(registry, f"muni-{home.municipality}", "municipality/local_tax", person)
    assert former["fiscal_year"] == 2026
    assert present is None


def test_a_move_shows_on_both_sides_and_only_from_its_day(registry):
    population = registry.population
    home = movers(population, date(2025, 9, 1))[0]
    person, move = population.persons[home.members[0]], home.move
    eve = move.day - timedelta(days=1)
    old, new = f"muni-{move.municipality}", f"muni-{home.municipality}"
    before = ask(registry, old, "register/resident_record", person, eve)
    after = ask(registry, old, "register/resident_record", person, move.day)
    assert before["moved_out_on"] is None
    assert before["last_event"] != "move-out"
    assert (after["moved_out_on"], after["moved_out_to"]) == (move.day.isoformat(), home.address)
    assert ask(registry, new, "register/resident_record", person, eve) is None
    there = ask(registry, new, "register/resident_record", person, move.day)
    assert (there["previous_address"], there["address"]) == (move.address, home.address)


def test_a_resident_record_names_the_household_as_it_is(registry):
    population = registry.population
    home = max(population.households, key=lambda home: len(home.members))
    for index in home.members:
        answer = ask(
            registry, f"muni-{home.municipality}", "register/resident_record", population.persons[index]
        )
        assert [m["name"] for m in answer["household_members"]] == [
            population.persons[member].name for member in home.members
        ]
        assert answer["is_householder"] == (index == home.members[0])


async def test_child_allowance_pays_what_the_law_gives_that_month(registry):
    population, found = registry.population, 0
    for institution in ("muni-131016", "muni-271004", "muni-473821"):
        async with Inquiry(registry, institution, "municipality/child_allowance") as inquiry:
            for person in holders(institution, population):
                answer = await inquiry.about(person)
                if answer is not None and answer["status"] == "receiving" and answer["children"]:
                    births = [child.birth for child in population.children(person)]
                    shares = child_allowance(births, population.on)
                    assert answer["amount_per_month"] == sum(share.amount for share in shares)
                    assert answer["counted_children"] == max(share.order for share in shares)
                    found += 1
    assert found > 20


async def test_child_allowance_payments_cover_two_months_each(registry):
    population = registry.population
    async with Inquiry(registry, "muni-271004", "municipality/child_allowance") as inquiry:
        for person in holders("muni-271004", population):
            answer = await inquiry.about(person)
            for payment in answer["payments"] if answer else ():
                assert int(payment["paid_on"][5:7]) % 2 == 0
                assert payment["for_from"] <= payment["for_to"] < payment["paid_on"]


async def test_exactly_one_claimant_per_household_gets_child_allowance(registry):
    population = registry.population
    claimants = defaultdict(set)
    for institution in ("muni-131016", "muni-271004", "muni-473821"):
        async with Inquiry(registry, institution, "municipality/child_allowance") as inquiry:
            for person in holders(institution, population):
                answer = await inquiry.about(person)
                if answer is not None and answer["status"] == "receiving":
                    claimants[person.household].add(person.index)
    assert claimants
    assert all(len(indices) == 1 for indices in claimants.values())


async def test_the_pension_service_pays_everyone_over_65_who_is_not_on_assistance(registry):
    population = registry.population
    async with Inquiry(registry, "nenkin", "world/pension/pension") as inquiry:
        for person in holders("nenkin", population):
            answer = await inquiry.about(person)
            assisted = population.home(person).assisted_since is not None
            if age_on(person.birth, population.on) >= 66 and not assisted:
                assert answer["basic_pensions"]
                assert answer["next_payment_on"] > population.on.isoformat()


async def test_family_registers_know_children_from_both_sides(registry):
    population = registry.population
    async with Inquiry(registry, "moj", "world/justice/family_register") as inquiry:
        for child in holders("moj", population):
            if child.mother is not None:
                mother = population.persons[child.mother]
                about_child, about_mother = await inquiry.about(child), await inquiry.about(mother)
                named = {p["relation"]: p["other_name"] for p in about_child["parents"]}
                assert named["mother"] == mother.name
                assert child.name in {c["other_name"] for c in about_mother["children"]}


async def test_foreign_residents_have_a_resident_record_and_no_family_register(registry):
    foreign = [person for person in registry.population.persons if person.residence is not None]
    assert foreign
    known = {person.index for person in holders("moj", registry.population)}
    assert not known & {person.index for person in foreign}


def test_a_town_without_welfare_office_keeps_no_public_assistance(registry):
    subjects = registry.subjects["muni-473821"]
    tables = tables_for("muni-473821", registry.population, subjects)
    assert tables["municipality.assistance_case"][1] == []
    assert tables["municipality.child_rearing_allowance"][1] == []


@pytest.mark.parametrize("institution", providers())
def test_no_individual_number_and_no_resident_code_is_in_any_register(registry, institution):
    forbidden = {person.number.reveal() for person in registry.population.persons}
    forbidden |= {person.resident_code.reveal() for person in registry.population.persons}
    tables = tables_for(institution, registry.population, registry.subjects[institution])
    cells = {cell for _, rows in tables.values() for row in rows for cell in row if isinstance(cell, str)}
    assert cells
    assert not {number for cell in cells for number in LONG_NUMBER.findall(cell)} & forbidden


def test_no_two_institutions_share_a_number(registry):
    seen = defaultdict(set)
    for institution in providers():
        tables = tables_for(institution, registry.population, registry.subjects[institution])
        for columns, rows in tables.values():
            for row in rows:
                for column, cell in zip(columns, row, strict=True):
                    if isinstance(cell, str) and column not in PUBLIC_OR_AMOUNTS:
                        for number in LONG_NUMBER.findall(cell):
                            seen[number].add(institution)
    assert {number for number, where in seen.items() if len(where) > 1} == set()


@pytest.mark.parametrize("institution", providers())
def test_some_are_answered_by_hand_and_some_withheld_everywhere(registry, institution):
    known = {person.index for person in holders(institution, registry.population)}
    flags = flags_for(institution, registry.population)
    assert flags == flags_for(institution, registry.population)
    assert {person for person, _, _ in flags} <= known
    assert len({(person, flag) for person, flag, _ in flags}) == len(flags)
    for flag in ("manual", "withheld"):
        assert sum(one.flag == flag for one in flags) >= 2


def test_a_protected_person_is_protected_wherever_an_address_is_known(registry):
    population = registry.population
    hidden = {person.index for person in population.persons if person.protected}
    assert len(hidden) >= 2
    for institution in ("muni-131016", "muni-271004", "muni-473821", "nenkin", "kenpo"):
        known = {person.index for person in holders(institution, population)}
        marked = {person for person, flag, _ in flags_for(institution, population) if flag == "protected"}
        assert marked == hidden & known


def test_two_householders_in_one_household_cannot_be_stored(registry):
    async def second_householder():
        async with Inquiry(registry, "muni-131016", "register/resident_record") as inquiry:
            await inquiry.conn.execute(
                "INSERT INTO register.resident (subject, household, place, name, kana, birth, sex, relation, "
                "municipality, address, resident_since, address_since) "
                "SELECT '000000000000001', household, 99, name, kana, birth, sex, relation, municipality, "
                "address, resident_since, address_since "
                "FROM register.resident WHERE relation = '世帯主' LIMIT 1"
            )

    with pytest.raises(asyncpg.UniqueViolationError, match="resident_householder"):
        asyncio.run(second_householder())


def test_one_account_for_two_people_cannot_be_stored(registry):
    async def second_holder():
        async with Inquiry(registry, "accounts", "accounts/benefit_account") as inquiry:
            await inquiry.conn.execute(
                "INSERT INTO accounts.benefit_account SELECT '000000000000001', bank_code, bank_name, "
                "branch_code, branch_name, account_kind, account_number, holder_name_kana, registered_on "
                "FROM accounts.benefit_account LIMIT 1"
            )

    with pytest.raises(asyncpg.UniqueViolationError, match="benefit_account_bank_code"):
        asyncio.run(second_holder())
