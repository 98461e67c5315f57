"""障害者関係情報 is the governor's to provide: 大阪市 asks 大阪府, and nobody may ask a city."""

import pytest

from kumihimo.base import JST, Problem, system_clock
from kumihimo.exchange import layouts
from kumihimo.law import law
from kumihimo.world import Nation, ask_one, cases, current_directory, load_cast
from kumihimo.world.people import generate
from kumihimo.world.residents import Certificate, Disability

pytestmark = pytest.mark.nation
CITY, GOVERNOR, INFORMATION = "muni-271004", "pref-270008", "障害者関係情報"
CERTIFICATES = {"physical_certificate", "mental_certificate", "intellectual_judgement"}


def questions(nation: Nation, inquirer: str, provider: str):
    entries = current_directory(nation.places)
    on = system_clock().astimezone(JST).date()
    return list(cases(law(), layouts(), entries[inquirer], entries[provider], INFORMATION, on))


def told(held: Disability) -> dict[str, object]:
    """What the answer says of a certificate as it was drawn."""
    day = held.issued.isoformat()
    by_kind = {
        Certificate.PHYSICAL: {
            "physical_certificate": "held",
            "physical_grade": held.grade,
            "physical_issued_on": day,
        },
        Certificate.MENTAL: {
            "mental_certificate": "held",
            "mental_grade": held.grade,
            "mental_issued_on": day,
        },
        Certificate.INTELLECTUAL: {
            "intellectual_judgement": "severe" if held.grade == 1 else "other",
            "intellectual_judged_on": day,
        },
    }
    nothing = dict.fromkeys(CERTIFICATES, "none")
    return nothing | by_kind[held.kind]


async def test_a_city_asks_the_prefecture_about_certificates_and_is_told_what_is_held(nation: Nation):
    question = next(one for one in questions(nation, CITY, GOVERNOR) if set(one.items) >= CERTIFICATES)
    population, cast = generate(nation.charter.residents, nation.charter.seed), load_cast(nation.places)
    assert cast[GOVERNOR]
    office = nation.office(CITY)
    try:
        for index in cast[GOVERNOR]:
            day = population.on.isoformat()
            answer = await ask_one(office, question, GOVERNOR, cast[CITY][index], as_of=day)
            assert not isinstance(answer, Problem), answer
            assert (answer["outcome"], answer["row"]) == ("provided", question.permission)
            held = population.persons[index].disability
            assert held is not None
            assert told(held).items() <= answer["items"].items()
    finally:
        await office.close()


async def test_the_prefecture_had_its_codes_made_itself(nation: Nation):
    query = "SELECT DISTINCT requester FROM numbering.look WHERE recipient = $1"
    assert [row["requester"] for row in await nation.rows("numbering", query, GOVERNOR)] == [GOVERNOR]
    codes = await nation.rows(GOVERNOR, "SELECT subject FROM exchange.person_code")
    assert {row["subject"] for row in codes} == set(load_cast(nation.places)[GOVERNOR].values())


async def test_no_city_may_be_asked_for_certificates_and_none_keeps_them(nation: Nation):
    everybody = current_directory(nation.places)
    for city in ("muni-131016", CITY, "muni-473821"):
        assert all(questions(nation, one, city) == [] for one in everybody)
        assert await nation.rows(city, "SELECT 1 FROM municipality.disability_certificate") == []
