"""The public settings of the seventeen institutions stand up to the law, the layouts and the queries."""

from datetime import date

import pytest
from world_registers import providers, provisions, settings

from kumihimo.base import InstitutionNumber, municipality
from kumihimo.exchange.layouts import layouts
from kumihimo.exchange.registers import query_text
from kumihimo.law import Party, Permitted, law, load
from kumihimo.world.fill import INSTITUTIONS

ON = date(2026, 11, 23)
EVERYBODY = Party(frozenset(role.id for role in load().roles), frozenset())


def rows_that_let(institution, information):
    party = Party(
        frozenset(settings(institution)["roles"]), frozenset(settings(institution)["qualifications"])
    )
    return [
        row.id
        for row in law().rows(ON)
        if isinstance(law().permits(row.id, EVERYBODY, party, information, ON), Permitted)
    ]


def test_there_are_seventeen_with_distinct_numbers_and_domains():
    tables = [settings(institution) for institution in INSTITUTIONS]
    assert [table["id"] for table in tables] == list(INSTITUTIONS)
    assert len({InstitutionNumber.parse(table["number"]) for table in tables}) == 17
    assert len({table["domain"] for table in tables}) == 17


def test_the_account_register_has_the_provider_code_seen_in_real_inquiries():
    assert settings("accounts")["number"] == "1419900000002200"


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_roles_are_roles_of_the_law(institution):
    assert set(settings(institution)["roles"]) <= EVERYBODY.roles


@pytest.mark.parametrize("institution", [name for name in INSTITUTIONS if name.startswith("muni-")])
def test_municipalities_name_themselves_by_their_code(institution):
    table = settings(institution)
    place = municipality(table["municipality"])
    assert place is not None
    assert place.name == table["name"]
    assert table["domain"] == f"jp/muni/{table['municipality']}"


@pytest.mark.parametrize(("institution", "information", "query"), provisions())
def test_what_is_provided_has_a_layout_a_query_and_a_row_of_law(institution, information, query):
    assert layouts().latest(information) is not None
    assert query_text(query).count("$") >= 4
    assert rows_that_let(institution, information)


def test_three_bodies_have_their_codes_made_by_the_municipalities_and_the_others_by_nobody_else():
    cities = {name for name in INSTITUTIONS if name.startswith("muni-")}
    named = {name: set(settings(name).get("codes_from", ())) for name in INSTITUTIONS}
    assert {name: whom for name, whom in named.items() if whom} == dict.fromkeys(
        ("moj", "portal", "nenkin"), cities
    )


def test_operators_ledger_and_witnesses_provide_nothing():
    assert not {"digital", "jlis", "numbering", "ledger", "portal", "ppc", "univ", "bar"} & set(providers())
