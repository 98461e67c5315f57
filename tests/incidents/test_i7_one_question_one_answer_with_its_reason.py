"""I-7: linkage lay unused because offices had to guess codes and poll for results.

One call names the row of law and gets all its items at once, or a typed reason and the next step.
"""

import pytest
from exchange_client import Stage
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem

pytestmark = pytest.mark.nation


async def test_one_call_brings_every_item_the_procedure_needs(stage: Stage):
    person = stage.someone(CITY, PENSION)
    question = stage.case(CITY, PENSION)
    given = await stage.ask(person, question=question)
    assert not isinstance(given, Problem)
    told = {*given["items"], *given["withheld"], *given["absent"]}
    assert told == set(question.items)
    assert len(question.items) > 5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"permission": "o9/1/1@2024-05-27", "piece": None}, ErrorType.NOT_PERMITTED),
        ({"items": ["address"]}, ErrorType.ITEMS_NOT_PERMITTED),
        ({"to": OTHER_CITY}, ErrorType.NOT_PERMITTED),
        ({"layout": 9}, ErrorType.LAYOUT_UNSUPPORTED),
        ({"subject": "999999999999999"}, ErrorType.CODE_NOT_ACQUIRED),
    ],
    ids=lambda value: str(value) if isinstance(value, ErrorType) else next(iter(value)),
)
async def test_every_refusal_says_why_and_what_to_do(stage: Stage, change, expected):
    question = stage.case(CITY, PENSION)
    refused = await stage.ask(stage.someone(CITY, PENSION), question=question, **change)
    assert isinstance(refused, Problem)
    assert refused.type is expected
    assert all((refused.title, refused.title_ja, refused.remedy, refused.remedy_ja, refused.detail))
