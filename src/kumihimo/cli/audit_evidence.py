"""The audit of single events: a sample of what was counted, and everything that was withheld by law.

How many labels a watcher is shown in a day is limited. The auditor keeps its own book of the events it has
asked for, so that a ledger which says too early that the budget is spent is found out.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kumihimo.base import JST, ErrorType, Problem
from kumihimo.cli.audit_logs import LogsAudit, Progress
from kumihimo.cli.audit_reach import Reach
from kumihimo.cli.audit_report import Finding, Section, Wrong
from kumihimo.cli.audit_rules import Rules
from kumihimo.ledger import (
    Auditor,
    Deferral,
    Discrepancy,
    Evidence,
    Fault,
    Transition,
    budget,
    challenge_of,
    judge,
    judge_deferral,
    overdue,
    read_evidence,
    sample,
    score,
    trace,
)
from kumihimo.node import log_origin

_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class TakenEpoch:
    """An epoch that holds: its place in the ledger's log, its time (ms), what it moved, the total after it.

    `grounds`: index in X to ground, for the events that it released.
    """

    place: int
    time: int
    transition: Transition
    total: int
    grounds: Mapping[int, str]

    @property
    def events(self) -> Sequence[int]:
        """The events that entered a chain in this epoch, settled or released."""
        return [*self.transition.settled, *self.grounds]


@dataclass(slots=True)
class EvidenceAudit:
    """Asks for evidence of events of X; `asked`: when each was asked for before (Unix seconds), by index."""

    reach: Reach
    logs: LogsAudit
    rules: Rules
    progress: Progress
    x: Sequence[bytes]
    asked: dict[int, int] = field(default_factory=dict)

    async def sampled(self, epochs: Sequence[TakenEpoch], settled: int, section: Section) -> None:
        """Ask for evidence of the sampled events, as far as the budget goes, and judge it.

        settled: how many events were counted in these epochs and within a day; the budget follows from it.
        """
        challenge = challenge_of(self.rules.seed)
        drawn = sorted(
            (score(challenge, index), index, place)
            for place, epoch in enumerate(epochs)
            for index in sample(challenge, epoch.events, self.rules.share)
        )
        left = max(0, budget(settled) - len(self.asked))
        chosen: list[tuple[int, TakenEpoch]] = []
        for _, index, place in drawn:
            left -= index not in self.asked
            if left >= 0 or index in self.asked:
                chosen.append((index, epochs[place]))
        judged = await self._all(chosen, section)
        section.counts |= {
            "auditable": sum(len(one.events) for one in epochs),
            "sampled": len(chosen),
            "held": judged,
            "over_budget": len(drawn) - len(chosen),
        }

    async def _all(self, chosen: Sequence[tuple[int, TakenEpoch]], section: Section) -> int:
        """How many hold; the others are findings."""
        held = 0
        for first in range(0, len(chosen), _TOGETHER):
            self.progress(f"{self._ledger} evidence", first, len(chosen))
            some = chosen[first : first + _TOGETHER]
            for found in await asyncio.gather(*(self._judged(index, epoch) for index, epoch in some)):
                held += found is None
                section.findings.extend([] if found is None else [found])
        return held

    async def _judged(self, index: int, epoch: TakenEpoch) -> Finding | None:
        number = epoch.transition.epoch
        self.asked.setdefault(index, int(self.rules.now.timestamp()))
        evidence = await self._evidence(number, index)
        if isinstance(evidence, Wrong):
            return Finding.of(self._ledger, evidence, epoch=number)
        if isinstance(evidence, Fault):
            return self._finding(evidence, number)
        traced = trace(
            evidence,
            index,
            self.x[index],
            directory=self.reach.directory,
            key=self.logs.policy.key,
            x_origin=self._origin,
        )
        if isinstance(traced, Fault):
            return self._finding(traced, number)
        found = judge(traced, epoch.transition, epoch.grounds.get(index))
        return None if found is None else Finding.epoch_of(self._ledger, found)

    async def withheld(self, auditor: Auditor, epochs: Sequence[TakenEpoch], section: Section) -> None:
        """Look into every withholding that began in these epochs, whether it still runs or not."""
        running = auditor.standing.deferred
        chosen = [(one.transition.epoch, deferral) for one in epochs for deferral in one.transition.deferred]
        for epoch, deferral in chosen:
            fault = await self._unfounded(epoch, deferral)
            if fault is not None:
                section.findings.append(self._finding(fault, epoch))
        late = overdue(running.values(), self.rules.now.astimezone(JST).date())
        if late:
            found = Discrepancy(Fault.OVERDUE, auditor.epoch, 0, late)
            section.findings.append(Finding.epoch_of(self._ledger, found))
        section.counts = {"deferred": len(running), "checked": len(chosen)}

    async def _unfounded(self, epoch: int, deferral: Deferral) -> Fault | None:
        evidence = await self._evidence(epoch, deferral.index)
        if not isinstance(evidence, Evidence):
            return Fault.EVIDENCE_REFUSED
        entry = self.x[deferral.index]
        directory, origin = self.reach.directory, self._origin
        return judge_deferral(evidence, deferral, entry, directory=directory, x_origin=origin)

    async def _evidence(self, epoch: int, index: int) -> Evidence | Fault | Wrong:
        body = await self.reach.evidence(epoch, index)
        if isinstance(body, Problem) and body.type is ErrorType.DECLINED:
            return Wrong.SPENT
        evidence = body if isinstance(body, Problem) else read_evidence(body)
        return Fault.EVIDENCE_REFUSED if isinstance(evidence, Problem) else evidence

    def _finding(self, fault: Fault, epoch: int) -> Finding:
        return Finding.epoch_of(self._ledger, Discrepancy(fault, epoch))

    @property
    def _ledger(self) -> str:
        return self.reach.directory.service("ledger").id

    @property
    def _origin(self) -> str:
        return log_origin(self.reach.directory.operator(1).id)
