"""What the drills share: a nation whose parts can fail one by one, the faults, and load upon it."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kumihimo.base import Problem
from kumihimo.world import (
    Case,
    Nation,
    Office,
    SelfCheckError,
    ask_one,
    find_case,
    institution_ids,
    load_cast,
)

_FEW: Mapping[str, tuple[str, ...]] = {
    "operator-1": ("digital",),
    "operator-2": ("jlis",),
    "ledger": ("ledger",),
    "islanders": ("muni-473821",),
    "offices": ("numbering", "portal", "accounts", "muni-131016", "muni-271004"),
}
_HOSTED = {name for names in _FEW.values() for name in names}
APART = {**_FEW, "bodies": tuple(name for name in institution_ids() if name not in _HOSTED)}
"""Which process hosts whom in a drill: operators, ledger, providers and offices fail independently."""
OFFICES = ("muni-131016", "muni-271004")
ASKED = (
    ("nenkin", "年金給付関係情報"),
    ("kenpo", "医療保険給付関係情報"),
    ("labour", "失業等給付関係情報"),
    ("moj", "戸籍関係情報"),
    ("accounts", "公的給付支給等口座登録簿関係情報"),
    ("muni-131016", "住民票関係情報"),
    ("muni-271004", "地方税関係情報"),
    ("muni-473821", "住民票関係情報"),
)
"""Who is asked for what by each of the two offices (an office does not ask itself)."""
LOST = (OSError,)
"""How an office system learns that its office went away while it waited: nothing was acknowledged."""


@dataclass(frozen=True, slots=True)
class Lawful:
    """A lawful question between two institutions, and the people of the inquirer it may be asked about."""

    inquirer: str
    provider: str
    case: Case
    subjects: tuple[str, ...] = field(repr=False)


def lawful(nation: Nation, inquirer: str, provider: str, information: str) -> Lawful:
    """The question, about the people both institutions know (about anybody if they share nobody)."""
    cast = load_cast(nation.places)
    asking = cast[inquirer]
    both = asking.keys() & cast[provider].keys()
    case = find_case(nation, inquirer, provider, information)
    return Lawful(inquirer, provider, case, tuple(asking[index] for index in sorted(both or asking)))


def all_lawful(nation: Nation, offices: Sequence[str] = OFFICES) -> list[Lawful]:
    """Every question of `ASKED` that the law lets an office ask."""
    found = []
    for office in offices:
        for provider, information in ASKED:
            try:
                if provider != office:
                    found.append(lawful(nation, office, provider, information))
            except SelfCheckError:
                continue
    return found


@asynccontextmanager
async def opened(nation: Nation, institution: str) -> AsyncIterator[Office]:
    """The office API of an institution, for one test."""
    office = nation.office(institution)
    try:
        yield office
    finally:
        await office.close()


@dataclass
class Load:
    """Office systems that ask without pause; what each was told is noted here."""

    nation: Nation
    width: int = 16
    seed: int = 1
    acknowledged: dict[str, Lawful] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @cached_property
    def questions(self) -> dict[str, list[Lawful]]:
        """The questions by office."""
        known = all_lawful(self.nation)
        return {office: [one for one in known if one.inquirer == office] for office in OFFICES}

    async def __aenter__(self) -> "Load":
        self._offices = {name: self.nation.office(name) for name in OFFICES}
        self._tasks = [
            asyncio.create_task(self._ask(OFFICES[n % len(OFFICES)], random.Random(f"{self.seed}/{n}")))
            for n in range(self.width)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop asking; what is under way is answered first."""
        self._stop = True
        await asyncio.gather(*self._tasks)
        for office in self._offices.values():
            await office.close()

    _stop = False

    async def _ask(self, name: str, draw: random.Random) -> None:
        while not self._stop:
            question = draw.choice(self.questions[name])
            subject = draw.choice(question.subjects)
            try:
                answer = await ask_one(self._offices[name], question.case, question.provider, subject)
            except LOST:
                self.lost += 1
                await asyncio.sleep(0.05)
                continue
            if isinstance(answer, Problem):
                self.refused[answer.type.value] += 1
                await asyncio.sleep(0.01)
            else:
                assert answer["tx"] not in self.acknowledged
                self.acknowledged[answer["tx"]] = question

    async def progress(self, more: int = 8, seconds: float = 40.0) -> None:
        """Wait until every office was acknowledged so many more inquiries: the nation lives."""
        before = self._by_office()
        async with asyncio.timeout(seconds):
            while any(self._by_office()[name] < before[name] + more for name in OFFICES):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def _by_office(self) -> Counter[str]:
        return Counter(question.inquirer for question in self.acknowledged.values())


def node_of(nation: Nation, institution: str) -> Any:
    """The node process that hosts an institution."""
    name = next(name for name, hosted in nation.charter.nodes.items() if institution in hosted)
    return next(node for node in nation.processes.nodes if node.name == name)


def kill(nation: Nation, institution: str) -> None:
    """SIGKILL to the process that hosts an institution; its keeper starts it again."""
    pid = node_of(nation, institution).pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def stopped(nation: Nation, institution: str) -> AsyncIterator[None]:
    """The process that hosts an institution stands still: connections open, nobody answers."""
    pid = node_of(nation, institution).pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def held_down(nation: Nation, institution: str) -> AsyncIterator[None]:
    """The process that hosts an institution is dead, and its successor is not let up: nobody listens."""
    node = node_of(nation, institution)
    dead = node.pid
    os.kill(dead, signal.SIGKILL)
    await until(lambda: node.pid not in (None, dead))
    successor = node.pid
    os.kill(successor, signal.SIGSTOP)  # long before it listens
    try:
        yield
    finally:
        os.kill(successor, signal.SIGCONT)
        await until(node.ready.is_set, 30)


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something has become true; TimeoutError if it does not."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 what is waited for tells nobody
            await asyncio.sleep(0.005)


async def ask(nation: Nation, question: Lawful, subject: str | None = None) -> Mapping[str, Any] | Problem:
    """Ask one question once, through the inquirer's office API."""
    async with opened(nation, question.inquirer) as office:
        return await ask_one(office, question.case, question.provider, subject or question.subjects[0])


async def ask_until_answered(nation: Nation, question: Lawful, seconds: float = 20.0) -> Mapping[str, Any]:
    """Ask again and again until it is answered: the way back to normal takes no human."""
    async with asyncio.timeout(seconds):
        while isinstance(answer := await ask(nation, question), Problem):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return answer
