"""Opens the ledger room: recording, outcomes, disclosure, and counts for anyone."""

from pathlib import Path

import msgspec

from kumihimo.exchange import Rules, answering, layouts, stamping
from kumihimo.law import law
from kumihimo.ledger.service import Ledger
from kumihimo.ledger.store import Book, totals, withheld_count
from kumihimo.node import Institution, Message, Reply, Room


def ledger_secret(folder: Path) -> bytes:
    """Read k_L, the secret scalar that turns codes into labels."""
    return bytes.fromhex((folder / "ledger.key").read_text(encoding="ascii").strip())


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    book = Book(institution.keys.vault)
    ledger = Ledger(
        institution=institution,
        rules=Rules(law(), layouts()),
        book=book,
        secret=ledger_secret(institution.settings.runtime.keys),
        record_write=book.seen.once(institution.journal.register("ledger.record", book.apply_records)),
        outcome_write=institution.journal.register("ledger.outcome", book.apply_outcomes),
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
