"""The values of closing an epoch: what is read, where the last one ended, and what is written. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kumihimo.ledger.model import Kind
from kumihimo.ledger.transition import Deferral, EpochRecord
from kumihimo.ledger.treemap import Top
from kumihimo.log import Edge


@dataclass(frozen=True, slots=True)
class News:
    """What X (operator 1's log) holds beyond what was read before.

    Its person-events, index to commitment, the edge of the log after them, and the checkpoint that was shown.
    """

    events: Mapping[int, bytes]
    edge: Edge
    note: str


@dataclass(frozen=True, slots=True)
class Grown:
    """One entry that entered a chain since the last epoch; `x_index` and `commit` are of its exchange."""

    label: bytes = field(repr=False)
    kind: Kind
    hash: bytes
    tx: bytes
    x_index: int | None
    commit: bytes | None


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A person-event of X that no epoch has settled: its commitment, and the time of its first epoch."""

    commit: bytes
    seen: datetime


@dataclass(frozen=True, slots=True)
class Cut:
    """What is stored, in one snapshot: `grown` by label and in the order of each chain, up to seq `through`.

    `open` are the places in X of events that wait for their outcome; `leaves` the whole deferral set as it is
    now; `buckets` those of the map that hold the labels that grew.
    """

    through: int
    grown: Sequence[Grown]
    entered: Sequence[Deferral]
    gone: Sequence[bytes]
    leaves: Sequence[bytes]
    unsettled: Mapping[int, Unsettled]
    open: frozenset[int]
    buckets: Mapping[int, bytes]


@dataclass(slots=True)
class Standpoint:
    """The last closed epoch, as it is needed for the next: its record, the edge of X, the top of the map."""

    top: Top
    through: int = 0
    record: EpochRecord | None = None
    text: bytes = b""
    log_index: int = -1
    edge: Edge = field(default_factory=Edge)

    @property
    def number(self) -> int:
        """The number of the last closed epoch; 0 before the first."""
        return self.record.epoch if self.record else 0


@dataclass(frozen=True, slots=True)
class Closing:
    """One epoch worked out: what is to be written, and the nodes of the top once that is durable.

    `settled` are unsettled events to strike off, `opened` those to write down; `entered` and `gone` leaves of
    the deferral set; `placed` exchanges of older versions whose place in X is known now.
    """

    record: EpochRecord
    text: bytes
    transition: bytes
    through: int
    edge: Edge
    note: str
    buckets: Mapping[int, bytes]
    roots: Mapping[int, bytes]
    nodes: Mapping[int, bytes]
    settled: Sequence[int]
    opened: Mapping[int, Unsettled]
    entered: Sequence[bytes]
    gone: Sequence[bytes]
    placed: Mapping[bytes, int]
