"""I-5: certificates of other people were printed when two requests met in one moment."""

import asyncio

import pytest
from exchange_client import Stage
from exchange_parties import CITY, PENSION

from kumihimo.base import Problem

pytestmark = pytest.mark.nation


async def test_fifty_questions_at_once_get_each_its_own_persons_answer(stage: Stage):
    common = sorted(set(stage.cast[CITY]) & set(stage.cast[PENSION]))
    people = [one for one in common if not stage.is_flagged(PENSION, one)][:50]
    question = stage.case(CITY, PENSION)
    office = stage.nation.office(CITY)
    bodies = [
        {
            "subject": stage.subject(CITY, one),
            "to": PENSION,
            "permission": question.permission,
            "information": question.information,
            "items": question.items,
            "piece": question.piece,
        }
        for one in people
    ]
    alone = [await office.post("inquiries", body) for body in bodies]
    order = sorted(range(50), key=lambda place: (place * 37) % 50)
    posts = [office.post("inquiries", bodies[place % len(people)]) for place in order]
    at_once = await asyncio.gather(*posts)
    await office.close()
    assert len(people) >= 40
    seen = set()
    for place, given in zip(order, at_once, strict=True):
        own = alone[place % len(people)]
        assert not isinstance(given, Problem), given
        assert (given["outcome"], given["items"]) == (own["outcome"], own["items"])
        seen.add(given["tx"])
    assert len(seen) == 50
    assert len({str(one["items"]) for one in alone}) > 10, "people differ, or this test shows nothing"


async def test_each_of_them_is_in_the_record_of_its_own_person(stage: Stage):
    people = [stage.someone(CITY, PENSION) for _ in range(5)]
    given = await asyncio.gather(*(stage.ask(one) for one in people))
    for person, answer in zip(people, given, strict=True):
        await stage.line(person, answer["tx"])
        seen = {one["asked"]["tx"] for one in await stage.records(person)}
        others = {other["tx"] for other, who in zip(given, people, strict=True) if who != person}
        assert not seen & others
