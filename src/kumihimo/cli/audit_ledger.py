"""The audit of the ledger: epochs replayed from the first, evidence by sample, withholding, void events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from kumihimo.base import Problem
from kumihimo.cli.audit_evidence import EvidenceAudit, TakenEpoch
from kumihimo.cli.audit_logs import LogsAudit, Progress, ReadLog, provided
from kumihimo.cli.audit_reach import Reach
from kumihimo.cli.audit_report import Finding, Report, Section, Topic, Wrong
from kumihimo.cli.audit_rules import Rules
from kumihimo.ledger import (
    BUDGET_HOURS,
    OPEN_SECONDS,
    Auditor,
    Discrepancy,
    Fault,
    Transition,
    decode_record,
    decode_transition,
    is_epoch,
    person_events,
)
from kumihimo.node import log_origin

_GRACE = 120
"""Seconds beyond the promise after which an event that is in no epoch, or open in one, is a finding."""
_AHEAD = 60
"""Seconds by which an epoch's time may be ahead of the witnesses' clocks."""
_BEHIND = 600
"""Seconds after which witnesses should have signed an epoch, if it is dated truly."""


@dataclass(slots=True)
class LedgerAudit:
    """The ledger's part of an audit, over logs that were read and hold."""

    reach: Reach
    logs: LogsAudit
    rules: Rules
    progress: Progress
    asked: dict[int, int]

    async def run(self, read: Mapping[str, ReadLog], report: Report) -> None:
        """Fill the report's sections on the ledger."""
        directory = self.reach.directory
        ledger, operator = directory.service("ledger").id, directory.operator(1).id
        epochs = report.sections[Topic.EPOCHS]
        if operator not in read:
            epochs.findings.append(Finding.of(operator, Wrong.AWAY))
            return
        x = list(read[operator].entries)
        auditor, taken = Auditor(log_origin(operator)), list[TakenEpoch]()
        if ledger in read:
            taken = await self._replay(auditor, read, x, epochs)
        self._still(auditor, read[operator], epochs)
        self._dated(taken, read.get(ledger), epochs)
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
            recent = self._recent(taken, read[ledger])
            events = EvidenceAudit(self.reach, self.logs, self.rules, self.progress, x, self.asked)
            await events.withheld(auditor, recent, report.sections[Topic.DEFERRALS])
            evidence = report.sections[Topic.EVIDENCE]
            evidence.counts["erased"] = self._erased(taken, recent, read[ledger])
            await events.sampled(recent, self._settled(taken), evidence)
        self._void(auditor, read, report.sections[Topic.VOID])

    async def _replay(
        self, auditor: Auditor, read: Mapping[str, ReadLog], x: list[bytes], section: Section
    ) -> list[TakenEpoch]:
        """Follow the epochs in the ledger's log, until one does not hold; `x` grows where they need more."""
        ledger, operator = self._names
        records = [(place, one) for place, one in enumerate(read[ledger].entries) if is_epoch(one)]
        taken: list[TakenEpoch] = []
        for done, (place, record) in enumerate(records):
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
            news, held = x[auditor.x_size : size], auditor.standing.deferred
            found = auditor.take(record, document, news, (read[operator].checkpoint,))
            if found:
                section.findings.extend(Finding.epoch_of(ledger, one) for one in found)
                break
            transition = decode_transition(document)
            assert isinstance(transition, Transition)
            released = [held[leaf] for leaf in transition.released]
            grounds = {one.index: one.ground for one in released}
            taken.append(TakenEpoch(place, auditor.time, transition, auditor.total, grounds))
        return taken

    def _still(self, auditor: Auditor, log: ReadLog, section: Section) -> None:
        """Events that witnesses saw in X long ago and that no epoch covers, or that are open still."""
        ledger, _ = self._names
        cosigned = min(log.times.values(), default=0)
        left = person_events(log.entries[auditor.x_size :], auditor.x_size)
        old = self.rules.now.timestamp() - cosigned > OPEN_SECONDS + _GRACE
        if left and old and not section.findings:
            wrong = Wrong.STALLED if auditor.epoch else Wrong.NO_EPOCHS
            section.findings.append(Finding.of(ledger, wrong, count=len(left)))
        # Since when they wait is said by the ledger, and that it is over by the auditor's own clock.
        promised = (self.rules.now.timestamp() - OPEN_SECONDS - _GRACE) * 1000
        late = sum(one.since < promised for one in auditor.standing.waiting.values())
        if late:
            found = Discrepancy(Fault.DELAYED, auditor.epoch, 0, late)
            section.findings.append(Finding.epoch_of(ledger, found))

    def _dated(self, taken: Sequence[TakenEpoch], log: ReadLog | None, section: Section) -> None:
        """Epochs must be dated as witnesses signed them: the newest now, the others since the last audit."""
        ledger, _ = self._names
        if log is None or not taken:
            return
        newest, before = taken[-1], log.before
        behind = newest.place == log.checkpoint.size - 1 and newest.time / 1000 < log.signed - _BEHIND
        since = log.signed_before - _AHEAD
        early = [one for one in taken if before and one.place >= before.checkpoint.size]
        if newest.time / 1000 > log.signed + _AHEAD:
            section.findings.append(Finding.of(ledger, Wrong.AHEAD, epoch=newest.transition.epoch))
        elif behind or any(one.time / 1000 < since for one in early):
            section.findings.append(Finding.of(ledger, Wrong.BEHIND, epoch=newest.transition.epoch))

    def _recent(self, taken: Sequence[TakenEpoch], log: ReadLog) -> list[TakenEpoch]:
        """The epochs of whose events evidence must be kept still: by their time, or since the last audit."""
        edge = (self.rules.now - self.rules.kept).timestamp()
        seen = log.before.checkpoint.size if log.before and log.signed_before >= edge else None
        return [one for one in taken if one.time / 1000 >= edge or (seen is not None and one.place >= seen)]

    def _erased(self, taken: Sequence[TakenEpoch], recent: Sequence[TakenEpoch], log: ReadLog) -> int:
        """How many events since the last audit can be sampled no more."""
        numbers = {one.transition.epoch for one in recent}
        seen = log.before.checkpoint.size if log.before else 0
        return sum(
            len(one.events) for one in taken if one.place >= seen and one.transition.epoch not in numbers
        )

    def _settled(self, taken: Sequence[TakenEpoch]) -> int:
        """How many events were counted in about a day: what the budget goes by, a little less than it."""
        day = (self.rules.now - min(self.rules.kept, timedelta(hours=BUDGET_HOURS - 1))).timestamp()
        before = [one.total for one in taken if one.time / 1000 < day]
        return (taken[-1].total if taken else 0) - (before[-1] if before else 0)

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
