"""Whatever a ledger or operator 1 publishes, an auditor answers with faults: nothing makes it stop."""

import json
import os
import random
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_ledger import X_ORIGIN, PaperLedger

from kumihimo.base import Problem
from kumihimo.ledger.faults import Discrepancy, Fault
from kumihimo.ledger.following import ExchangeLog
from kumihimo.ledger.replay import Auditor
from kumihimo.ledger.standing import person_events
from kumihimo.ledger.transition import (
    EARLIEST,
    LATEST,
    decode_record,
    decode_transition,
    is_epoch,
    transition_hash,
)
from kumihimo.log import Checkpoint, Edge, root_of

DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = [
    *(0, 1, -1, 1 << 62, 1 << 63, (1 << 64) - 1, 1 << 64, 10**24, 10**30, 1.5, 1e308, True, None),
    *("", "0", "\0", "9999-12-31", "20270101", "2027-W01-1", "epoch", "f" * 64, "F" * 64, "f" * 64 + "\n"),
    *("é" * 64, "人" * 70_000, [], [[]], {}, {"epoch": 1}),
]


@pytest.fixture(scope="module")
def lived() -> PaperLedger:
    """Two epochs; the second has something of everything."""
    ledger, alice, bob = PaperLedger(), os.urandom(32), os.urandom(32)
    ledger.settle(ledger.ask(alice))
    leaf = ledger.defer(ledger.ask(bob))
    void = ledger.ask(bob)
    ledger.close()
    ledger.settle(ledger.ask(alice), ledger.look(bob))
    ledger.release(leaf)
    ledger.defer(ledger.ask(alice))
    ledger.ask(bob)
    ledger.close(void=(void,))
    return ledger


def auditor_after_one(lived: PaperLedger) -> Auditor:
    auditor = Auditor(X_ORIGIN)
    assert auditor.take(lived.records[0], lived.transitions[0], lived.x[: lived.x_sizes[1]]) == ()
    return auditor


def takes(auditor: Auditor, record: bytes, transition: bytes, entries: list[bytes]) -> None:
    """The auditor says what is wrong and stays where it was, or goes on by one epoch."""
    before, epoch = auditor.dump(), auditor.epoch
    found = auditor.take(record, transition, entries)
    assert all(isinstance(one, Discrepancy) and one.text() and one.text(japanese=True) for one in found)
    assert (auditor.dump() == before) if found else auditor.epoch == epoch + 1


def places(document: object, path: tuple = ()) -> list[tuple]:
    """The path of every value in a document."""
    inner = document.items() if isinstance(document, dict) else ()
    inner = enumerate(document) if isinstance(document, list) else inner
    return [path, *(deeper for key, value in inner for deeper in places(value, (*path, key)))]


def changed(document: object, path: tuple, value: object) -> object:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


def written(document: object) -> bytes:
    """As canonical as it can be."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_every_member_of_record_and_transition_may_be_anything(lived):
    state, news = auditor_after_one(lived).dump(), lived.x[lived.x_sizes[1] :]
    record, transition = json.loads(lived.records[1]), json.loads(lived.transitions[1])
    for path in places(record):
        for value in HOSTILE:
            shown = written(changed(record, path, value))
            takes(Auditor.load(state), shown, lived.transitions[1], news)
    for path in places(transition):
        for value in HOSTILE:
            document = written(changed(transition, path, value))
            named = written(record | {"transition": transition_hash(document)})
            takes(Auditor.load(state), named, document, news)
    assert Auditor.load(state).take(lived.records[1], lived.transitions[1], news) == ()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_bytes_of_any_kind_are_answered(lived, data):
    auditor, news = auditor_after_one(lived), lived.x[lived.x_sizes[1] :]
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))

    def spoiled(good: bytes) -> bytes:
        kind = chance.randrange(5)
        at = chance.randrange(len(good))
        return [
            good, chance.randbytes(chance.randrange(80)), good[:at], good[:at] + DEEP + good[at:],
            good[:at] + chance.randbytes(1) + good[at + 1 :],
        ][kind]  # fmt: skip

    document = spoiled(lived.transitions[1])
    record = lived.records[1].replace(
        transition_hash(lived.transitions[1]).encode(), transition_hash(document).encode()
    )
    takes(auditor, spoiled(record), document, [spoiled(one) for one in news])


@pytest.mark.parametrize(
    "entry",
    [
        DEEP,
        b'{"kind":"inquire","commit":"AAAA","deep":' + DEEP + b"}",
        b'{"kind":"inquire","commit":"not base64"}',
        b'{"kind":"inquire","commit":' + b"9" * 5000 + b"}",
        b'{"kind":"inq\xff"}',
        b'{"kind":"\\ud800","commit":""}',
        b"",
        b"\0",
    ],
)
def test_an_entry_of_the_exchange_log_that_cannot_be_read_is_no_person_event_and_stops_nobody(entry):
    assert person_events([entry], 0) == {}
    assert is_epoch(entry) is False
    ledger = PaperLedger()
    ledger.x.append(entry)
    ledger.settle(ledger.ask(os.urandom(32)))
    ledger.close()
    auditor = Auditor(X_ORIGIN)
    assert auditor.take(ledger.records[0], ledger.transitions[0], ledger.x) == ()
    assert ledger.x_checkpoint().root == root_of(ledger.x)


def test_a_commit_of_any_length_in_the_exchange_log_is_answered():
    for commit in (b"", b"x", bytes(1000)):
        ledger = PaperLedger()
        ledger.x.append(msgspec.json.encode({"kind": "inquire", "commit": commit}))
        ledger.open.add(0)
        ledger.close()
        ledger.close(void=(0,))
        auditor = Auditor(X_ORIGIN)
        for record, transition in zip(ledger.records, ledger.transitions, strict=True):
            assert auditor.take(record, transition, ledger.x[auditor.x_size :]) == ()


class FalseOperator:
    """Operator 1's open plane, with whatever note it likes to show."""

    def __init__(self, note: str) -> None:
        self.note = note.encode()

    async def get(self, *_: object) -> SimpleNamespace:
        return SimpleNamespace(body=self.note)


