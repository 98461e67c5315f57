"""What a provider has promised to bring later: outcomes to the ledger, later answers to their inquirers.

Each is an outbox row written in the same transaction as its cause, so nothing is lost when the gateway
dies; the receivers take a thing once however often it is brought.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kumihimo.base import Problem
from kumihimo.exchange.envelopes import Reports, reports_form
from kumihimo.exchange.slip import Report, new_tx
from kumihimo.exchange.visits import visit
from kumihimo.node import Institution, OutboxRow

OUTCOME = "exchange.outcome"
LATER = "exchange.later"
TOGETHER = 0.25
"""Seconds an outcome may wait for others, so that the ledger is told of many at once."""


def later_key(inquirer: str, tx: bytes) -> str:
    """Names a later answer in the outbox: for whom, under which exchange."""
    return f"{inquirer}/{tx.hex()}"


@dataclass(frozen=True, slots=True)
class Promises:
    """Keeps a provider's promises; registered as the outbox's handlers."""

    institution: Institution

    def register(self) -> None:
        """Take on this institution's promised work."""
        self.institution.outbox.register(OUTCOME, self.tell_ledger)
        self.institution.outbox.register(LATER, self.deliver)

    async def tell_ledger(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Report outcomes to the ledger, all in one message."""
        reports = tuple(msgspec.json.decode(row.payload, type=Report) for row in rows)
        ledger = self.institution.directory.current.service("ledger").id
        body = reports_form.write(Reports(reports=reports))
        answered = await visit(self.institution, ledger, "outcome", body, new_tx(), 0.0)
        return [answered if isinstance(answered, Problem) else None] * len(rows)

    async def deliver(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Bring answers that a human has decided to the inquirers that wait for them."""
        return await asyncio.gather(*(self._deliver(row) for row in rows))

    async def _deliver(self, row: OutboxRow) -> Problem | None:
        inquirer, _, tx = row.key.rpartition("/")
        answered = await visit(self.institution, inquirer, "later", row.payload, bytes.fromhex(tx), 0.0)
        return answered if isinstance(answered, Problem) else None
