"""Checkpoints: the log's signed word on how many entries it has and which (C2SP tlog-checkpoint)."""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from kumihimo.base import ErrorType, Problem
from kumihimo.log.note import NoteVerifier, Verifier, decode_base64, open_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log as it commits to it: its name, the number of entries, the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text that is signed: origin, size and base64 root, one line each."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint | Problem":
        """Read a checkpoint's text; further (extension) lines are allowed and ignored, as C2SP asks."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines) or not text.endswith("\n") or not _SIZE.fullmatch(lines[1]):
            return Problem(ErrorType.MALFORMED, "not a checkpoint")
        root = decode_base64(lines[2])
        if root is None or len(root) != 32:
            return Problem(ErrorType.MALFORMED, "the checkpoint's root is not a SHA-256 hash")
        return cls(lines[0], int(lines[1]), root)


def open_checkpoint(note: str, log: NoteVerifier, witnesses: Iterable[Verifier] = ()) -> Checkpoint | Problem:
    """The checkpoint in a signed note, if the log itself signed it under its own name.

    Refused with `malformed` or `signature-invalid`. Signatures of `witnesses` are checked too, where
    present, but none is asked for.
    """
    opened = open_note(note, [log, *witnesses])
    if isinstance(opened, Problem):
        return opened
    checkpoint = Checkpoint.parse(opened.text)
    if isinstance(checkpoint, Problem):
        return checkpoint
    if not any((line.name, line.key_id) == (log.name, log.key_id) for line in opened.verified):
        return Problem(ErrorType.SIGNATURE_INVALID, "the log itself has not signed the checkpoint")
    if checkpoint.origin != log.name:
        return Problem(ErrorType.SIGNATURE_INVALID, "the checkpoint is of another log")
    return checkpoint
