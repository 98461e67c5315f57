"""The provider queries over real tables give what the layouts promise."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest
from world_registers import Inquiry, provisions

from kumihimo.exchange.layouts import layouts
from kumihimo.world.fill import holders

PROMISED = provisions()


@pytest.mark.parametrize("information", sorted({information for _, information, _ in PROMISED}))
async def test_every_answer_follows_its_layout_and_somebody_has_one(registry, information):
    layout = layouts().latest(information)
    assert layout is not None
    answered = 0
    for institution, promised, query in PROMISED:
        if promised == information:
            async with Inquiry(registry, institution, query) as inquiry:
                for person in holders(institution, registry.population):
                    answer = await inquiry.about(person)
                    if answer is not None:
                        answered += 1
                        assert set(answer) <= set(layout.items)
                        assert layout.validate(answer) == ()
    assert answered > 0


@pytest.mark.parametrize(("institution", "information", "query"), PROMISED)
async def test_an_answer_follows_its_layout_on_any_day_and_for_any_period(
    registry, institution, information, query
):
    layout = layouts().latest(information)
    rng = Random(f"{institution}/{query}")
    people = holders(institution, registry.population)
    async with Inquiry(registry, institution, query) as inquiry:
        for _ in range(120):
            as_of = registry.population.on + timedelta(days=rng.randint(-900, 400))
            since = as_of - timedelta(days=rng.randint(0, 700)) if rng.random() < 0.6 else None
            until = (since or as_of) + timedelta(days=rng.randint(0, 500)) if rng.random() < 0.6 else None
            answer = await inquiry.about(rng.choice(people), as_of, since, until)
            assert answer is None or layout.validate(answer) == ()


@pytest.mark.parametrize(("institution", "information", "query"), PROMISED)
async def test_an_unknown_subject_has_no_record(registry, institution, information, query):
    assert information
    async with Inquiry(registry, institution, query) as inquiry:
        rows = await inquiry.conn.fetch(inquiry.sql, "999999999999999", date(2026, 10, 1), None, None)
    assert rows == []


def test_the_nine_information_types_of_the_issue_are_provided():
    promised = {information for _, information, _ in PROMISED}
    assert promised >= {
        "住民票関係情報",
        "地方税関係情報",
        "児童手当関係情報",
        "年金給付関係情報",
        "医療保険給付関係情報",
        "生活保護関係情報",
        "障害者関係情報",
        "戸籍関係情報",
        "公的給付支給等口座登録簿関係情報",
        "失業等給付関係情報",
    }


async def test_most_adults_have_a_tax_record_somewhere(registry):
    found = Counter()
    for institution in ("muni-131016", "muni-271004", "muni-473821"):
        async with Inquiry(registry, institution, "municipality/local_tax") as inquiry:
            for person in holders(institution, registry.population):
                if await inquiry.about(person):
                    found[person.index] += 1
    adults = [p for p in registry.population.persons if p.birth < date(2007, 1, 1)]
    assert all(found[person.index] >= 1 for person in adults)
