"""見本さん has moved from 大阪市 to 千代田区 with her family, and claims the child allowance (児童手当).

She brings no tax certificate and no copy of the family register: the clerk asks for them, and in the
evening she reads who asked what about her, and under which law.
"""

import pytest
from exchange_client import Stage
from exchange_parties import CITY, OTHER_CITY

from kumihimo.base import Problem
from kumihimo.exchange import layouts
from kumihimo.law import law

pytestmark = pytest.mark.nation
ALLOWANCE = "o9/106/"
DOCUMENTS = (
    (OTHER_CITY, "住民票関係情報"),
    (OTHER_CITY, "地方税関係情報"),
    ("moj", "戸籍関係情報"),
)


def claim(stage: Stage, provider: str, information: str):
    """What the clerk may ask for a claim of the allowance."""
    return next(
        one for one in stage.cases(CITY, provider, information) if one.permission.startswith(ALLOWANCE)
    )


def mother(stage: Stage) -> int:
    """A grown-up whom both cities and the family registers know, and nobody has flagged."""
    grown = {one.index for one in stage.population().persons if one.birth.year < 2000}
    return next(one for _ in range(30) if (one := stage.someone(CITY, OTHER_CITY, "moj")) in grown)


async def test_she_brings_no_paper_and_sees_in_the_evening_who_asked(stage: Stage):
    her = mother(stage)
    asked: dict[str, tuple[str, str]] = {}
    for provider, information in DOCUMENTS:
        question = claim(stage, provider, information)
        given = await stage.ask(her, CITY, provider, question=question, case="児童手当 2026-0042")
        assert not isinstance(given, Problem), given
        assert given["outcome"] == "provided", given
        assert given["items"]
        assert given["replaces"] == layouts().latest(information).replaces
        asked[str(given["tx"])] = (provider, information)
    for tx, (provider, information) in asked.items():
        line = await stage.line(her, tx)
        told = line["asked"]
        assert (told["inquirer"], told["provider"], told["information"]) == (CITY, provider, information)
        assert told["office"] == "子育て支援課"
        row = law().row(told["permission"])
        assert row is not None
        assert "児童手当法" in row.affair
        assert line["outcome"]["outcome"] == "provided"


async def test_the_clerk_is_not_told_what_the_claim_does_not_need(stage: Stage):
    her = mother(stage)
    question = claim(stage, OTHER_CITY, "地方税関係情報")
    whole = set(layouts().latest("地方税関係情報").items)
    spare = sorted(whole - set(question.items))
    assert spare
    refused = await stage.ask(her, CITY, OTHER_CITY, question=question, items=[*question.items, spare[0]])
    assert isinstance(refused, Problem)
    assert refused.type == "items-not-permitted"


async def test_the_other_city_learns_nothing_more_than_that_it_was_asked(stage: Stage):
    her = mother(stage)
    given = await stage.ask(her, CITY, OTHER_CITY, question=claim(stage, OTHER_CITY, "地方税関係情報"))
    assert not isinstance(given, Problem)
    query = "SELECT * FROM exchange.answer WHERE tx = $1"
    row = (await stage.nation.rows(OTHER_CITY, query, bytes.fromhex(str(given["tx"]))))[0]
    kept = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert stage.subject(CITY, her).encode() not in kept
    assert (await stage.code_of(CITY, her)).element not in kept
