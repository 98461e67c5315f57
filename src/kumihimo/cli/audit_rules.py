"""How an audit is done, and what an auditor keeps from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """Which share is sampled, for how long evidence is kept, what time it is, and the seed of the sample."""

    share: float
    kept: timedelta
    now: datetime
    seed: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What was seen: cosigned notes by institution; and, by index, when evidence was asked for (Unix s)."""

    notes: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[int, int] = field(default_factory=dict)
