"""The same question about many people in one go: each is an inquiry of its own, marked as one of a run.

Every person of a run has their own slip, their own record with the mark, and nobody else in it (番号法23条).
"""

import asyncio
from dataclasses import dataclass, field, replace

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.gateway import Gateway
from kumihimo.exchange.inquirer import Question
from kumihimo.exchange.office import ask

MOST = 100
"""People of one run at the desk; systems with more use the office API."""
_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class RunLine:
    """What came of the question about one person: the inquiry, or why there is none."""

    subject: str = field(repr=False)
    tx: str = ""
    outcome: str = ""
    problem: Problem | None = None


def people_of_run(text: str, first: str) -> tuple[str, ...] | Problem:
    """The addressee numbers of a run, one a line, the chosen person first and nobody twice."""
    lines = [line.strip() for line in text.splitlines()]
    found = tuple(dict.fromkeys([first, *(line for line in lines if line)]))
    if len(found) > MOST or any(len(one) > 64 for one in found):
        return Problem(
            ErrorType.TOO_LARGE,
            detail=f"a run at the desk is about at most {MOST} people, one addressee number a line",
            detail_ja=f"一度に照会できるのは{MOST}人までです。宛名番号を1行に1つずつ入力してください。",
        )
    return found


async def ask_all(gateway: Gateway, question: Question, subjects: tuple[str, ...]) -> tuple[RunLine, ...]:
    """Ask about each, some at a time; one refusal stops no other."""
    turn = asyncio.Semaphore(_TOGETHER)

    async def one(subject: str) -> RunLine:
        async with turn:
            given = await ask(gateway, replace(question, subject=subject, bulk=True))
        if isinstance(given, Problem):
            return RunLine(subject, problem=given)
        return RunLine(subject, given.tx, given.answer.outcome.value)

    return tuple(await asyncio.gather(*(one(subject) for subject in subjects)))
