"""Each refusal leaves a trace, and no trace names a person."""

import base64
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from exchange_client import Stage, until
from exchange_parties import CITY, OTHER_CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Sender, Signed, digest
from kumihimo.world import institution_ids

pytestmark = pytest.mark.nation


def log_text(stage: Stage) -> str:
    folder: Path = stage.nation.places.root / "logs"
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.log")))


def noted(text: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == "message refused"]


async def test_operators_and_providers_keep_who_why_and_the_digest(stage: Stage):
    person = stage.someone(CITY, PENSION)
    unlawful = await stage.slip(person, information="住民票関係情報")
    assert isinstance(await stage.stamped(unlawful, 1), Problem)
    lawful = await stage.slip(person)
    delivery = await stage.ready(lawful)
    assert isinstance(await stage.answered(replace(delivery, receipt=None)), Problem)
    assert isinstance(await stage.answered(delivery, by=OTHER_CITY), Problem)
    assert isinstance(await stage.stamped(await stage.slip(person, tx=lawful.slip.tx), 2), Problem)
    rows = {
        name: [(bytes(row["slip"]), row["sender"], row["type"]) for row in await stage.refusals(name)]
        for name in ("digital", "jlis", PENSION)
    }
    assert (digest(unlawful.signed.body), CITY, "not-permitted") in rows["digital"]
    assert (digest(lawful.signed.body), CITY, "receipt-missing") in rows[PENSION]
    assert (digest(lawful.signed.body), OTHER_CITY, "signature-invalid") in rows[PENSION]
    assert any(kind == "stamp-invalid" for _, _, kind in rows["jlis"])


async def test_a_used_tx_leaves_a_trace(stage: Stage):
    person = stage.someone(CITY, PENSION)
    papers = await stage.slip(person)
    await stage.stamped(papers, 1)
    other = await stage.slip(person, tx=papers.slip.tx)
    assert isinstance(await stage.stamped(other, 1), Problem)
    rows = [(bytes(row["slip"]), row["type"]) for row in await stage.refusals("digital")]
    assert (digest(other.signed.body), "replayed") in rows


async def test_a_question_refused_at_ones_own_gates_leaves_a_trace(stage: Stage):
    before = len(await stage.refusals(CITY))
    person = stage.someone(CITY, PENSION)
    assert isinstance(await stage.ask(person, permission="o9/999/9"), Problem)
    stranger = await stage.ask(person, subject="999999999999999")
    assert isinstance(stranger, Problem)
    rows = (await stage.refusals(CITY))[before:]
    assert [(row["sender"], row["type"]) for row in rows] == [
        (CITY, "not-permitted"),
        (CITY, "code-not-acquired"),
    ]


@pytest.mark.parametrize(
    "desk",
    [
        ("digital", "stamp"),
        ("ledger", "record"),
        ("ledger", "inquire"),
        ("numbering", "acquire"),
        (CITY, "later"),
    ],
    ids="/".join,
)
async def test_every_host_notes_what_it_refuses(stage: Stage, desk):
    before = noted(log_text(stage))
    assert isinstance(await stage.post(PENSION, *desk, b"garbage"), Problem)
    assert isinstance(await stage.post(PENSION, *desk, b"x" * 2_000_000), Problem)

    async def both() -> bool:
        fresh = [one for one in noted(log_text(stage)) if one not in before]
        kinds = {one["type"] for one in fresh if (one["institution"], one["path"]) == desk}
        return kinds == {"malformed", "too-large"}

    assert await until(both)


async def test_no_trace_of_a_refusal_names_a_person(stage: Stage):
    """Numbers, codes, names and addressee numbers in every place of a slip, and none in any trace."""
    person = stage.someone(CITY, PENSION)
    resident = next(one for one in stage.population().persons if one.index == person)
    number, subject = resident.number.reveal(), stage.subject(CITY, person)
    code = (await stage.code_of(CITY, person)).element
    told = f"{number} {subject} {resident.resident_code.reveal()} {code.hex()}"
    spoilt = [
        {"case": told[:200], "v": 9},
        {"sender": Sender(institution=CITY, office=told[:200], operator=told[:200]), "information": told},
        {"items": (told[:200],)},
        {"information": told},
    ]
    for changes in spoilt:
        papers = await stage.slip(person, **changes)
        for by in (CITY, OTHER_CITY):
            assert isinstance(await stage.stamped(papers, 1, by=by), Problem)
    await stage.post(CITY, "digital", number, b"{}")
    await stage.post(CITY, "ledger", f"record/{subject}", told.encode())
    assert isinstance(await stage.ask(person, permission=told), Problem)
    text = log_text(stage)
    for name in institution_ids():
        tables = await stage.nation.rows(
            name, "SELECT tablename FROM pg_tables WHERE schemaname = 'exchange'"
        )
        if "refusal" in {row["tablename"] for row in tables}:
            rows = await stage.refusals(name)
            text += str([(row["slip"].hex(), row["sender"], row["type"]) for row in rows])
    for secret in (number, subject, resident.resident_code.reveal(), code.hex()):
        assert secret not in text
    assert base64.b64encode(code).decode() not in text


async def test_no_log_line_of_the_whole_nation_names_anybody(stage: Stage):
    text = log_text(stage)
    for person in stage.population().persons:
        assert person.number.reveal() not in text
        assert person.resident_code.reveal() not in text
    for subjects in stage.cast.values():
        assert not any(subject in text for subject in subjects.values())


async def test_a_refusal_tells_what_to_do_next_in_both_languages(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION), information="住民票関係情報")
    refusal = await stage.stamped(papers, 1)
    assert isinstance(refusal, Problem)
    assert refusal.type is ErrorType.NOT_PERMITTED
    assert refusal.nearest == papers.slip.basis.permission
    assert refusal.remedy
    assert refusal.remedy_ja
    unsigned = await stage.raw(CITY, "digital", "stamp", b"{}", change=dict.clear)
    assert json.loads(unsigned.body)["remedy_ja"]
    nothing = Signed(body=os.urandom(10), jws="")
    assert isinstance(await stage.stamped(replace(papers, signed=nothing), 1), Problem)
