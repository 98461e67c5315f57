"""Whose logs there are and who witnesses them, as the signed directory says."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kumihimo.log import CosignatureVerifier, NoteVerifier
from kumihimo.node.directory import Directory, Entry

WATCHERS = frozenset({"witness", "commission", "ledger"})
"""The services of the directory that may read the entries of others' logs."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An institution that cosigns the checkpoints of others, and the keys it does so with."""

    entry: Entry
    keys: tuple[CosignatureVerifier, ...]


def watches(entry: Entry) -> bool:
    """Whether an institution watches over the logs of others, and so may read their entries."""
    return not WATCHERS.isdisjoint(entry.services)


def log_key(entry: Entry) -> NoteVerifier | None:
    """The key an institution signs the checkpoints of its log with; None if none can be read."""
    return _log_key(entry.log_key)


def log_keys(directory: Directory) -> Mapping[str, tuple[str, NoteVerifier]]:
    """Every known log: by its origin, the institution that keeps it and the key of its checkpoints."""
    known = {entry.id: log_key(entry) for entry in directory.entries.values()}
    return {key.name: (institution, key) for institution, key in known.items() if key is not None}


def witnesses(directory: Directory) -> tuple[Witness, ...]:
    """The witnesses of the directory that have a key we can check with."""
    found = [
        Witness(entry, tuple(key for text in entry.witness_keys if (key := _witness_key(text)) is not None))
        for entry in directory.entries.values()
        if "witness" in entry.services
    ]
    return tuple(one for one in found if one.keys)


@lru_cache(maxsize=4096)
def _log_key(text: str) -> NoteVerifier | None:
    try:
        return NoteVerifier.parse(text)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _witness_key(text: str) -> CosignatureVerifier | None:
    try:
        return CosignatureVerifier.parse(text)
    except ValueError:
        return None
