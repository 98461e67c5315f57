"""Whom a person trusts when checking their file: the ledger's keys, and how many of which witnesses. Pure.

The file `kumihimo-policy/1` is JSON with exactly these members:

```
{"format": "kumihimo-policy/1",
 "log": "<vkey of the ledger's log>",   "since": "YYYY-MM-DD",        the ledger's first day
 "key": "<hex K_L>",   "commitments": {"1": "<hex S_1,L>", "2": "<hex S_2,L>"},
 "signers": {"portal": "<key>", "1": "<key>", "2": "<key>"},          who signs a look: portal, both operators
 "quorum": 2,   "witnesses": ["<vkey>", …]}
```

It comes from somebody the person trusts (the privacy commission publishes it), never out of the file that
is checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumihimo.base import ErrorType, Problem
from kumihimo.log import CosignatureVerifier, NoteVerifier, Policy
from kumihimo.messages import VerifyKey

FORMAT = "kumihimo-policy/1"
MAX_POLICY_BYTES = 256 * 1024
_SIGNERS = ("portal", "1", "2")


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures a person's look bears: the portal's on the slip, the operators' on the stamps."""

    portal: VerifyKey
    operators: tuple[VerifyKey, VerifyKey]


@dataclass(frozen=True, slots=True)
class RecordsPolicy:
    """Whose word counts: log, witnesses and quorum; K_L, S_1,L and S_2,L; signers; the ledger's first day."""

    trust: Policy
    key: bytes
    commitments: tuple[bytes, bytes]
    signers: Signers
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    format: Literal["kumihimo-policy/1"]
    log: str
    key: str
    since: str
    quorum: int
    witnesses: tuple[str, ...]
    commitments: dict[str, str]
    signers: dict[str, str] | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_Document, strict=True)
_encoder = msgspec.json.Encoder(order="sorted")


def write_policy(
    *,
    log: str,
    key: bytes,
    since: date,
    quorum: int,
    witnesses: Sequence[str],
    commitments: Mapping[int, bytes],
    signers: Signers,
) -> bytes:
    """The policy file: vkeys of the ledger's log and of the witnesses, K_L, S_i,L by operator, signers."""
    document = _Document(
        format="kumihimo-policy/1",
        log=log,
        key=key.hex(),
        since=since.isoformat(),
        quorum=quorum,
        witnesses=tuple(witnesses),
        commitments={str(number): value.hex() for number, value in commitments.items()},
        signers={
            name: key.text for name, key in zip(_SIGNERS, (signers.portal, *signers.operators), strict=True)
        },
    )
    return msgspec.json.format(_encoder.encode(document), indent=1) + b"\n"


def read_policy(data: bytes) -> RecordsPolicy | Problem:
    """Read a policy file; refused with `malformed`, saying what is wrong with it."""
    if len(data) > MAX_POLICY_BYTES:
        return _refuse("the policy is too long")
    try:
        document = _decoder.decode(data)
        if isinstance(document.signers, UnsetType):
            return Problem(
                ErrorType.MALFORMED,
                detail="the policy is of an earlier version, without signers: found the nation anew",
                detail_ja="署名者のない以前の版の信頼方針です。国を作り直してください",
            )
        log = NoteVerifier.parse(document.log)
        witnesses = tuple(CosignatureVerifier.parse(text) for text in document.witnesses)
        since = date.fromisoformat(document.since)
        numbers = [document.key, document.commitments["1"], document.commitments["2"]]
        key, first, second = (bytes.fromhex(number) for number in numbers)
        signers = _signers(document.signers)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError, ValueError):
        return _refuse("not a kumihimo-policy/1")
    if len(document.commitments) != 2 or {len(key), len(first), len(second)} != {32}:
        return _refuse("the ledger's key and the two commitments are 32 bytes each")
    if not 1 <= document.quorum <= len({witness.name for witness in witnesses}):
        return _refuse("the quorum is at least 1 and at most the number of witnesses")
    return RecordsPolicy(Policy(log, witnesses, document.quorum), key, (first, second), signers, since)


def _signers(keys: Mapping[str, str]) -> Signers:
    """ValueError unless all three are named, and nobody else."""
    if set(keys) != set(_SIGNERS):
        raise ValueError("a portal and two operators sign")
    portal, first, second = (VerifyKey.parse(keys[name]) for name in _SIGNERS)
    return Signers(portal, (first, second))


def _refuse(why: str) -> Problem:
    return Problem(ErrorType.MALFORMED, detail=why, detail_ja="信頼方針のファイルが正しくありません")
