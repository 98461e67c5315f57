"""How many questions of law one core decides in a second.

Floor: the same questions looked up in a bare set of everything that is permitted, worked out beforehand
from the phrases and roles alone; no reason, no nearest row, no snapshot. It is also the judge: whatever
`law.decide` says must be what the set says. Product: `law.decide`. Both take turns in slices of one run;
rates are per second of CPU time, so that what else runs on the machine does not count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from random import Random
from statistics import quantiles
from time import perf_counter, perf_counter_ns, thread_time

from kumihimo.base import JST, system_clock
from kumihimo.law import Law, Party, Permitted, law

QUESTIONS = 20_000
_SLICE_SECONDS = 0.25
_TIMED = 2_000
_NOTHING: frozenset[str] = frozenset()

type Question = tuple[str, str, str, str]
"""Inquirer's role, item, provider's role, information."""


@dataclass(slots=True)
class Track:
    """One way to answer all questions: how often it did, in how many CPU seconds."""

    answer: Callable[[], int]
    count: int = 0
    seconds: float = 0.0

    def run(self, seconds: float) -> None:
        """Answer all questions again and again for one slice of time."""
        end = perf_counter() + seconds
        while perf_counter() < end:
            started = thread_time()
            self.count += self.answer()
            self.seconds += thread_time() - started

    @property
    def rate(self) -> float:
        """Decisions per CPU second."""
        return self.count / self.seconds


@dataclass(frozen=True, slots=True)
class Exam:
    """Questions for one day: as roles for the set, as parties for the law."""

    statutes: Law = field(repr=False)
    on: date
    permitted: frozenset[Question]
    questions: Sequence[Question]
    asked: Sequence[tuple[Party, str, Party, str]]

    def by_set(self) -> int:
        """Look all questions up in the set."""
        permitted = self.permitted
        for question in self.questions:
            question in permitted  # noqa: B015 - the lookup is what is measured
        return len(self.questions)

    def by_law(self) -> int:
        """Have the law decide all questions."""
        decide, on = self.statutes.decide, self.on
        for inquirer, item, provider, information in self.asked:
            decide(inquirer, item, provider, information, _NOTHING, on)
        return len(self.asked)

    def errors(self) -> int:
        """How many questions the law and the set answer differently."""
        said = (
            isinstance(self.statutes.decide(*asked, _NOTHING, self.on), Permitted) for asked in self.asked
        )
        return sum(
            (question in self.permitted) != yes for question, yes in zip(self.questions, said, strict=True)
        )

    def latencies(self) -> list[float]:
        """Milliseconds of single decisions."""
        took: list[float] = []
        for asked in self.asked[:_TIMED]:
            started = perf_counter_ns()
            self.statutes.decide(*asked, _NOTHING, self.on)
            took.append((perf_counter_ns() - started) / 1e6)
        return took


def run(seconds: float) -> dict[str, object]:
    """Measure for about `seconds`; half of the questions are permitted, half are drawn at random."""
    exam = set_exam(law(), system_clock().astimezone(JST).date(), Random(1))  # noqa: S311 - no secret
    errors = exam.errors()
    floor, decided = Track(exam.by_set), Track(exam.by_law)
    end = perf_counter() + seconds
    while True:
        decided.run(_SLICE_SECONDS)
        floor.run(_SLICE_SECONDS / 4)
        if perf_counter() >= end:
            break
    cuts = quantiles(exam.latencies(), n=100)
    return {
        "name": "decision",
        "seconds": seconds,
        "count": decided.count,
        "errors": errors,
        "rate_per_s": round(decided.rate),
        "p50_ms": round(cuts[49], 5),
        "p99_ms": round(cuts[98], 5),
        "unit": "decisions per second of one core (floor: a lookup in a set of all that is permitted)",
        "floor": round(floor.rate),
        "product": round(decided.rate),
        "ratio": round(decided.rate / floor.rate, 3),
        "detail": {"questions": len(exam.questions), "permitted": len(exam.permitted)},
    }


def set_exam(statutes: Law, on: date, rng: Random) -> Exam:
    """Draw the questions of a day."""
    permitted = everything_permitted(statutes, on)
    roles, known = list(statutes.bodies.roles), sorted(permitted)
    items = sorted({row.item for row in statutes.rows(on)})
    names = sorted({name for row in statutes.rows(on) for name in row.names})
    questions = [rng.choice(known) for _ in range(QUESTIONS // 2)]
    questions += [
        (rng.choice(roles), rng.choice(items), rng.choice(roles), rng.choice(names))
        for _ in range(QUESTIONS // 2)
    ]
    rng.shuffle(questions)
    parties = {role: Party(frozenset({role})) for role in roles}
    asked = [(parties[a], item, parties[b], name) for a, item, b, name in questions]
    return Exam(statutes, on, permitted, questions, asked)


def everything_permitted(statutes: Law, on: date) -> frozenset[Question]:
    """Every question of bare roles that a row in force permits, read off the rows one by one."""
    meant = {phrase: _meant(statutes, phrase) for phrase in statutes.bodies.phrases}
    return frozenset(
        (inquirer, row.item, provider, name)
        for row in statutes.rows(on)
        for inquirer, provider, name in product(meant[row.inquirer], meant[row.provider], row.names)
    )


def _meant(statutes: Law, phrase: str) -> Sequence[str]:
    """The roles a phrase means without any further qualification, narrower kinds included."""
    words, roles = statutes.bodies.phrases[phrase], statutes.bodies.roles
    if words.qualification is not None:
        return ()
    wider: Mapping[str, str | None] = {name: role.is_a for name, role in roles.items()}

    def stands(role: str | None) -> bool:
        return role is not None and (role in words.any_of or stands(wider[role]))

    return tuple(role for role in roles if stands(role))
