"""Proofs a person can keep in a file and check without asking anyone (C2SP tlog-proof)."""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from kumihimo.base import ErrorType, Problem
from kumihimo.log.checkpoint import Checkpoint, open_checkpoint
from kumihimo.log.merkle import leaf_hash, verify_inclusion
from kumihimo.log.note import NoteVerifier, Verifier, decode_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands at `index` under a signed checkpoint: the path, leaf's sibling first.

    `checkpoint` is the signed note, verbatim; `extra` is context nobody vouches for.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines.extend(b64encode(item).decode() for item in self.hashes)
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> "Proof | Problem":
        """Read a `.tlog-proof` file, without believing it yet; refused with `malformed`."""
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        extra: bytes | None = b""
        if len(lines) > 1 and lines[1].startswith("extra "):
            extra = decode_base64(lines.pop(1).removeprefix("extra "))
        index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
        hashes = tuple(decode_base64(line) or b"" for line in lines[2:])
        if lines[0] != HEADER or not blank or index is None or extra is None:
            return Problem(ErrorType.MALFORMED, "not a tlog-proof file")
        if len(hashes) > MAX_HASHES or any(len(item) != 32 for item in hashes):
            return Problem(ErrorType.MALFORMED, "the proof's path is not made of SHA-256 hashes")
        return cls(int(index[1]), hashes, checkpoint, extra)

    def verify(
        self, entry: bytes, log: NoteVerifier, witnesses: Iterable[Verifier] = ()
    ) -> Checkpoint | Problem:
        """The checkpoint under which the log vouches for this entry, or why it does not.

        Refused with `proof-invalid` when the path does not lead to the signed root, otherwise as
        `open_checkpoint` refuses.
        """
        checkpoint = open_checkpoint(self.checkpoint, log, witnesses)
        if isinstance(checkpoint, Problem):
            return checkpoint
        if verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, checkpoint.root, self.hashes):
            return checkpoint
        return Problem(ErrorType.PROOF_INVALID, "the entry is not under the checkpoint's root")
