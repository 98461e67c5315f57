"""How far the ledger was followed, put aside from time to time: a restart need not begin at epoch 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kumihimo.ledger import Auditor
from kumihimo.log import Edge, LogConnection
from kumihimo.node import Batch

_LOAD = "SELECT state FROM witness.follower WHERE origin = $1"
_SAVE = """
    INSERT INTO witness.follower (origin, size, epoch, state) VALUES ($1, $2, $3, $4)
    ON CONFLICT (origin) DO UPDATE SET size = excluded.size, epoch = excluded.epoch, state = excluded.state
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """A follower put aside: the ledger's log, how far it was read, the epoch, and the state."""

    origin: str
    size: int
    epoch: int
    state: bytes


@dataclass(frozen=True, slots=True)
class State:
    """How far the ledger's log and X were read, the index of the last epoch's entry, and the auditor."""

    edge: Edge
    x: Edge
    last: int
    auditor: bytes


_state = msgspec.msgpack.Decoder(State)


def write_state(state: State) -> bytes:
    """The state as it is kept."""
    return msgspec.msgpack.encode(state)


def read_state(data: bytes) -> tuple[State, Auditor] | None:
    """A kept state and its auditor; None for one of another form."""
    try:
        state = _state.decode(data)
        return state, Auditor.load(state.auditor)
    except msgspec.MsgspecError:
        return None


async def stored_state(conn: LogConnection, origin: str) -> bytes | None:
    """What was put aside of the follower of this log."""
    state: bytes | None = await conn.fetchval(_LOAD, origin)
    return state


async def save_states(batch: Batch, _: object, jobs: Sequence[Saved]) -> Sequence[None]:
    """Put followers aside (a journal's apply): the last of each origin."""
    for one in {job.origin: job for job in jobs}.values():
        batch.add(_SAVE, one.origin, one.size, one.epoch, one.state)
    return [None] * len(jobs)
