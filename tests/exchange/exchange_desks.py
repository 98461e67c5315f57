"""Desks in memory: an operator's with its records in a dictionary, and a provider's answer."""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec
from exchange_parties import NOW, PENSION, Network, Papers

from kumihimo.base import Problem
from kumihimo.exchange import (
    Answer,
    AnswerEnvelope,
    Outcome,
    Signed,
    answer_codec,
    digest,
    replayed,
    seal_answer,
)
from kumihimo.exchange.operator import Operator
from kumihimo.exchange.store import Recorded, Refusal, StampJob


@dataclass
class Records:
    """What an operator's tables would hold."""

    stamps: dict[bytes, tuple[Recorded, Signed]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    async def stamp(self, job: StampJob) -> Signed | Problem:
        known = self.stamps.setdefault(job.slip.tx, (job.slip, job.seal(len(self.stamps))))
        return known[1] if known[0] == job.slip else replayed()

    async def refusal(self, job: Refusal) -> None:
        self.refusals.append(job)

    async def fetchrow(self, query: str, tx: bytes, slip: bytes, sender: str) -> Mapping[str, object] | None:
        known = self.stamps.get(tx)
        if known is None or known[0] != Recorded(tx, slip, sender):
            return None
        return {"body": known[1].body, "jws": known[1].jws}


def operator_desk(net: Network, number: int, *, records: Records | None = None, **desk: object) -> Operator:
    """An operator of the network, with its records in memory."""
    name = ("digital", "jlis")[number - 1]
    records = records or Records()

    @asynccontextmanager
    async def read():
        yield records

    institution = net.desk(name, **desk)
    institution.db = SimpleNamespace(read=read)
    return Operator(
        number=number,
        key=net.operators[number],
        peers={other: keys.pair[number] for other, keys in net.keys.items()},
        institution=institution,
        rules=net.rules,
        writes=records,
    )


def answer_envelope(
    net: Network, papers: Papers, items: Mapping[str, object] | None, *, by: str = PENSION, **changes: object
) -> AnswerEnvelope:
    """The provider's signed answer with its items sealed to the inquirer; `changes` before it is signed."""
    accepted = net.accepted(papers)
    sealed = None if items is None else seal_answer(accepted, msgspec.json.encode(items))
    told = {
        "v": 1,
        "slip": accepted.digest,
        "tx": papers.slip.tx,
        "outcome": Outcome.PROVIDED if items is not None else Outcome.REFUSED,
        "row": papers.slip.basis.permission,
        "relayed": "番号法21条2項・22条1項",
        "replaces": "",
        "layout": 1,
        "withheld": (),
        "absent": tuple(key for key in papers.slip.items if items is not None and key not in items),
        "cached_at": None,
        "sealed": digest(sealed) if sealed is not None else None,
        "problem": None if items is not None else "no-record",
        "time": int(NOW.timestamp() * 1000),
        **changes,
    }
    return AnswerEnvelope(answer=net.sign(by, answer_codec.encode(Answer(**told))), sealed=sealed)
