"""What the conversion of codes costs, beside what libsodium itself needs for the same group operations.

Floor: a bare call of each C function, less what an empty call through the same door costs, so that it is
the rate of the C code alone. Product: the checked function the rest of the program uses. Both take turns
in slices of one run; each is given its best slice, in CPU time, because on a shared machine everything
above the best is somebody else's work. Steps are held against the group operations their protocol cannot
do without, in CPU time of the middle run; latencies are wall time.
"""

import ctypes
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat
from math import inf
from statistics import median, quantiles
from time import perf_counter, thread_time

from kumihimo.base import Problem
from kumihimo.codes import (
    GENERATOR,
    LIBRARY,
    Conversion,
    Domain,
    InstitutionCode,
    Leg,
    OperatorKey,
    OperatorNumber,
    Request,
    convert_each,
    generate_proof,
    group,
    receive,
    request,
    verify_proof,
)

CITY, PENSION, LEDGER = (Domain(label, 0) for label in ("jp/muni/131016", "jp/nenkin", "jp/ledger"))
OPERATORS: tuple[OperatorNumber, OperatorNumber] = (1, 2)
BATCH = 1000
CALLS = 50  # calls per slice of a bound operation

# Group operations that one row of each step cannot do without, see docs/protocols/codes.md.
NEEDED = {
    "request": {"multiply": 4, "multiply_base": 1, "add": 1, "scalar_invert": 1},
    "convert": {"multiply": 4, "multiply_base": 2, "is_element": 1},
    "receive": {"multiply": 16, "multiply_base": 1, "add": 5, "scalar_invert": 1},
}

type Call = Callable[..., object]


@dataclass(slots=True)
class Bound:
    """One function of libsodium: as the program calls it, bare, and the empty call to subtract."""

    product: Call
    raw: Call
    empty: Call
    args: tuple[bytes, ...]
    output: bool = True
    product_seconds: float = inf
    raw_seconds: float = inf
    empty_seconds: float = inf

    def slice(self) -> None:
        """Time one slice of each and keep the best seconds per call."""
        bare = (ctypes.create_string_buffer(32), *self.args) if self.output else self.args
        self.raw_seconds = min(self.raw_seconds, _seconds(self.raw, bare))
        self.product_seconds = min(self.product_seconds, _seconds(self.product, self.args))
        self.empty_seconds = min(self.empty_seconds, _seconds(self.empty, bare))

    @property
    def floor_seconds(self) -> float:
        """CPU seconds per call inside the C code alone."""
        return self.raw_seconds - self.empty_seconds


@dataclass(slots=True)
class Step:
    """One step of the protocol over some rows: wall and CPU seconds of each run, and how many failed."""

    run: Call
    rows: int = 1
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    errors: int = 0

    def slice(self, seconds: float) -> None:
        """Run for one slice of time, at least once."""
        end = perf_counter() + seconds
        while True:
            start, worked = perf_counter(), thread_time()
            outcome = self.run()
            self.worked.append(thread_time() - worked)
            self.took.append(perf_counter() - start)
            self.errors += outcome is False or isinstance(outcome, Problem)
            if perf_counter() >= end:
                return

    @property
    def row_seconds(self) -> float:
        """CPU seconds per row, in the middle run."""
        return median(self.worked) / self.rows


class Parties:
    """A city, a pension office, the ledger and both operators, with throw-away keys."""

    def __init__(self, rows: int) -> None:
        self.tx = os.urandom(16)
        self.keys = {i: OperatorKey(i, os.urandom(32)) for i in OPERATORS}
        self.pair = {(d, i): os.urandom(32) for d in (CITY, PENSION, LEDGER) for i in OPERATORS}
        self.codes = [InstitutionCode.parse(group.multiply_base(group.random_scalar())) for _ in range(rows)]
        self.asked = self.ask()
        x0 = tuple(row.x0 for row in self.asked.rows)
        self.first = self.convert(1, self.asked.d1, {PENSION: x0, LEDGER: x0})
        self.second = self.convert(2, self.asked.d2, {d: c.xs for d, c in self.first.items()})

    def ask(self) -> Request:
        """The city blinds its codes."""
        s1, s2 = (self.keys[i].domain(CITY).commitment for i in OPERATORS)
        return request(self.codes, tx=self.tx, k1=self.pair[CITY, 1], k2=self.pair[CITY, 2], s1=s1, s2=s2)

    def convert(
        self, number: OperatorNumber, d: bytes, xs: dict[Domain, tuple[bytes, ...]]
    ) -> dict[Domain, Conversion]:
        """One operator converts and proves toward each target."""
        key = self.keys[number]
        done = convert_each(
            number=number,
            tx=self.tx,
            source=CITY,
            d=d,
            source_key=key.domain(CITY),
            k_source=self.pair[CITY, number],
            legs=[Leg(t, key.domain(t), self.pair[t, number], x) for t, x in xs.items()],
        )
        return {} if isinstance(done, Problem) else dict(zip(xs, done, strict=True))

    def convert_one(self) -> bool:
        """Operator 1 converts and proves toward the pension office alone."""
        return bool(self.convert(1, self.asked.d1, {PENSION: tuple(r.x0 for r in self.asked.rows)}))

    def received(self, target: Domain) -> tuple[InstitutionCode, ...] | Problem:
        """The target opens the commitments, verifies both proofs and unblinds its codes."""
        s1, s2 = (self.keys[i].domain(target).commitment for i in OPERATORS)
        return receive(
            tx=self.tx,
            source=CITY,
            target=target,
            d1=self.asked.d1,
            d2=self.asked.d2,
            rows=[(row.x0, row.cb) for row in self.asked.rows],
            openings=[(row.b, row.r) for row in self.asked.rows],
            first=self.first[target],
            second=self.second[target],
            k1=self.pair[target, 1],
            k2=self.pair[target, 2],
            s1=s1,
            s2=s2,
        )

    def exchange(self) -> bool:
        """All of one exchange: asked, converted twice toward two targets, received by both."""
        self.asked = self.ask()
        x0 = tuple(row.x0 for row in self.asked.rows)
        self.first = self.convert(1, self.asked.d1, {PENSION: x0, LEDGER: x0})
        self.second = self.convert(2, self.asked.d2, {d: c.xs for d, c in self.first.items()})
        return not any(isinstance(self.received(target), Problem) for target in (PENSION, LEDGER))


