"""Opens the ledger room: recording, outcomes, disclosure, and counts for anyone."""

from pathlib import Path

import msgspec

from kumihimo.base import Problem
from kumihimo.exchange import Rules, Signed, answering, layouts, stamping
from kumihimo.law import law
from kumihimo.ledger.service import Ledger
from kumihimo.ledger.store import Book, OutcomeJob, RecordJob, totals, withheld_count
from kumihimo.node import Institution, Message, Reply, Room


def ledger_secret(folder: Path) -> bytes:
    """Read k_L, the secret scalar that turns codes into labels."""
    return bytes.fromhex((folder / "ledger.key").read_text(encoding="ascii").strip())


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    book = Book(institution.keys.vault)
    # Records and outcomes are one kind of job, because both extend the same chains.
    write = institution.journal.register("ledger", book.apply)

    async def record(job: RecordJob) -> Signed | Problem:
        receipt = await write(job)
        assert not isinstance(receipt, bool)
        return receipt

    async def outcome(job: OutcomeJob) -> bool:
        return await write(job) is True

    ledger = Ledger(
        institution=institution,
        rules=Rules(law(), layouts()),
        book=book,
        secret=ledger_secret(institution.settings.runtime.keys),
        record_write=book.seen.once(record),
        outcome_write=outcome,
    )

    async def counts(message: Message) -> Reply:
        async with institution.db.read() as conn:
            numbers = {**await totals(conn), "withheld": await withheld_count(conn)}
        return Reply(200, msgspec.json.encode(numbers))

    return Room(
        "ledger",
        exchange={
            "record": stamping(ledger.record),
            "outcome": answering(ledger.outcome),
            "inquire": answering(ledger.disclose),
        },
        open={"counts": counts},
    )
