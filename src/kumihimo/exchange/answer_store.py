"""What a provider keeps: its answers, each given once, and the questions that wait for a human."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kumihimo.base import Problem
from kumihimo.exchange.promises import OUTCOME, TOGETHER
from kumihimo.exchange.slip import Outcome
from kumihimo.exchange.store import Recorded, Seen, same_slip
from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Batch, Outbox


@dataclass(frozen=True, slots=True)
class AnswerJob:
    """An answer to be recorded before it is given; `approval` when a human has to decide first."""

    slip: Recorded
    outcome: Outcome
    envelope: bytes = field(repr=False)
    report: bytes
    entry: bytes
    approval: "Approval | None" = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A slip that waits for a human at the provider, with its sealed papers."""

    inquirer: str
    permission: str
    information: str
    reason: str
    papers: bytes = field(repr=False)


class AnswerBook:
    """The answers a provider has given: a tx is answered once, and its outcome promised to the ledger."""

    def __init__(self, outbox: Outbox) -> None:
        self.seen = Seen()
        self._outbox = outbox

    async def apply(
        self, batch: Batch, log: LogAppender, jobs: Sequence[AnswerJob]
    ) -> Sequence[bytes | Problem]:
        """Record answers with their log entries."""
        known = await self._known(batch, self.seen.again(job.slip.tx for job in jobs))
        fresh: list[AnswerJob] = []
        for job in jobs:
            if job.slip.tx not in known:
                log.stage([job.entry])
                known[job.slip.tx] = (job.slip, job.envelope)
                fresh.append(job)
        if fresh:
            _insert_answers(batch, fresh)
            reports = [(job.slip.tx.hex(), job.report) for job in fresh]
            await self._outbox.put(batch, OUTCOME, reports, TOGETHER)
        waiting = [(job.slip.tx, job.approval) for job in fresh if job.approval]
        if waiting:
            _insert_approvals(batch, waiting)
        return [same_slip(known, job.slip) for job in jobs]

    async def _known(self, batch: Batch, names: Sequence[bytes]) -> dict[bytes, tuple[Recorded, bytes]]:
        if not names:
            return {}
        rows = await batch.fetch(
            "SELECT tx, slip, sender, envelope FROM exchange.answer WHERE tx = ANY($1::bytea[])", names
        )
        return {
            row["tx"]: (Recorded(row["tx"], row["slip"], row["sender"]), bytes(row["envelope"]))
            for row in rows
        }


def _insert_answers(batch: Batch, jobs: Sequence[AnswerJob]) -> None:
    batch.add(
        "INSERT INTO exchange.answer (tx, slip, sender, outcome, envelope, report) SELECT * "
        "FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::bytea[], $6::bytea[])",
        [job.slip.tx for job in jobs],
        [job.slip.digest for job in jobs],
        [job.slip.sender for job in jobs],
        [job.outcome.value for job in jobs],
        [job.envelope for job in jobs],
        [job.report for job in jobs],
    )


def _insert_approvals(batch: Batch, waiting: Sequence[tuple[bytes, Approval]]) -> None:
    batch.add(
        "INSERT INTO exchange.approval (tx, inquirer, permission, information, reason, papers) SELECT * "
        "FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])",
        [tx for tx, _ in waiting],
        [approval.inquirer for _, approval in waiting],
        [approval.permission for _, approval in waiting],
        [approval.information for _, approval in waiting],
        [approval.reason for _, approval in waiting],
        [approval.papers for _, approval in waiting],
    )


async def recall_answer(conn: AnyConnection, slip: Recorded) -> bytes | None:
    """The envelope this very slip got before, for a retry that comes after the slip has expired."""
    row = await conn.fetchrow(
        "SELECT envelope FROM exchange.answer WHERE tx = $1 AND slip = $2 AND sender = $3",
        slip.tx,
        slip.digest,
        slip.sender,
    )
    return bytes(row["envelope"]) if row else None
