"""The stage of the demonstration: the running nation, who plays, and what has been asked so far."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from kumihimo.base import ErrorType, Problem
from kumihimo.cli.evidence import Kept
from kumihimo.cli.running import Running
from kumihimo.world import Case, Office, ask_one

CHIYODA, OSAKA = "muni-131016", "muni-271004"


class NotHeldError(Exception):
    """A step of the demonstration did not hold; the message says what was found instead."""


def hold(condition: object, otherwise: str) -> None:
    """Go on only if this holds."""
    if not condition:
        raise NotHeldError(otherwise)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked and answered: both sides, the row, the answer, and its papers."""

    inquirer: str
    provider: str
    person: int
    case: Case
    answer: Mapping[str, Any] = field(repr=False)
    kept: Kept = field(repr=False)

    @property
    def tx(self) -> str:
        """The name of the exchange, in hexadecimal."""
        return str(self.answer["tx"])


@dataclass(slots=True)
class Stage:
    """What the steps share."""

    nation: Running
    console: Console
    out: Path | None = None
    claimant: int = -1
    asked: dict[str, Asked] = field(default_factory=dict)
    _offices: dict[str, Office] = field(default_factory=dict)

    def office(self, institution: str) -> Office:
        """The office API of an institution, with its connection kept."""
        if institution not in self._offices:
            self._offices[institution] = self.nation.office(institution)
        return self._offices[institution]

    async def ask(
        self, inquirer: str, provider: str, case: Case, person: int, **more: object
    ) -> Mapping[str, Any] | Problem:
        """Ask through the inquirer's office, under its own number for the person."""
        subject = self.nation.cast[inquirer][person]
        return await ask_one(self.office(inquirer), case, provider, subject, **more)

    def question(
        self,
        inquirer: str,
        provider: str,
        information: str,
        item: str | None = None,
        wanted: Iterable[str] = (),
    ) -> Case | None:
        """The first lawful question of this kind that covers the wanted items; None if there is none."""
        needed = frozenset(wanted)
        found = self.nation.questions(inquirer, provider, information, item)
        return next((case for case in found if needed <= set(case.items)), None)

    def name(self, institution: str) -> str:
        """The name of an institution in Japanese."""
        return self.nation.directory[institution].name

    async def close(self) -> None:
        """Close the offices' connections."""
        for office in self._offices.values():
            await office.close()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its stable name for machines, what is told of it, and the act that verifies it."""

    name: str
    japanese: str
    english: str
    act: Callable[[Stage], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Held:
    """How a step went."""

    name: str
    ok: bool
    detail: str
    milliseconds: float


def refusal(answer: Mapping[str, Any] | Problem | bytes, kind: ErrorType) -> Problem:
    """The refusal of this kind; raises NotHeldError for anything else."""
    if not isinstance(answer, Problem):
        raise NotHeldError(f"expected {kind}, but it was let through")
    hold(answer.type is kind, f"expected {kind}, found {answer.type}: {answer.detail}")
    return answer


def answered(answer: Mapping[str, Any] | Problem, outcome: str = "provided") -> Mapping[str, Any]:
    """The answer with this outcome; raises NotHeldError for anything else."""
    if isinstance(answer, Problem):
        raise NotHeldError(f"refused: {answer.type}: {answer.detail}")
    problem = (answer["problem"] or {}).get("type", "")
    hold(answer["outcome"] == outcome, f"expected {outcome}, found {answer['outcome']} {problem}")
    return answer


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000
