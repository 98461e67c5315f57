"""The desk of the sampled audit: what it shows of an event, what it keeps back, and to whom it speaks."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
from exchange_parties import network
from ledger_house import VAULT, House, fresh, open_house, outcome_job, record_job
from paper_ledger import PaperLedger

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.exchange import Outcome
from kumihimo.ledger.deferral import Terms, deferral_leaf
from kumihimo.ledger.evidence import read_evidence, shown_label
from kumihimo.ledger.evidence_desk import EvidenceBudget, EvidenceDesk
from kumihimo.ledger.material import Material, seal_material
from kumihimo.ledger.oversight_desk import only_for
from kumihimo.ledger.sampling import budget
from kumihimo.ledger.store import EraseJob
from kumihimo.node import Message

ALICE = os.urandom(32)


@pytest.fixture
async def house(ledger_uri: str) -> AsyncIterator[House]:
    await fresh(ledger_uri)
    async with open_house(ledger_uri) as opened:
        yield opened


@pytest.fixture
def paper() -> PaperLedger:
    return PaperLedger()


@pytest.fixture
def desk(house: House, paper: PaperLedger) -> EvidenceDesk:
    keys = SimpleNamespace(vault=VAULT, pair=network().keys["ledger"].pair)
    institution = SimpleNamespace(
        db=house.db,
        keys=keys,
        directory=SimpleNamespace(current=network().directory),
        settings=SimpleNamespace(id="ledger"),
    )
    may = house.journal.register("ledger.evidence", EvidenceBudget().apply)
    return EvidenceDesk(institution, paper.secret, paper.public.key, may)


def question(body: bytes, by: str = "univ") -> Message:
    return Message("POST", "evidence", "", {}, body, SimpleNamespace(id=by))


async def recorded(house: House, paper: PaperLedger, terms: Terms | None = None):
    """A real exchange about Alice, recorded; gives its index and tx."""
    event = paper.events[paper.ask(ALICE)]
    (index,) = await house.x.append([event.commit])
    (row,) = event.papers.blinded.rows
    material = Material(event.papers.signed, event.first, event.second, row.b, row.r)
    job = record_job(event.label, event.commit, index, house.clock(), terms=terms, tx=event.papers.slip.tx)
    await house.write(replace(job, material=seal_material(VAULT, job.slip.tx, material)))
    return index, job.slip.tx


async def shown(desk: EvidenceDesk, epoch: int, index: int, by: str = "univ"):
    body = await desk.show(question(msgspec.json.encode({"epoch": epoch, "index": index}), by))
    return body if isinstance(body, Problem) else read_evidence(body)


def not_found(answer: object) -> bool:
    return isinstance(answer, Problem) and answer.type is ErrorType.NOT_FOUND


async def test_evidence_of_a_settled_event_shows_the_label_of_its_person(house, paper, desk):
    index, tx = await recorded(house, paper)
    await house.tell(tx)
    await house.close()
    evidence = await shown(desk, 1, index)
    assert evidence.index == index
    assert shown_label(evidence, paper.public) == paper.label(ALICE)


async def test_nothing_is_shown_of_an_event_that_is_open_or_in_no_epoch(house, paper, desk):
    index, tx = await recorded(house, paper)
    assert not_found(await shown(desk, 1, index)), "there is no epoch yet"
    await house.close()
    assert not_found(await shown(desk, 1, index)), "it is open"
    await house.tell(tx)
    await house.close()
    assert not isinstance(await shown(desk, 2, index), Problem)
    assert not_found(await shown(desk, 2, index + 1))
    assert not_found(await shown(desk, 3, index))


async def test_an_event_withheld_by_law_is_shown_without_label_but_with_the_salt_of_its_leaf(
    house, paper, desk
):
    until = system_clock().date() + timedelta(days=30)
    index, tx = await recorded(house, paper)
    await house.write(outcome_job(tx, house.clock(), Outcome.PROVIDED, Terms(until, "23条2項", "nenkin")))
    await house.close()
    evidence = await shown(desk, 1, index)
    assert evidence.proof is None
    assert isinstance(shown_label(evidence, paper.public), Problem)
    (row,) = await house.rows("SELECT leaf, commit FROM ledger.deferred")
    commit = row["commit"].hex()
    leaf = deferral_leaf(evidence.salt, commit=commit, until=until.isoformat(), ground="23条2項", by="nenkin")
    assert leaf == row["leaf"]


async def test_after_its_hours_the_material_is_gone(house, paper, desk):
    index, tx = await recorded(house, paper)
    await house.tell(tx)
    await house.close()
    now = system_clock() + timedelta(seconds=1)
    await house.write(EraseJob(records=now - timedelta(days=9999), material=now))
    assert not_found(await shown(desk, 1, index))


async def withheld(house: House, paper: PaperLedger) -> int:
    """An event withheld by law, in epoch 1; its index."""
    until = system_clock().date() + timedelta(days=30)
    index, tx = await recorded(house, paper)
    await house.write(outcome_job(tx, house.clock(), Outcome.PROVIDED, Terms(until, "23条2項", "nenkin")))
    await house.close()
    return index


async def test_a_released_event_is_shown_with_its_label_as_of_the_epoch_that_released_it_and_not_before(
    house, paper, desk
):
    index = await withheld(house, paper)
    await house.execute("UPDATE ledger.deferred SET due = current_date - 1")
    assert await house.settle() == 1
    assert (await shown(desk, 1, index)).proof is None, "no epoch says that it was released"
    await house.close()
    evidence = await shown(desk, 2, index)
    assert shown_label(evidence, paper.public) == paper.label(ALICE)
    assert (await shown(desk, 1, index)).proof is None, "the withholding is judged without a label"


async def test_the_material_of_what_is_withheld_is_kept_until_its_release_can_have_been_audited(
    house, paper, desk
):
    index = await withheld(house, paper)

    async def erase_all() -> None:
        now = system_clock() + timedelta(seconds=1)
        await house.write(EraseJob(records=now - timedelta(days=9999), material=now))

    await erase_all()
    assert not isinstance(await shown(desk, 1, index), Problem)
    await house.execute("UPDATE ledger.deferred SET due = current_date - 1")
    await house.settle()
    await house.close()
    assert not isinstance(await shown(desk, 2, index), Problem)
    await erase_all()
    assert not_found(await shown(desk, 2, index))


async def test_each_watcher_is_shown_so_many_labels_and_no_more(house, paper, desk):
    index, tx = await recorded(house, paper)
    await house.tell(tx)
    await house.close()
    await house.execute(
        "INSERT INTO ledger.evidence_shown SELECT 'univ', n FROM generate_series(1000, 1018) AS n"
    )
    assert not isinstance(await shown(desk, 1, index), Problem), "the twentieth"
    await house.execute("INSERT INTO ledger.evidence_shown VALUES ('bar', 1), ('univ', 2000)")
    assert not isinstance(await shown(desk, 1, index), Problem), "what was shown costs nothing again"
    await house.execute("DELETE FROM ledger.evidence_shown WHERE x_index = $1", index)
    await house.execute("INSERT INTO ledger.evidence_shown VALUES ('univ', 2001)")
    refused = await shown(desk, 1, index)
    assert isinstance(refused, Problem)
    assert refused.type is ErrorType.DECLINED
    assert not isinstance(await shown(desk, 1, index, by="bar"), Problem), "each has its own"
    await house.execute("UPDATE ledger.evidence_shown SET at = at - interval '25 hours'")
    assert not isinstance(await shown(desk, 1, index), Problem), "after a day it begins anew"


def test_the_budget_is_a_share_of_what_was_settled_and_at_least_twenty():
    assert [budget(settled) for settled in (0, 400, 401, 10_000)] == [20, 20, 21, 500]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"epoch":0,"index":0}', b'{"epoch":1,"index":-1}', b'{"epoch":1,"index":1,"x":1}',
             b'{"epoch":1,"index":99999999999999999999}', b"\xff"]
)  # fmt: skip
async def test_a_question_that_is_none_is_malformed(desk, body):
    answer = await desk.show(question(body))
    assert isinstance(answer, Problem)
    assert answer.type is ErrorType.MALFORMED


@pytest.mark.parametrize("sender", ["nenkin", "muni-131016", "portal", "digital", None])
async def test_evidence_is_for_watchers_only(desk, sender):
    entry = network().directory.entries[sender] if sender else None
    handler = only_for(frozenset({"witness", "commission"}), desk.show)
    reply = await handler(Message("POST", "evidence", "", {}, b'{"epoch":1,"index":0}', entry))
    assert reply.refusal is ErrorType.NOT_PERMITTED
