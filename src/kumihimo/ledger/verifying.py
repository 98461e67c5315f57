"""Checking a person's file with nothing but the file, a policy, and perhaps an earlier file. Pure.

In this order, and the first that fails is the finding:

1. the file can be read, in one way only (MALFORMED);
2. the ledger signed the checkpoint (ALTERED) and a quorum of the policy's witnesses cosigned it (WRONG
   WITNESS, TOO FEW WITNESSES);
3. the epoch record is under that checkpoint, and the person's leaf is in the map it names (ALTERED);
4. as many records are shown as the leaf commits to (WITHHELD), and the entries shown, first to last, chain
   to its head (ALTERED); erased are only lines that can be past their retention (ALTERED);
5. the label is shown, by the index audit's proof, to belong to the look that stands in the chain and made
   this file (ALTERED); who signed the look's slip and stamps is not checked here, because that needs the
   directory: auditors do it (`kumihimo.ledger.evidence`);
6. nothing is older than in the earlier file, and its chain goes on in this one (OLDER, ALTERED).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from kumihimo.base import JST, ErrorType, Problem
from kumihimo.exchange import commitment, slip_codec
from kumihimo.ledger.evidence import PublicKeys, shown_label
from kumihimo.ledger.file import RecordsFile, read_file
from kumihimo.ledger.model import (
    Kind,
    asked_entry,
    chain_head,
    encode_entry,
    entry_hash,
    erased_before,
)
from kumihimo.ledger.policy import RecordsPolicy
from kumihimo.ledger.transition import EpochRecord, decode_record
from kumihimo.ledger.treemap import verify
from kumihimo.ledger.verdict import Finding, Verdict
from kumihimo.log import Cosigned, Policy, Proof, leaf_hash, open_cosigned, open_note, verify_inclusion


@dataclass(frozen=True, slots=True)
class _Committed:
    """What the ledger and its witnesses have signed: the epoch, and who cosigned it."""

    epoch: EpochRecord
    cosigned: Cosigned


def verify_file(data: bytes, policy: RecordsPolicy, last: bytes | None = None) -> Verdict:
    """Whether this file shows everything the ledger committed to for its person.

    `last` is a file of the same person fetched earlier. Never raises, whatever the bytes are.
    """
    file = read_file(data)
    if isinstance(file, Problem):
        return Verdict(Finding.MALFORMED, file.detail, file.detail_ja)
    committed = _committed(file, policy.trust)
    if isinstance(committed, Verdict):
        return committed
    wrong = (
        _chain(file, committed.epoch, policy.since)
        or _label(file, policy)
        or _since_last(file, committed.epoch, last)
    )
    if wrong:
        return wrong
    return Verdict(
        Finding.COMPLETE,
        shown=file.shown,
        committed=file.leaf.n,
        epoch=committed.epoch.epoch,
        time=committed.epoch.time,
        witnesses=tuple(committed.cosigned.times),
        erased=sum(line.said is None for line in file.lines),
    )


def _committed(file: RecordsFile, trust: Policy) -> _Committed | Verdict:
    """The epoch the file leads to: witnessed, in the ledger's log, and with the person's leaf in its map."""
    proof = Proof.parse(file.tlog)
    if isinstance(proof, Problem):
        return Verdict(Finding.MALFORMED, proof.detail, proof.detail_ja)
    cosigned = open_cosigned(proof.checkpoint, trust)
    if isinstance(cosigned, Problem):
        return _unwitnessed(proof.checkpoint, trust, cosigned)
    point, leaf = cosigned.checkpoint, leaf_hash(file.epoch.encode())
    if not verify_inclusion(leaf, proof.index, point.size, point.root, proof.hashes):
        return _altered("the epoch record is not in the ledger's log", "時期の記録が台帳の記録簿にありません")
    epoch = decode_record(file.epoch.encode())
    if isinstance(epoch, Problem):
        return Verdict(Finding.MALFORMED, epoch.detail, epoch.detail_ja)
    try:
        root = bytes.fromhex(epoch.map_root)
    except ValueError:
        root = b""
    if not verify(file.leaf, file.path, epoch.depth, root=root, total=epoch.total):
        return _altered(
            "count and head are not in the map of this epoch", "件数と連鎖の値が台帳の表にありません"
        )
    return _Committed(epoch, cosigned)


def _unwitnessed(note: str, trust: Policy, problem: Problem) -> Verdict:
    """Why a checkpoint has no quorum: whose signature is at fault."""
    if problem.type is ErrorType.MALFORMED:
        return Verdict(Finding.MALFORMED, problem.detail, problem.detail_ja)
    own = open_note(note, [trust.log])
    if isinstance(own, Problem) or not note.startswith(f"{trust.log.name}\n"):
        return _altered("the ledger has not signed this checkpoint", "台帳の署名が正しくありません")
    keys = {(witness.name, witness.key_id) for witness in trust.witnesses}
    strangers = any((line.name, line.key_id) not in keys for line in own.unknown)
    false = problem.type is ErrorType.SIGNATURE_INVALID
    finding = Finding.WRONG_WITNESS if strangers or false else Finding.TOO_FEW_WITNESSES
    return Verdict(finding, problem.detail, problem.detail_ja)


def _chain(file: RecordsFile, epoch: EpochRecord, since: date) -> Verdict | None:
    """Whether the lines are all of them, and the ones that were committed to."""
    shown, committed = file.shown, file.leaf.n
    if shown < committed:
        return Verdict(Finding.WITHHELD, shown=shown, committed=committed, epoch=epoch.epoch, time=epoch.time)
    if shown > committed:
        return _altered(
            f"{shown} records are shown and {committed} committed", "確定した件数より多い記録があります"
        )
    if any(at != line.at for at, line in enumerate(file.lines, 1)):
        return _altered("a line of a record is missing", "記録の一部が欠けています")
    if chain_head(line.hash for line in file.lines) != file.leaf.head:
        return _altered("the entries do not chain to the head", "記録の連鎖が、確定した値になりません")
    return _erased_early(file, epoch, since)


def _erased_early(file: RecordsFile, epoch: EpochRecord, since: date) -> Verdict | None:
    """Erased lines are past their retention: 7 years after the ledger began, and behind no younger line."""
    edge = erased_before(_moment(epoch.time))
    last = max((line.at for line in file.lines if line.said is None), default=0)
    young = any(line.said and line.said.time > edge.timestamp() * 1000 for line in file.lines[:last])
    if last and (young or edge.astimezone(JST).date() < since):
        return _altered("a line was erased before its time", "保存期間の過ぎていない記録が消されています")
    return None


def _label(file: RecordsFile, policy: RecordsPolicy) -> Verdict | None:
    """Whether the label is that of whoever looked, and the look is one of the records."""
    first, second = policy.commitments
    label = shown_label(file.evidence, PublicKeys(key=policy.key, s1=first, s2=second))
    if label != file.label:
        return _altered("the label is not proved", "この記録が本人のものであるとの証明が正しくありません")
    slip = slip_codec.decode(file.evidence.slip.body)
    look = asked_entry(slip, commitment(slip, file.evidence.slip.body), Kind.DISCLOSED)
    if entry_hash(encode_entry(look)) not in {line.hash for line in file.lines if line.said}:
        return _altered(
            "the look that made this file is not in the records", "このファイルを求めた閲覧の記録がありません"
        )
    return None


def _since_last(file: RecordsFile, epoch: EpochRecord, last: bytes | None) -> Verdict | None:
    """Whether this file goes on from the earlier one."""
    if last is None:
        return None
    earlier = read_file(last)
    before = Problem(earlier.type) if isinstance(earlier, Problem) else decode_record(earlier.epoch.encode())
    if isinstance(earlier, Problem) or isinstance(before, Problem):
        return Verdict(Finding.MALFORMED, "the earlier file cannot be read", "前のファイルを読めません")
    if earlier.label != file.label:
        return _altered("the earlier file is of another person", "前のファイルは別の方のものです")
    if epoch.epoch < before.epoch or file.leaf.n < earlier.leaf.n:
        return Verdict(
            Finding.OLDER,
            f"epoch {epoch.epoch} with {file.leaf.n} records, earlier epoch {before.epoch} "
            f"with {earlier.leaf.n}",
            f"今回は第{epoch.epoch}期{file.leaf.n}件、前回は第{before.epoch}期{earlier.leaf.n}件です",
        )
    if chain_head(line.hash for line in file.lines[: len(earlier.lines)]) != earlier.leaf.head:
        return _altered("the earlier file's records are not all here", "前回の記録がそのまま残っていません")
    return None


def _moment(milliseconds: int) -> datetime:
    """The moment; one that no calendar has counts as the first of all."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _altered(detail: str, detail_ja: str) -> Verdict:
    return Verdict(Finding.ALTERED, detail, detail_ja)
