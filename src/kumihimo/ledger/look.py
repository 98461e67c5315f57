"""The look that made a person's file: who signed it, whose label it shows, and that it is on record. Pure.

The papers in the file are the portal's slip, both operators' stamps and the index proof. Checked is that the
portal signed the slip and each operator a stamp of this very slip, that the label belongs to the code on it,
that the first stamp's place lies in the part of X the epoch accounts for, and that the look is one of the
records. So a label under which nobody looked cannot pass as a person's own. Who stood behind the slip is the
portal's word: it names its user by a code that only the portal can resolve.
"""

from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    DISCLOSE_RIGHT,
    VERSION,
    Place,
    Signed,
    Slip,
    commitment,
    digest,
    slip_codec,
    stamp_codec,
)
from kumihimo.ledger.evidence import Evidence, PublicKeys, shown_label
from kumihimo.ledger.file import RecordsFile
from kumihimo.ledger.model import Kind, asked_entry, encode_entry, entry_hash
from kumihimo.ledger.policy import RecordsPolicy
from kumihimo.ledger.transition import EpochRecord
from kumihimo.ledger.verdict import Verdict, altered
from kumihimo.messages import VerifyKey, jws


def check_look(file: RecordsFile, epoch: EpochRecord, policy: RecordsPolicy) -> Verdict | None:
    """What is wrong with the look that made this file; None if it is signed, recorded, of this label."""
    evidence = file.evidence
    first, second = policy.commitments
    label = shown_label(evidence, PublicKeys(key=policy.key, s1=first, s2=second))
    if label != file.label or evidence.salt is not None:
        return altered("the label is not proved", "この記録が本人のものであるとの証明が正しくありません")
    slip = slip_codec.decode(evidence.slip.body)
    wrong = _unsigned(evidence, slip, policy) or _misplaced(evidence, epoch)
    if wrong:
        return wrong
    look = asked_entry(slip, commitment(slip, evidence.slip.body), Kind.DISCLOSED)
    if entry_hash(encode_entry(look)) not in {line.hash for line in file.lines if line.said}:
        return altered(
            "the look that made this file is not in the records", "このファイルを求めた閲覧の記録がありません"
        )
    return None


def _unsigned(evidence: Evidence, slip: Slip, policy: RecordsPolicy) -> Verdict | None:
    portal, operators = policy.signers.portal, policy.signers.operators
    paper = evidence.slip
    by = jws.verify_detached(paper.body, paper.jws, lambda _: portal)
    if by != slip.sender.institution or slip.basis.permission != DISCLOSE_RIGHT:
        return altered(
            "the portal has not signed the look that made this file",
            "このファイルを求めた閲覧に、マイナポータルの署名がありません",
        )
    for number, stamp in enumerate((evidence.first, evidence.second), 1):
        if not _stamped(stamp, number, paper.body, slip, operators[number - 1]):
            return altered(
                f"operator {number} has not stamped the look that made this file",
                f"このファイルを求めた閲覧に、情報提供ネットワーク運営者{number}の許可証がありません",
            )
    return None


def _stamped(paper: Signed, number: int, body: bytes, slip: Slip, key: VerifyKey) -> bool:
    """Whether the operator signed this stamp, for this very slip."""
    stamp = stamp_codec.decode(paper.body)
    return (
        not isinstance(jws.verify_detached(paper.body, paper.jws, lambda _: key), Problem)
        and (stamp.v, stamp.operator, stamp.slip, stamp.tx) == (VERSION, number, digest(body), slip.tx)
        and (stamp.row, stamp.snapshot) == (slip.basis.permission, slip.basis.snapshot)
        and stamp.commit == commitment(slip, body)
        and len(stamp.target.xs) == 1
        and stamp.ledger is None
    )


def _misplaced(evidence: Evidence, epoch: EpochRecord) -> Verdict | None:
    """The look stands in X where operator 1 promised, within what the epoch accounts for."""
    place = stamp_codec.decode(evidence.first.body).log
    if place == Place(origin=epoch.x_origin, index=evidence.index) and place.index < epoch.x_size:
        return None
    return altered(
        "the look that made this file has no place in this epoch",
        "このファイルを求めた閲覧が、この期の対象に入っていません",
    )


@dataclass(frozen=True, slots=True)
class _Label:
    slip: Signed


@dataclass(frozen=True, slots=True)
class _Proof:
    label: _Label


@dataclass(frozen=True, slots=True)
class _File:
    proof: _Proof


_decoder = msgspec.json.Decoder(_File)


def slip_of_file(data: bytes) -> bytes | Problem:
    """The digest of the slip whose look made a file, for the portal to compare with its own.

    Nothing else of the file is read; refused with `malformed`.
    """
    try:
        return digest(_decoder.decode(data).proof.label.slip.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Problem(ErrorType.MALFORMED, detail="not a file of records")