def following(note: str) -> ExchangeLog:
    operator = SimpleNamespace(id="digital", base_url="http://x")
    directory = SimpleNamespace(current=SimpleNamespace(operator=lambda _: operator))
    return ExchangeLog(SimpleNamespace(directory=directory), FalseOperator(note))


async def test_the_ledger_reads_on_behind_an_entry_that_cannot_be_read(monkeypatch):
    entries = [DEEP, b"\xff", msgspec.json.encode({"kind": "inquire", "commit": bytes(32)})]

    async def visit(*_: object) -> bytes:
        return msgspec.json.encode({"start": 0, "entries": entries})

    monkeypatch.setattr("kumihimo.ledger.following.visit", visit)
    note = Checkpoint(X_ORIGIN, 3, root_of(entries)).text + "\n— x y\n"
    news = await following(note).read(Edge())
    assert news.events == {2: bytes(32)}


@pytest.mark.parametrize(
    "answer", [b'{"start":0,"entries":' + DEEP + b"}", b'{"start":0,"entries":["-"]}', b"\xff"]
)
async def test_an_answer_of_operator_1_that_cannot_be_read_closes_no_epoch_and_stops_nobody(
    monkeypatch, answer
):
    async def visit(*_: object) -> bytes:
        return answer

    monkeypatch.setattr("kumihimo.ledger.following.visit", visit)
    note = Checkpoint(X_ORIGIN, 3, bytes(32)).text + "\n— x y\n"
    assert isinstance(await following(note).read(Edge()), Problem)


@pytest.mark.parametrize("size", ["5000001", "1" + "0" * 18, "1" + "0" * 5000])
async def test_a_log_that_says_to_be_of_any_size_is_not_read(size):
    note = f"{X_ORIGIN}\n{size}\n{'A' * 43}=\n\n— x y\n"
    assert isinstance(await following(note).read(Edge()), Problem)


async def test_a_note_that_no_database_holds_is_not_read():
    note = Checkpoint(X_ORIGIN, 0, root_of([])).text + "\n— x \0\n"
    assert isinstance(await following(note).read(Edge()), Problem)


@pytest.mark.parametrize("time", [-1, 0, 10**9, EARLIEST - 1, LATEST, 10**16, 1 << 63, 10**30])
def test_an_epoch_of_no_sane_date_cannot_be_read(lived, time):
    shown = written(json.loads(lived.records[0]) | {"time": time})
    assert isinstance(decode_record(shown), Problem)
    found = Auditor().take(shown, lived.transitions[0], lived.x[: lived.x_sizes[1]])
    assert {one.fault for one in found} == {Fault.UNREADABLE}


@pytest.mark.parametrize("number", [-1, 1 << 62, 10**24])
@pytest.mark.parametrize("member", ["epoch", "total", "persons", "deferred", "open", "void", "x_size"])
def test_a_number_that_no_database_holds_cannot_be_read(lived, member, number):
    assert isinstance(decode_record(written(json.loads(lived.records[0]) | {member: number})), Problem)


@pytest.mark.parametrize("commit", ["zz", "f" * 63, "F" * 64, "f" * 64 + "\n", "－" * 64])
def test_a_commitment_that_is_not_hexadecimal_cannot_be_read(lived, commit):
    transition = json.loads(lived.transitions[1])
    transition["deferred"][0]["commit"] = commit
    assert isinstance(decode_transition(written(transition)), Problem)


@pytest.mark.parametrize("until", ["20270331", "2027-W13-3", "2027-3-31", "9999-99-99", "", "\0"])
def test_a_day_has_one_spelling(until):
    ledger = PaperLedger()
    ledger.defer(ledger.ask(os.urandom(32)), until=until)
    ledger.close()
    found = Auditor(X_ORIGIN).take(ledger.records[0], ledger.transitions[0], ledger.x)
    assert {one.fault for one in found} == {Fault.DEFERRAL}


def test_an_honest_epoch_is_taken_after_all_the_false_ones(lived):
    auditor = auditor_after_one(lived)
    for place in range(len(lived.records[1])):
        part = lived.records[1][:place]
        takes(auditor, part, lived.transitions[1], lived.x[lived.x_sizes[1] :])
    assert auditor.take(lived.records[1], lived.transitions[1], lived.x[lived.x_sizes[1] :]) == ()