def run(seconds: float) -> dict[str, object]:
    """Measure bound operations, steps of one row, batches of 1,000 and whole exchanges in about `seconds`."""
    bound, steps = bound_operations(), _steps()
    for step in steps.values():
        step.run()
    rounds = max(3, round(seconds / 2))
    for _ in range(rounds):
        for each in bound.values():
            for _ in range(10):
                each.slice()
        for step in steps.values():
            step.slice(seconds / rounds / len(steps) * 0.8)
    return _report(bound, steps)


def _report(bound: dict[str, Bound], steps: dict[str, Step]) -> dict[str, object]:
    headline, exchange = bound["multiply"], steps["exchange"]
    cuts = quantiles(exchange.took, n=100) if len(exchange.took) > 1 else [exchange.took[0]] * 99
    floor, product = 1 / headline.floor_seconds, 1 / headline.product_seconds
    return {
        "name": "codes",
        "machine": _machine(),
        "seconds": round(sum(sum(step.took) for step in steps.values()), 1),
        "count": sum(len(step.took) * step.rows for step in steps.values()),
        "errors": sum(step.errors for step in steps.values()),
        "rate_per_s": round(product),
        "p50_ms": round(cuts[49] * 1000, 3),
        "p99_ms": round(cuts[98] * 1000, 3),
        "unit": "scalar multiplications per second (floor: C code alone); latencies: one whole exchange",
        "floor": round(floor),
        "product": round(product),
        "ratio": round(product / floor, 3),
        "detail": {
            "bound": {
                name: _compared(each.floor_seconds, each.product_seconds) for name, each in bound.items()
            },
            "steps": {name: _compared(_needed(name, bound), steps[name].row_seconds) for name in NEEDED},
            "rows_per_cpu_s": {name: round(1 / step.row_seconds) for name, step in steps.items()},
        },
    }


def _machine() -> str:
    python = platform.python_version()
    return f"{os.cpu_count()} CPUs, {platform.machine()}, Python {python}, {LIBRARY}"


def _compared(floor: float, product: float) -> dict[str, float]:
    return {
        "floor_us": round(floor * 1e6, 2),
        "product_us": round(product * 1e6, 2),
        "ratio": round(floor / product, 3),
    }


def _needed(step: str, bound: dict[str, Bound]) -> float:
    return sum(times * bound[name].floor_seconds for name, times in NEEDED[step].items())


def bound_operations() -> dict[str, Bound]:
    """The group's functions as the program calls them, beside libsodium's own."""
    sodium, empty, quick = group.SODIUM, ctypes.CDLL(None).labs, ctypes.PyDLL(None).labs
    k, p = group.random_scalar(), group.multiply_base(group.random_scalar())
    return {
        "multiply": Bound(group.multiply, sodium.multiply, empty, (k, p)),
        "multiply_base": Bound(group.multiply_base, sodium.multiply_base, empty, (k,)),
        "add": Bound(group.add, sodium.add, empty, (p, GENERATOR)),
        "is_element": Bound(group.is_element, sodium.is_valid, quick, (p,), output=False),
        "from_uniform": Bound(group.from_uniform, sodium.from_hash, empty, (os.urandom(64),)),
        "scalar_invert": Bound(group.scalar_invert, sodium.scalar_invert, empty, (k,)),
        "scalar_multiply": Bound(group.scalar_multiply, sodium.scalar_multiply, quick, (k, k)),
    }


def _steps() -> dict[str, Step]:
    one, many = Parties(1), Parties(BATCH)
    k = group.random_scalar()
    c = [code.element for code in many.codes]
    image, d = group.multiply_base(k), [group.multiply(k, element) for element in c]
    proof = generate_proof(k, GENERATOR, image, c, d)
    return {
        "request": Step(one.ask),
        "convert": Step(one.convert_one),
        "receive": Step(lambda: one.received(PENSION)),
        "exchange": Step(Parties(1).exchange),
        f"request_{BATCH}": Step(many.ask, BATCH),
        f"multiply_{BATCH}": Step(lambda: [group.multiply(k, element) for element in c], BATCH),
        f"prove_{BATCH}": Step(lambda: generate_proof(k, GENERATOR, image, c, d), BATCH),
        f"verify_{BATCH}": Step(lambda: verify_proof(GENERATOR, image, c, d, proof), BATCH),
        f"convert_{BATCH}": Step(many.convert_one, BATCH),
        f"receive_{BATCH}": Step(lambda: many.received(PENSION), BATCH),
    }


def _seconds(call: Call, args: tuple[object, ...]) -> float:
    start = thread_time()
    for _ in repeat(None, CALLS):
        call(*args)
    return (thread_time() - start) / CALLS
