"""Operator 1's log X as it is shown to this witness: read on for each epoch, compared with what was cosigned.

A fault found in the ledger's account of X is the ledger's only if X is what operator 1's own checkpoint says.
Two logs of operator 1, one for the ledger and one for the others, do not lead to one checkpoint.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from kumihimo.base import Problem
from kumihimo.log import Edge, leaf_hash, verify_consistency
from kumihimo.node import Institution, log_origin
from kumihimo.witness.asking import Asking, unavailable
from kumihimo.witness.model import Alarm, Kind, Known

_OTHER = "the entries shown to account for the ledger's epochs are not those that the checkpoint commits to"


@dataclass(frozen=True, slots=True)
class Part:
    """The entries of X behind the last epoch up to some size, and the edge after them."""

    entries: Sequence[bytes]
    edge: Edge


class ExchangeCopy:
    """How far X is accounted for by epochs (`edge`), and what was read beyond."""

    def __init__(
        self,
        institution: Institution,
        known: Callable[[str], Awaitable[Known]],
        alarm: Callable[[Alarm], Awaitable[None]],
    ) -> None:
        self._institution, self._known, self._alarm = institution, known, alarm
        self.begin(Edge())

    def begin(self, edge: Edge) -> None:
        """Go on from this edge."""
        self.edge = edge
        self.forget()

    def forget(self) -> None:
        """Read again what was read beyond the edge: it may have been false."""
        self._ahead: list[bytes] = []

    async def behind(self, asking: Asking, size: int) -> Part | Problem:
        """Everything from the edge up to this size; what was read stays read if there is more to read."""
        operator, start = self._institution.directory.current.operator(1).id, self.edge.size
        while start + len(self._ahead) < size:
            page = await asking.page(operator, start + len(self._ahead), size)
            if isinstance(page, Problem):
                return page
            self._ahead.extend(page)
        entries = self._ahead[: max(0, size - start)]
        return Part(entries, self.edge.extend([leaf_hash(one) for one in entries])[0])

    async def one_history(self, asking: Asking, x: Edge, *, covered: bool = False) -> Problem | None:
        """Whether this X and the checkpoint of X that was cosigned here last are of one history.

        That checkpoint extends all that were cosigned before, so it speaks for each of them. If it differs,
        operator 1 has shown two logs, and operator 1 is named. `covered`: the checkpoint must reach as far as
        this X, so that whatever else is wrong is the ledger's.
        """
        operator = self._institution.directory.current.operator(1).id
        known = await self._known(log_origin(operator))
        if covered and known.size < x.size:
            return unavailable(operator, "none of its checkpoints that was cosigned here reaches so far")
        if not known.size or not x.size:
            return None
        (old, old_root), (new, new_root) = sorted([(known.size, known.root), (x.size, x.root)])
        proof = await asking.proof(operator, old, new)
        if isinstance(proof, Problem):
            return proof
        if verify_consistency(old, new, old_root, new_root, proof):
            return None
        await self._accuse(log_origin(operator), x.size, known)
        return unavailable(operator, "what it shows is not what its checkpoint commits to")

    async def _accuse(self, origin: str, size: int, known: Known) -> None:
        await self._alarm(Alarm(origin, Kind.INCONSISTENT, size, _OTHER, known.note, known.note))
        self._institution.logger.error("log accused", origin=origin, size=size, why=_OTHER)
