"""P-32: no log can be altered without detection, and records are kept for seven years, then erased."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from exchange_client import Stage, until
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import AnswerEnvelope, digest
from kumihimo.exchange.receiving import ANSWER_BOX
from kumihimo.ledger import Finding, entry_hash, read_policy, verify_file
from kumihimo.log import (
    Checkpoint,
    Cosigned,
    LogReader,
    Policy,
    add_signatures,
    open_cosigned,
    open_note,
    root_of,
    sign_note,
)
from kumihimo.node.transport import Raw

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_file_maker import START, Maker, asked, line, outcome, trusted

pytestmark = pytest.mark.nation
YEAR = 31_557_600_000
"""365.25 days in milliseconds."""


def policy_bytes(stage: Stage) -> bytes:
    return stage.nation.places.policy.read_bytes()


async def cosigned_of(stage: Stage, institution: str) -> str:
    """The newest checkpoint of a log that the witnesses have cosigned."""
    base = stage.directory.entries[institution].base_url

    async def look() -> str | None:
        raw = await stage.transport.get(f"{base}/o/cosigned", {}, 5.0)
        return raw.body.decode() if isinstance(raw, Raw) and raw.status == 200 else None

    return await until(look, 40.0)


@pytest.mark.parametrize("institution", ["digital", "jlis", "ledger", CITY, PENSION])
async def test_no_keeper_changes_or_shortens_its_log_by_its_own_database(stage: Stage, institution: str):
    await stage.ask(stage.someone(CITY, PENSION))
    for statement in (
        "UPDATE log.chunk SET bundle = '\\x00'",
        "DELETE FROM log.chunk",
        "TRUNCATE log.chunk",
        "UPDATE log.head SET size = size - 1",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await stage.write(institution, statement)


async def test_a_keeper_who_signs_another_history_has_no_witness_for_it(stage: Stage):
    await stage.ask(stage.someone(CITY, PENSION))
    trust = read_policy(policy_bytes(stage)).trust
    policy = Policy(stage.keys["digital"].note.verifier, trust.witnesses, trust.quorum)
    note = await cosigned_of(stage, "digital")
    true = open_cosigned(note, policy)
    assert isinstance(true, Cosigned)
    conn = await asyncpg.connect(stage.nation.server.owner_of("digital"))
    try:
        entries = await LogReader.entries(conn, 0, true.checkpoint.size)
    finally:
        await conn.close()
    assert root_of(entries) == true.checkpoint.root
    lines = open_note(note, [policy.log]).unknown
    for other in (entries[1:], entries[:-1], [*entries[:-1], b"{}"], [*entries[1:], entries[0]]):
        forged = Checkpoint(true.checkpoint.origin, len(other), root_of(other))
        alone = sign_note(forged.text, stage.keys["digital"].note)
        assert refused(open_cosigned(alone, policy)) is ErrorType.PROOF_INVALID
        borrowed = add_signatures(alone, lines)
        assert refused(open_cosigned(borrowed, policy)) is ErrorType.SIGNATURE_INVALID


def refused(result: object) -> ErrorType:
    assert isinstance(result, Problem), result
    return result.type


async def file_of(stage: Stage, person: int) -> bytes:
    """The person's file, as soon as the witnesses vouch for it."""

    async def look() -> bytes | None:
        papers = await stage.own_look(person, items=("proof",))
        envelope = await stage.answered(await stage.collected(papers, "portal"), "portal", "ledger")
        if not isinstance(envelope, AnswerEnvelope):
            return None
        opened = stage.keys["portal"].box.open(
            envelope.sealed, info=ANSWER_BOX, aad=digest(papers.signed.body)
        )
        return json.loads(opened)["proof"].encode()

    return await until(look, 60.0)


@asynccontextmanager
async def altered(stage: Stage, tx: bytes, change: str) -> AsyncIterator[None]:
    """An entry that the ledger's own keepers have changed, with all their keys, for a while."""
    query = "SELECT label, n, hash, sealed FROM ledger.entry WHERE tx = $1 AND kind = 'asked'"
    (row,) = await stage.nation.rows("ledger", query, tx)
    vault, label = stage.keys["ledger"].vault, bytes(row["label"])
    entry = json.loads(vault.open(bytes(row["sealed"]), label)) | {"inquirer": change}
    body = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    write = "UPDATE ledger.entry SET hash = $3, sealed = $4 WHERE label = $1 AND n = $2"
    place = (label, row["n"])
    await stage.write("ledger", write, *place, entry_hash(body), vault.seal(body, label))
    try:
        yield
    finally:
        await stage.write("ledger", write, *place, bytes(row["hash"]), bytes(row["sealed"]))


async def test_a_record_rewritten_at_the_ledger_with_all_its_keys_is_found_by_its_person(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    await stage.line(person, given["tx"])
    policy = read_policy(policy_bytes(stage))
    assert verify_file(await file_of(stage, person), policy).complete
    async with altered(stage, bytes.fromhex(given["tx"]), "kenpo"):
        verdict = verify_file(await file_of(stage, person), policy)
        assert (verdict.finding, verdict.detail) == (
            Finding.ALTERED,
            "the entries do not chain to the head",
        )
    assert verify_file(await file_of(stage, person), policy).complete


def test_after_seven_years_hashes_are_left_and_prove_that_nothing_else_is_missing():
    entries = [entry for number in range(2) for one in [asked(number)] for entry in (one, outcome(one))]
    maker = Maker.of(a=entries)
    maker.chains["a"][:4] = [line(entry, erased=True) for entry in entries]
    verdict = verify_file(maker.close(time=START + 9 * YEAR).file(), trusted())
    assert (verdict.finding, verdict.erased) == (Finding.COMPLETE, 4)
    early = verify_file(maker.close(time=START + 6 * YEAR).file(), trusted())
    assert early.finding is Finding.ALTERED
