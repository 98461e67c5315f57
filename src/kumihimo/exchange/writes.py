"""The exchange's kinds of jobs at an institution's journal."""

from dataclasses import dataclass

from kumihimo.base import Problem
from kumihimo.exchange.answer_store import AnswerBook, AnswerJob
from kumihimo.exchange.slip import Signed
from kumihimo.exchange.store import (
    CloseJob,
    OpenJob,
    Refusal,
    StampBook,
    StampJob,
    TakeJob,
    apply_closes,
    apply_opens,
    apply_refusals,
    apply_takes,
)
from kumihimo.node import Institution, Write


@dataclass(frozen=True, slots=True)
class Writes:
    """The durable writes of the exchange; each returns after COMMIT."""

    stamp: Write[StampJob, Signed | Problem]
    refusal: Write[Refusal, None]
    open: Write[OpenJob, None]
    close: Write[CloseJob, None]
    answer: Write[AnswerJob, bytes | Problem]
    take: Write[TakeJob, int | Problem]

    @classmethod
    def register(cls, institution: Institution) -> "Writes":
        """Name the exchange's kinds of jobs at the institution's journal."""
        journal = institution.journal
        stamps, answers = StampBook(), AnswerBook(institution.outbox)
        return cls(
            stamp=stamps.seen.once(journal.register("exchange.stamp", stamps.apply)),
            refusal=journal.register("exchange.refusal", apply_refusals),
            open=journal.register("exchange.open", apply_opens),
            close=journal.register("exchange.close", apply_closes),
            answer=answers.seen.once(journal.register("exchange.answer", answers.apply)),
            take=journal.register("exchange.take", apply_takes),
        )
