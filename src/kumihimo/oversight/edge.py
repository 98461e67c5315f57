"""The right edge of a log that is read from outside: enough to know its root, and no more. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from kumihimo.log import EMPTY_ROOT, leaf_hash, node_hash

_HASH = 32


@dataclass(frozen=True, slots=True)
class ReadEdge:
    """A log's first `size` entries as the roots of its complete subtrees, the largest first (RFC 6962)."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    @classmethod
    def reopen(cls, size: int, stored: bytes) -> "ReadEdge":
        """The edge as it was stored: 32 bytes for each bit of the size that is set."""
        return cls(size, tuple(stored[at : at + _HASH] for at in range(0, len(stored), _HASH)))

    @property
    def stored(self) -> bytes:
        """The roots one after the other."""
        return b"".join(self.roots)

    @property
    def root(self) -> bytes:
        """The root over all entries read (32 bytes)."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for left in self.roots[-2::-1]:
            root = node_hash(left, root)
        return root

    def extend(self, entries: Iterable[bytes]) -> "ReadEdge":
        """The edge after these further entries."""
        roots, size = list(self.roots), self.size
        for entry in entries:
            running, bits = leaf_hash(entry), size
            while bits & 1:
                running = node_hash(roots.pop(), running)
                bits >>= 1
            roots.append(running)
            size += 1
        return ReadEdge(size, tuple(roots))
