"""The office API: for the institution's own systems, with typed refusals for everything else."""

from types import SimpleNamespace

import msgspec
import pytest
from exchange_client import Stage
from exchange_parties import CITY, PENSION
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.office import Office
from kumihimo.node import JournalBusy, JournalUnavailable
from kumihimo.node.transport import Raw
from kumihimo.world import Office as OfficeClient


class Gateway:
    """A gateway whose store does what the test says."""

    def __init__(self, fault: Exception, folder) -> None:
        self.fault = fault
        self.inquirer = self.acquirer = self.approvals = self
        self.institution = SimpleNamespace(settings=SimpleNamespace(runtime=SimpleNamespace(keys=folder)))

    async def inquire(self, question):
        raise self.fault

    async def acquire(self, recipient, affair, rows):
        raise self.fault

    async def decide(self, tx, *, approve, by):
        raise self.fault


QUESTION = {"subject": "1", "to": PENSION, "permission": "x", "information": "y", "items": ["z"]}
CALLS = [
    ("inquiries", QUESTION),
    ("acquisitions", {"recipient": CITY, "affair": "x", "rows": []}),
    ("approvals/00", {"approve": True, "by": "x"}),
]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(JournalBusy(), ErrorType.BUSY), (JournalUnavailable(), ErrorType.PROVIDER_UNAVAILABLE)],
    ids=["busy", "away"],
)
@pytest.mark.parametrize(("path", "body"), CALLS, ids=[path for path, _ in CALLS])
def test_a_full_or_absent_store_is_a_typed_refusal(tmp_path, path, body, fault, expected):
    (tmp_path / "office.key").write_text("ab" * 32)
    app = Litestar(route_handlers=[Office], state=State({"gateway": Gateway(fault, tmp_path)}))
    with TestClient(app) as client:
        answer = client.post(f"/api/{path}", json=body, headers={"authorization": "Bearer " + "ab" * 32})
    assert Problem.from_document(answer.json()).type is expected
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.nation
async def test_only_the_institutions_own_systems_are_let_in(stage: Stage):
    base = stage.directory.entries[CITY].base_url
    for key in ("", "00" * 32, (stage.nation.places.keys(PENSION) / "office.key").read_text().strip()):
        office = OfficeClient(base, key)
        verdict = await office.post("inquiries", QUESTION)
        await office.close()
        assert isinstance(verdict, Problem) or verdict.get("status_code") == 401, verdict


@pytest.mark.nation
async def test_a_person_without_a_code_here_is_told_to_acquire_it(stage: Stage):
    verdict = await stage.ask(stage.someone(CITY, PENSION), subject="999999999999999")
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.CODE_NOT_ACQUIRED
    assert verdict.remedy_ja


@pytest.mark.nation
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"to": "muni-999999"}, ErrorType.INSTITUTION_UNKNOWN),
        ({"to": CITY}, ErrorType.INSTITUTION_UNKNOWN),
        ({"permission": "o9/1/1@2024-05-27", "piece": None}, ErrorType.NOT_PERMITTED),
        ({"piece": "1/1/イ"}, ErrorType.NOT_PERMITTED),
        ({"items": []}, ErrorType.ITEMS_NOT_PERMITTED),
        ({"items": ["address"]}, ErrorType.ITEMS_NOT_PERMITTED),
        ({"layout": 99}, ErrorType.LAYOUT_UNSUPPORTED),
        ({"case": "x" * 300}, ErrorType.MALFORMED),
        ({"case": "か\u3099"}, ErrorType.MALFORMED),
        ({"office": "課\u0000"}, ErrorType.MALFORMED),
    ],
    ids=lambda value: str(value) if isinstance(value, ErrorType) else next(iter(value)),
)
async def test_a_wrong_question_never_leaves_the_house(stage: Stage, change, expected):
    before = await stage.nation.rows(CITY, "SELECT count(*) AS n FROM exchange.inquiry")
    question = stage.case(CITY, PENSION)
    verdict = await stage.ask(stage.someone(CITY, PENSION), question=question, **change)
    assert isinstance(verdict, Problem)
    assert verdict.type is expected
    assert await stage.nation.rows(CITY, "SELECT count(*) AS n FROM exchange.inquiry") == before


@pytest.mark.nation
@pytest.mark.parametrize("body", [{}, {"subject": 1}, [], "x", {**QUESTION, "items": "all"}, None])
async def test_a_body_of_another_form_is_refused_with_400(stage: Stage, body):
    key = (stage.nation.places.keys(CITY) / "office.key").read_text().strip()
    raw = await stage.transport.post(
        stage.directory.entries[CITY].base_url + "/api/inquiries",
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
        msgspec.json.encode(body),
        5.0,
    )
    assert isinstance(raw, Raw)
    assert raw.status == 400


@pytest.mark.nation
@pytest.mark.parametrize("tx", ["00" * 16, "zz", "%00", "a" * 3000])
async def test_an_inquiry_nobody_made_is_not_found(stage: Stage, tx):
    async with stage.office(CITY) as office:
        verdict = await office.get(f"inquiries/{tx}")
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.NOT_FOUND
