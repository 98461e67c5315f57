"""Which events an auditor looks into, and how many it may. Pure.

The seed of a sample is the auditor's own random text, made when the audit begins: nothing the ledger or
anybody else serves enters into it, so that nobody can try out what it would hit. Whoever knows the seed from
the report repeats the choice.
"""

import hashlib
from collections.abc import Iterable
from math import ceil

SHARE = 0.01
"""Which part of all events is audited by sample unless the auditor asks for more."""
BUDGET_PERCENT = 5
BUDGET_LEAST = 20
BUDGET_HOURS = 24


def budget(settled: int, percent: int = BUDGET_PERCENT) -> int:
    """Of how many events a watcher is shown the labels within 24 hours in which so many were settled."""
    return max(BUDGET_LEAST, ceil(settled * percent / 100))


def challenge_of(seed: str) -> bytes:
    """The challenge that an auditor's own seed makes."""
    return hashlib.sha256(b"kumihimo/audit/1\n" + seed.encode()).digest()


def sample(challenge: bytes, indexes: Iterable[int], share: float = SHARE) -> tuple[int, ...]:
    """The events of one epoch that are audited: a share of all, and at least one where there is any."""
    scores = {index: score(challenge, index) for index in indexes}
    chosen = tuple(sorted(index for index, one in scores.items() if one < share))
    return chosen or tuple(sorted(scores, key=lambda index: scores[index])[:1])


def score(challenge: bytes, index: int) -> float:
    """The lot of an event, from 0 up to 1: below the share it is audited; the lowest come first."""
    return int.from_bytes(hashlib.sha256(challenge + index.to_bytes(8)).digest()[:8]) / 2**64
