"""The audit of the ledger: epochs replayed from the first, evidence by sample, withholding, void events."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.audit_logs import LogsAudit, Progress, ReadLog, provided
from kumihimo.cli.audit_reach import Reach
from kumihimo.cli.audit_report import Finding, Report, Section, Topic, Wrong
from kumihimo.ledger import (
    OPEN_SECONDS,
    Auditor,
    Deferral,
    Discrepancy,
    Fault,
    Transition,
    challenge_of,
    decode_record,
    decode_transition,
    judge,
    judge_deferral,
    person_events,
    read_evidence,
    sample,
    trace,
)
from kumihimo.node import log_origin

_TOGETHER = 8
_GRACE = 120
"""Seconds beyond the promise after which an event that is in no epoch is a finding."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How an audit is done: which share is sampled, for how long evidence is kept, and what time it is."""

    share: float
    kept: timedelta
    now: datetime


@dataclass(frozen=True, slots=True)
class _Epoch:
    number: int
    time: int
    transition: Transition


@dataclass(slots=True)
class LedgerAudit:
    """The ledger's part of an audit, over logs that were read and hold."""

    reach: Reach
    logs: LogsAudit
    rules: Rules
    progress: Progress

    async def run(self, read: Mapping[str, ReadLog], report: Report) -> None:
        """Fill the report's sections on the ledger."""
        directory = self.reach.directory
        ledger, operator = directory.service("ledger").id, directory.operator(1).id
        epochs = report.sections[Topic.EPOCHS]
        if operator not in read:
            epochs.findings.append(Finding.of(operator, Wrong.AWAY))
            return
        x = list(read[operator].entries)
        auditor, taken = Auditor(log_origin(operator)), list[_Epoch]()
        if ledger in read:
            taken = await self._replay(auditor, read, x, epochs)
        self._still(auditor, read[operator], epochs)
        epochs.counts = {
            "epochs": auditor.epoch,
            "events": auditor.standing.events,
            "total": auditor.total,
            "persons": auditor.persons,
            "deferred": len(auditor.standing.deferred),
            "open": len(auditor.standing.waiting),
            "void": len(auditor.standing.void),
        }
        if ledger in read:
            edge = (self.rules.now - self.rules.kept).timestamp() * 1000
            recent = [one for one in taken if one.time >= edge]
            challenge = challenge_of(read[ledger].note)
            await self._evidence(recent, x, challenge, report.sections[Topic.EVIDENCE])
            await self._deferrals(auditor, recent, x, report.sections[Topic.DEFERRALS])
        self._void(auditor, read, report.sections[Topic.VOID])

    async def _replay(
        self, auditor: Auditor, read: Mapping[str, ReadLog], x: list[bytes], section: Section
    ) -> list[_Epoch]:
        """Follow the epochs in the ledger's log, until one does not hold; `x` grows where they need more."""
        ledger, operator = self._names
        records = [entry for entry in read[ledger].entries if _is_epoch(entry)]
        taken: list[_Epoch] = []
        for done, record in enumerate(records):
            self.progress(f"{ledger} epochs", done, len(records))
            document = await self.reach.transition(auditor.epoch + 1)
            if isinstance(document, Problem):
                section.findings.append(Finding.of(ledger, Wrong.AWAY, epoch=auditor.epoch + 1))
                break
            shown = decode_record(record)
            size = auditor.x_size if isinstance(shown, Problem) else shown.x_size
            if size > len(x):
                more = await self.logs.read(operator, len(x), size)
                x.extend([] if isinstance(more, Problem) else more)
            news = x[auditor.x_size : size]
            found = auditor.take(record, document, news, (read[operator].checkpoint,))
            if found:
                section.findings.extend(Finding.epoch_of(ledger, one) for one in found)
                break
            transition = decode_transition(document)
            assert isinstance(transition, Transition)
            taken.append(_Epoch(auditor.epoch, auditor.time, transition))
        return taken

    def _still(self, auditor: Auditor, log: ReadLog, section: Section) -> None:
        """Events that witnesses saw in X long ago and that no epoch covers."""
        ledger, _ = self._names
        cosigned = min(log.times.values(), default=0)
        left = person_events(log.entries[auditor.x_size :], auditor.x_size)
        old = self.rules.now.timestamp() - cosigned > OPEN_SECONDS + _GRACE
        if left and old and not section.findings:
            wrong = Wrong.STALLED if auditor.epoch else Wrong.NO_EPOCHS
            section.findings.append(Finding.of(ledger, wrong, count=len(left)))

    async def _evidence(
        self, epochs: Sequence[_Epoch], x: Sequence[bytes], challenge: bytes, section: Section
    ) -> None:
        """Ask for evidence of the sampled events, and judge it."""
        ledger, _ = self._names
        chosen = [
            (one.transition, index)
            for one in epochs
            for index in sample(challenge, one.transition.settled, self.rules.share)
        ]
        wrong = 0
        for first in range(0, len(chosen), _TOGETHER):
            self.progress(f"{ledger} evidence", first, len(chosen))
            some = chosen[first : first + _TOGETHER]
            judged = await asyncio.gather(*(self._judged(one, index, x) for one, index in some))
            for found in judged:
                if found is not None:
                    wrong += 1
                    section.findings.append(Finding.epoch_of(ledger, found))
        section.counts = {
            "auditable": sum(len(one.transition.settled) for one in epochs),
            "sampled": len(chosen),
            "held": len(chosen) - wrong,
        }

    async def _judged(self, transition: Transition, index: int, x: Sequence[bytes]) -> Discrepancy | None:
        body = await self.reach.evidence(transition.epoch, index)
        evidence = body if isinstance(body, Problem) else read_evidence(body)
        if isinstance(evidence, Problem):
            return Discrepancy(Fault.EVIDENCE_REFUSED, transition.epoch)
        traced = trace(
            evidence,
            index,
            x[index],
            directory=self.reach.directory,
            key=self.logs.policy.key,
            x_origin=log_origin(self._names[1]),
        )
        return (
            Discrepancy(traced, transition.epoch) if isinstance(traced, Fault) else judge(traced, transition)
        )

    async def _deferrals(
        self, auditor: Auditor, epochs: Sequence[_Epoch], x: Sequence[bytes], section: Section
    ) -> None:
        """Look into every withholding that began while its evidence is kept, and still runs."""
        ledger, _ = self._names
        running = auditor.standing.deferred
        chosen = [
            (one.number, deferral)
            for one in epochs
            for deferral in one.transition.deferred
            if deferral.leaf in running
        ]
        for epoch, deferral in chosen:
            fault = await self._unfounded(epoch, deferral, x)
            if fault is not None:
                section.findings.append(Finding.epoch_of(ledger, Discrepancy(fault, epoch)))
        section.counts = {"deferred": len(running), "checked": len(chosen)}

    async def _unfounded(self, epoch: int, deferral: Deferral, x: Sequence[bytes]) -> Fault | None:
        body = await self.reach.evidence(epoch, deferral.index)
        evidence = body if isinstance(body, Problem) else read_evidence(body)
        if isinstance(evidence, Problem):
            return Fault.EVIDENCE_REFUSED
        origin = log_origin(self._names[1])
        return judge_deferral(
            evidence, deferral, x[deferral.index], directory=self.reach.directory, x_origin=origin
        )

    def _void(self, auditor: Auditor, read: Mapping[str, ReadLog], section: Section) -> None:
        """No provider has answered what was declared void."""
        void, searched = set(auditor.standing.void.values()), 0
        for institution, log in read.items():
            searched += 1
            answered = void & provided(institution, log.entries)
            if answered:
                section.findings.append(Finding.of(institution, Wrong.ANSWERED, count=len(answered)))
        section.counts = {"void": len(void), "logs_searched": searched}

    @property
    def _names(self) -> tuple[str, str]:
        directory = self.reach.directory
        return directory.service("ledger").id, directory.operator(1).id


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


def _is_epoch(entry: bytes) -> bool:
    try:
        return msgspec.json.decode(entry, type=_Kind).kind == "epoch"
    except (msgspec.MsgspecError, UnicodeError):
        return False
