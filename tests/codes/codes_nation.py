"""One nation of two operators and three institutions, at the level of codes only."""

import os
from dataclasses import dataclass, field

from kumihimo.codes import (
    ROOT,
    Conversion,
    Domain,
    InstitutionCode,
    Leg,
    OperatorKey,
    Request,
    convert_each,
    person_element,
    receive,
    request,
)


@dataclass
class Nation:
    """Keys of everybody, and the steps of one exchange as each party would take them."""

    operators: dict[int, OperatorKey] = field(
        default_factory=lambda: {i: OperatorKey(i, os.urandom(32)) for i in (1, 2)}
    )
    pair: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def pair_key(self, label: str, number: int) -> bytes:
        return self.pair.setdefault((label, number), os.urandom(32))

    def commitments(self, domain: Domain) -> dict[str, bytes]:
        return {f"s{i}": self.operators[i].domain(domain).commitment for i in (1, 2)}

    def keys(self, domain: Domain) -> dict[str, bytes]:
        return {f"k{i}": self.pair_key(domain.label, i) for i in (1, 2)}

    def ask(self, source: Domain, codes, tx: bytes) -> Request:
        return request(codes, tx=tx, **self.keys(source), **self.commitments(source))

    def step(self, number: int, source: Domain, targets, d: bytes, xs, tx: bytes):
        key = self.operators[number]
        return convert_each(
            number=number,
            tx=tx,
            source=source,
            d=d,
            source_key=key.domain(source),
            k_source=self.pair_key(source.label, number),
            legs=[
                Leg(t, key.domain(t), self.pair_key(t.label, number), x)
                for t, x in zip(targets, xs, strict=True)
            ],
        )

    def exchange(self, source: Domain, target: Domain, codes, tx: bytes | None = None) -> "Exchange":
        tx = tx or os.urandom(16)
        asked = self.ask(source, codes, tx)
        return self.at(target, source, tx, asked, *self.exchange_steps(source, target, asked, tx))

    def exchange_steps(self, source: Domain, target: Domain, asked: Request, tx: bytes):
        (first,) = self.step(1, source, [target], asked.d1, [[row.x0 for row in asked.rows]], tx)
        (second,) = self.step(2, source, [target], asked.d2, [first.xs], tx)
        return first, second

    def at(self, target: Domain, source: Domain, tx: bytes, asked: Request, first, second) -> "Exchange":
        return Exchange(self, source, target, tx, asked, first, second)

    def acquire(self, rhos, target: Domain) -> tuple[InstitutionCode, ...]:
        return self.exchange(ROOT, target, [person_element(rho) for rho in rhos]).received()


@dataclass
class Exchange:
    """One exchange up to the moment the target looks at it; `received` may be told other values."""

    nation: Nation
    source: Domain
    target: Domain
    tx: bytes
    asked: Request
    first: Conversion
    second: Conversion

    def received(self, **other):
        rows = self.asked.rows
        values = {
            "tx": self.tx,
            "source": self.source,
            "target": self.target,
            "d1": self.asked.d1,
            "d2": self.asked.d2,
            "rows": [(row.x0, row.cb) for row in rows],
            "openings": [(row.b, row.r) for row in rows],
            "first": self.first,
            "second": self.second,
            **self.nation.keys(self.target),
            **self.nation.commitments(self.target),
        }
        return receive(**{**values, **other})
