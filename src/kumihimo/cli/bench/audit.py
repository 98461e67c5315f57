"""What an auditor and the audited ledger can do on one core.

Product: one event audited whole, as `kumihimo audit` does it: the evidence is read, three signatures, the
place in X, the index proof with both operators' proofs, and the entry that must stand under the label. Floor:
the bare group operations (libsodium) and signature checks (Ed25519) that this cannot do without. Beside it:
evidence made by the ledger, the index proof alone, and the replay of epochs. All in CPU seconds of the middle
run, taking turns in one run.
"""

from collections.abc import Callable, Sequence
from itertools import cycle
from statistics import quantiles

from kumihimo.base import Problem
from kumihimo.cli.bench.audit_papers import Exhibit, Papers, spoiled
from kumihimo.cli.bench.codes import Bound, Step, bound_operations
from kumihimo.codes import check_index
from kumihimo.ledger import (
    Auditor,
    Fault,
    RehearsedEpoch,
    Traced,
    judge,
    read_evidence,
    rehearse_epochs,
    write_evidence,
)
from kumihimo.messages import SigningKey

EVENTS = 100
"""Different events of one run, taken in turn."""
EPOCHS, TOUCHED = 5, 2_000
"""Epochs replayed in one run, and people touched in each: 10,000 events."""
AUDITED = 10_000
_NEEDED = {"multiply": 26, "add": 12, "verify": 3}
"""Operations one event cannot be audited without: docs/protocols/audit.md."""


def run(seconds: float) -> dict[str, object]:
    """Measure making, checking and replaying in about `seconds`."""
    papers = Papers()
    exhibits = [papers.exhibit(index) for index in range(EVENTS)]
    epochs = list(rehearse_epochs(EPOCHS, TOUCHED))
    steps = {
        "audited": Step(_audited(papers, exhibits)),
        "made": Step(_made(papers, exhibits)),
        "index_made": Step(papers.prove_index),
        "index_checked": Step(_index_checked(papers)),
        "replayed": Step(lambda: _replayed(epochs), EPOCHS * TOUCHED),
    }
    errors = _not_refused(papers, exhibits[0])
    bound = {name: one for name, one in bound_operations().items() if name in _NEEDED}
    bound["verify"] = _signature()
    rounds = max(3, round(seconds / 2))
    for _ in range(rounds):
        for each in bound.values():
            each.slice()
        for name, step in steps.items():
            step.slice(seconds / rounds * (0.4 if name == "audited" else 0.15))
    return _report(bound, steps, errors)


def _audited(papers: Papers, exhibits: Sequence[Exhibit]) -> Callable[[], bool]:
    """An auditor's whole work on one event after another."""
    shown = cycle([(one, write_evidence(papers.evidence(one))) for one in exhibits])

    def audit() -> bool:
        exhibit, document = next(shown)
        evidence = read_evidence(document)
        if isinstance(evidence, Problem):
            return False
        traced = papers.traced(evidence, exhibit.index, exhibit.entry)
        return isinstance(traced, Traced) and judge(traced, exhibit.transition) is None

    return audit


def _made(papers: Papers, exhibits: Sequence[Exhibit]) -> Callable[[], bool]:
    """The ledger's work on one event after another."""
    turn = cycle(exhibits)
    return lambda: bool(write_evidence(papers.evidence(next(turn))))


def _index_checked(papers: Papers) -> Callable[[], bool]:
    """An auditor's work on the index proof alone."""
    event, proof = papers.prove_index()
    keys = papers.public
    return lambda: check_index(event, proof, s1=keys.s1, s2=keys.s2, key=keys.key) is None


def _replayed(epochs: Sequence[RehearsedEpoch]) -> bool:
    auditor = Auditor()
    return not any(auditor.take(one.record, one.transition, one.entries) for one in epochs)


def _not_refused(papers: Papers, exhibit: Exhibit) -> int:
    """A spoiled proof that is believed is an error of the bench."""
    found = papers.traced(spoiled(papers.evidence(exhibit)), exhibit.index, exhibit.entry)
    return int(found is not Fault.EVIDENCE_PROOF)


def _signature() -> Bound:
    """One Ed25519 signature checked; there is nothing barer to hold it against."""
    key, message = SigningKey.generate(), bytes(1200)
    signature = key.sign(message)
    nothing: Callable[..., object] = lambda *_: None  # noqa: E731
    return Bound(key.verify_key.verify, key.verify_key.verify, nothing, (signature, message), output=False)


def _report(bound: dict[str, Bound], steps: dict[str, Step], errors: int) -> dict[str, object]:
    audited = steps["audited"]
    cuts = quantiles(audited.took, n=100) if len(audited.took) > 1 else [audited.took[0]] * 99
    needed = sum(times * bound[name].floor_seconds for name, times in _NEEDED.items())
    whole = AUDITED * (audited.row_seconds + steps["replayed"].row_seconds)
    return {
        "name": "audit",
        "seconds": round(sum(sum(step.took) for step in steps.values()), 1),
        "count": sum(len(step.took) * step.rows for step in steps.values()),
        "errors": errors + sum(step.errors for step in steps.values()),
        "rate_per_s": round(1 / audited.row_seconds),
        "p50_ms": round(cuts[49] * 1000, 3),
        "p99_ms": round(cuts[98] * 1000, 3),
        "unit": "events audited whole per second of one core; latencies: one of them",
        "floor": round(1 / needed),
        "product": round(1 / audited.row_seconds),
        "ratio": round(needed / audited.row_seconds, 3),
        "detail": {
            f"{AUDITED:,} events replayed and audited, seconds of one core": round(whole, 1),
            "rows_per_cpu_s": {name: round(1 / step.row_seconds) for name, step in steps.items()},
        },
    }
