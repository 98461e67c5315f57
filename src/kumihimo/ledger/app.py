"""Opens the ledger room: recording, outcomes, disclosure, epochs, and counts for anyone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import GENERATOR, multiply
from kumihimo.exchange import PASSING, Rules, Signed, answering, layouts, noting, stamping
from kumihimo.law import law
from kumihimo.ledger.closer import EPOCH_SECONDS, Closer
from kumihimo.ledger.corrections import Corrections
from kumihimo.ledger.deferral import MAXIMUM_DAYS
from kumihimo.ledger.disclosing import Disclosing
from kumihimo.ledger.epoch_store import CloseJob
from kumihimo.ledger.events import OutcomeJob
from kumihimo.ledger.evidence_desk import EvidenceDesk
from kumihimo.ledger.following import ExchangeLog
from kumihimo.ledger.model import erased_before
from kumihimo.ledger.oversight_desk import OversightDesk, only_for
from kumihimo.ledger.service import Ledger
from kumihimo.ledger.store import AT_ONCE, Book, DecideJob, EraseJob, Job, RecordJob, SettleJob, counts
from kumihimo.node import Handler, Institution, Message, Reply, Room

ROOM = "ledger"
MAP_DEPTH = 16
AUDIT_HOURS = 24
SETTLE_SECONDS = 2.0
ERASE_SECONDS = 600.0
_WATCHING = frozenset({"witness", "commission"})
_COMMISSION = frozenset({"commission"})


def ledger_secret(folder: Path) -> bytes:
    """Read k_L, the secret scalar that turns codes into labels."""
    return bytes.fromhex((folder / "ledger.key").read_text(encoding="ascii").strip())


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers. Its options: `epoch_seconds`, `map_depth` (counts only
    before the first epoch), `withholding_days` (the longest without the commission), `audit_hours`.
    """
    book = Book(
        institution.keys.vault,
        institution.clock,
        maximum_days=_option(institution, "withholding_days", MAXIMUM_DAYS),
    )
    write = institution.journal.register(ROOM, book.apply)
    record = cast(Callable[[RecordJob], Awaitable[Signed | Problem]], write)
    secret = ledger_secret(institution.settings.runtime.keys)
    public = multiply(secret, GENERATOR)
    ledger = Ledger(
        institution=institution,
        rules=Rules(law(), layouts()),
        secret=secret,
        record_write=book.seen.once(record),
        outcome_write=cast(Callable[[OutcomeJob], Awaitable[bool]], write),
    )
    exchange_log = ExchangeLog(institution)
    closer = Closer(
        institution=institution,
        book=book,
        read_x=exchange_log.read,
        settle=cast(Callable[[SettleJob], Awaitable[int]], write),
        close_write=cast(Callable[[CloseJob], Awaitable[int]], write),
        depth=_option(institution, "map_depth", MAP_DEPTH),
        seconds=_option(institution, "epoch_seconds", int(EPOCH_SECONDS)),
        closed=_pushing(institution),
    )
    working = [
        asyncio.create_task(one, name=f"{institution.settings.id} {name}")
        for name, one in (
            ("epochs", closer.run()),
            ("settling", _settling(institution, write)),
            ("erasing", _erasing(institution, write)),
        )
    ]

    async def close() -> None:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await exchange_log.close()

    desk = OversightDesk(institution, cast(Callable[[DecideJob], Awaitable[bool]], write))
    return Room(
        ROOM,
        exchange={
            "record": stamping(ledger.record),
            "outcome": answering(ledger.outcome),
            "inquire": answering(Disclosing(ledger, closer, public).disclose),
            "reconciliation-notice": answering(noting(institution)),
            **_corrected(Corrections.open(institution, write)),
            **_watched(desk, EvidenceDesk.open(institution, secret, public)),
        },
        open={"counts": _counts(institution), "epoch": _newest(institution)},
        close=close,
    )


def _corrected(desk: Corrections) -> Mapping[str, Handler]:
    """What persons and holders of their records say of errors in them."""
    return {"correction": answering(desk.request), "correction-verdict": answering(desk.verdict)}


def _watched(desk: OversightDesk, evidence: EvidenceDesk) -> Mapping[str, Handler]:
    """What is for those who watch the ledger, and for nobody else."""
    return {
        "transition": only_for(_WATCHING, desk.transition),
        "evidence": only_for(_WATCHING, evidence.show),
        "deferrals": only_for(_COMMISSION, desk.deferrals),
        "deferral-decision": only_for(_COMMISSION, desk.decision),
    }


def _pushing(institution: Institution) -> Callable[[], None]:
    """Brings the ledger's checkpoint to the witnesses, for whoever waits for a proof; none waits for it."""
    under_way: set[asyncio.Task[bool]] = set()

    def push() -> None:
        task = asyncio.create_task(institution.witnessing.push())
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    return push


def _option(institution: Institution, key: str, default: int) -> int:
    return int(institution.settings.option(ROOM, key, default))


async def _settling(institution: Institution, write: Callable[[Job], Awaitable[object]]) -> None:
    """Go until cancelled: move what has waited long enough for its outcome, or for its day."""
    while True:
        try:
            moved = await write(SettleJob())
        except PASSING as fault:
            institution.logger.warning("records wait to settle", fault=type(fault).__name__)
            moved = 0
        await asyncio.sleep(0 if moved == AT_ONCE else SETTLE_SECONDS)


async def _erasing(institution: Institution, write: Callable[[Job], Awaitable[object]]) -> None:
    """Go until cancelled: erase records after seven years, and the audit's material after some hours."""
    hours = timedelta(hours=_option(institution, "audit_hours", AUDIT_HOURS))
    while True:
        now = institution.clock()
        try:
            await write(EraseJob(records=erased_before(now), material=now - hours))
        except PASSING as fault:
            institution.logger.warning("nothing erased", fault=type(fault).__name__)
        await asyncio.sleep(ERASE_SECONDS)


def _counts(institution: Institution) -> Handler:
    """Counts as of the last closed epoch, without persons."""

    async def handler(_: Message) -> Reply:
        async with institution.db.read() as conn:
            return Reply(200, msgspec.json.encode(await counts(conn)))

    return handler


def _newest(institution: Institution) -> Handler:
    """The newest epoch's record, in the bytes that stand in the log."""

    async def handler(_: Message) -> Reply:
        async with institution.db.read() as conn:
            text = await conn.fetchval("SELECT record FROM ledger.epoch ORDER BY number DESC LIMIT 1")
        if text is None:
            return Reply.of(Problem(ErrorType.NOT_FOUND, detail="no epoch has been closed yet"))
        return Reply(200, bytes(text))

    return handler
