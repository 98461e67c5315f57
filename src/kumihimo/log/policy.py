"""Whom to trust for one log: its own key, the witnesses, and how many of them must have cosigned."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kumihimo.base import ErrorType, Problem
from kumihimo.log.checkpoint import Checkpoint
from kumihimo.log.cosign import CosignatureVerifier
from kumihimo.log.note import NoteVerifier, open_note


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule: the log's key, its witnesses' keys, and how many witnesses make a quorum.

    A witness is a name. Where two keys of one name are listed (Ed25519 and ML-DSA-44), it counts once, and
    only if it signed with both.
    """

    log: NoteVerifier
    witnesses: tuple[CosignatureVerifier, ...]
    quorum: int


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint with its quorum, and when each witness cosigned it (seconds since 1970, by name)."""

    checkpoint: Checkpoint
    times: Mapping[str, int]


def open_cosigned(note: str, policy: Policy) -> Cosigned | Problem:
    """The checkpoint in a note, if the log signed it and a quorum of the witnesses cosigned it.

    Refused with `malformed`; with `signature-invalid` where the log has not signed it or a signature by a
    known key is false; with `proof-invalid` where too few witnesses have cosigned.
    """
    opened = open_note(note, [policy.log, *policy.witnesses])
    if isinstance(opened, Problem):
        return opened
    checkpoint = Checkpoint.parse(opened.text)
    if isinstance(checkpoint, Problem):
        return checkpoint
    signed = {(line.name, line.key_id): line.value for line in opened.verified}
    if checkpoint.origin != policy.log.name or (policy.log.name, policy.log.key_id) not in signed:
        return Problem(
            ErrorType.SIGNATURE_INVALID,
            "the log itself has not signed the checkpoint",
            "記録簿自身がこの署名付き現在値に署名していません",
        )
    times = _times(signed, policy.witnesses)
    if len(times) < policy.quorum:
        return Problem(
            ErrorType.PROOF_INVALID,
            f"{len(times)} of the {policy.quorum} witnesses needed have cosigned the checkpoint",
            f"必要な証人{policy.quorum}者のうち{len(times)}者しか署名していません",
        )
    return Cosigned(checkpoint, times)


def _times(
    signed: Mapping[tuple[str, bytes], bytes], witnesses: tuple[CosignatureVerifier, ...]
) -> Mapping[str, int]:
    """The earliest time of each witness that signed with every key listed for it."""
    keys = set(witnesses)
    listed, used, times = Counter(key.name for key in keys), Counter[str](), dict[str, int]()
    for key in keys:
        value = signed.get((key.name, key.key_id))
        time = key.time(value) if value is not None else None
        if time is not None:
            used[key.name] += 1
            times[key.name] = min(time, times.get(key.name, time))
    return {name: time for name, time in sorted(times.items()) if used[name] == listed[name]}
