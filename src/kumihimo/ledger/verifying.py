"""Checking a person's file with nothing but the file, a policy, and perhaps an earlier file. Pure.

In this order, and the first that fails is the finding:

1. the file can be read, in one way only (MALFORMED);
2. the ledger signed the checkpoint (ALTERED) and a quorum of the policy's witnesses cosigned it (WRONG
   WITNESS, TOO FEW WITNESSES);
3. the epoch record is under that checkpoint, the person's leaf is in the map it names, and its time fits the
   witnesses' (ALTERED);
4. as many records are shown as the leaf commits to (WITHHELD), and the entries shown, first to last, chain
   to its head, none twice (ALTERED); erased are only lines that can be past their retention (ALTERED);
5. the look that made this file is signed, is one of the records, and shows that the label is the one looked
   at (ALTERED, see `kumihimo.ledger.look`);
6. the earlier file passes all this by itself (MALFORMED), nothing is older than in it, its chain goes on in
   this one, and no line it shows was erased before its time (OLDER, ALTERED).

The ledger's clock decides nothing: what is past its retention is judged by the witnesses' earliest time.
`made` and the person's code are checked by nobody; they tell, and prove nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from kumihimo.base import JST, ErrorType, Problem
from kumihimo.ledger.file import Line, RecordsFile, read_file
from kumihimo.ledger.look import check_look
from kumihimo.ledger.model import COUNTED, chain_head, erased_before
from kumihimo.ledger.policy import RecordsPolicy
from kumihimo.ledger.transition import EpochRecord, decode_record
from kumihimo.ledger.treemap import verify
from kumihimo.ledger.verdict import Finding, Verdict, altered
from kumihimo.log import Cosigned, Policy, Proof, leaf_hash, open_cosigned, open_note, verify_inclusion

AHEAD, BEHIND = 60_000, 86_400_000
"""Milliseconds by which an epoch may be later than its newest, or earlier than its oldest cosignature."""


@dataclass(frozen=True, slots=True)
class _Committed:
    """What the ledger and its witnesses have signed: the epoch, and who cosigned it when."""

    epoch: EpochRecord
    cosigned: Cosigned

    @property
    def retention(self) -> datetime:
        """What is older than this may be erased, by the earliest of the witnesses' times."""
        return erased_before(_moment(min(self.cosigned.times.values()) * 1000 + AHEAD))

    @property
    def timely(self) -> bool:
        """Whether the epoch's time fits the witnesses'."""
        times = [seconds * 1000 for seconds in self.cosigned.times.values()]
        return min(times) - BEHIND <= self.epoch.time <= max(times) + AHEAD


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
        _chain(file, committed, policy.since)
        or check_look(file, committed.epoch, policy)
        or _since_last(file, committed, policy, last)
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
        return altered("the epoch record is not in the ledger's log", "時期の記録が台帳の記録簿にありません")
    epoch = decode_record(file.epoch.encode())
    if isinstance(epoch, Problem):
        return Verdict(Finding.MALFORMED, epoch.detail, epoch.detail_ja)
    try:
        root = bytes.fromhex(epoch.map_root)
    except ValueError:
        root = b""
    if not verify(file.leaf, file.path, epoch.depth, root=root, total=epoch.total):
        return altered(
            "count and head are not in the map of this epoch", "件数と連鎖の値が台帳の表にありません"
        )
    committed = _Committed(epoch, cosigned)
    if not committed.timely:
        return altered("the epoch's time is not that of its witnesses", "期の時刻が証人の時刻と合いません")
    return committed


def _unwitnessed(note: str, trust: Policy, problem: Problem) -> Verdict:
    """Why a checkpoint has no quorum: whose signature is at fault."""
    if problem.type is ErrorType.MALFORMED:
        return Verdict(Finding.MALFORMED, problem.detail, problem.detail_ja)
    own = open_note(note, [trust.log])
    if isinstance(own, Problem) or not note.startswith(f"{trust.log.name}\n"):
        return altered("the ledger has not signed this checkpoint", "台帳の署名が正しくありません")
    keys = {(witness.name, witness.key_id) for witness in trust.witnesses}
    strangers = any((line.name, line.key_id) not in keys for line in own.unknown)
    false = problem.type is ErrorType.SIGNATURE_INVALID
    finding = Finding.WRONG_WITNESS if strangers or false else Finding.TOO_FEW_WITNESSES
    return Verdict(finding, problem.detail, problem.detail_ja)


def _chain(file: RecordsFile, committed_to: _Committed, since: date) -> Verdict | None:
    """Whether the lines are all of them, and the ones that were committed to."""
    epoch = committed_to.epoch
    shown, committed = file.shown, file.leaf.n
    if shown < committed:
        return Verdict(Finding.WITHHELD, shown=shown, committed=committed, epoch=epoch.epoch, time=epoch.time)
    if shown > committed:
        return altered(
            f"{shown} records are shown and {committed} committed", "確定した件数より多い記録があります"
        )
    if any(at != line.at for at, line in enumerate(file.lines, 1)):
        return altered("a line of a record is missing", "記録の一部が欠けています")
    if chain_head(line.hash for line in file.lines) != file.leaf.head:
        return altered("the entries do not chain to the head", "記録の連鎖が、確定した値になりません")
    if _repeated(file.lines):
        return altered("a record is there twice", "同じ記録が二度あります")
    return _erased_early(file, committed_to.retention, since)


def _repeated(lines: tuple[Line, ...]) -> bool:
    """An entry that stands twice, or two records of one exchange: one of them fills the place of another."""
    counted = [line.said.tx for line in lines if line.said and line.said.kind in COUNTED]
    return len({line.hash for line in lines}) < len(lines) or len(set(counted)) < len(counted)


def _erased_early(file: RecordsFile, edge: datetime, since: date) -> Verdict | None:
    """Erased lines are past their retention: 7 years after the ledger began, and behind no younger line."""
    last = max((line.at for line in file.lines if line.said is None), default=0)
    young = any(line.said and line.said.time > edge.timestamp() * 1000 for line in file.lines[:last])
    if last and (young or edge.astimezone(JST).date() < since):
        return altered("a line was erased before its time", "保存期間の過ぎていない記録が消されています")
    return None


def _since_last(
    file: RecordsFile, committed: _Committed, policy: RecordsPolicy, last: bytes | None
) -> Verdict | None:
    """Whether this file goes on from the earlier one, which must hold by itself."""
    if last is None:
        return None
    earlier, alone = read_file(last), verify_file(last, policy)
    if isinstance(earlier, Problem) or alone.epoch is None or not alone.complete:
        return Verdict(
            Finding.MALFORMED,
            f"the earlier file proves nothing by itself: {alone.headline}",
            f"前のファイル自体が確かめられません（{alone.finding}）",
        )
    if earlier.label != file.label:
        return altered("the earlier file is of another person", "前のファイルは別の方のものです")
    epoch = committed.epoch.epoch
    if epoch < alone.epoch or file.leaf.n < earlier.leaf.n:
        return Verdict(
            Finding.OLDER,
            f"epoch {epoch} with {file.leaf.n} records, earlier epoch {alone.epoch} with {earlier.leaf.n}",
            f"今回は第{epoch}期{file.leaf.n}件、前回は第{alone.epoch}期{earlier.leaf.n}件です",
        )
    if chain_head(line.hash for line in file.lines[: len(earlier.lines)]) != earlier.leaf.head:
        return altered("the earlier file's records are not all here", "前回の記録がそのまま残っていません")
    edge = committed.retention.timestamp() * 1000
    pairs = zip(earlier.lines, file.lines, strict=False)
    if any(was.said and not now.said and was.said.time > edge for was, now in pairs):
        return altered(
            "a line of the earlier file was erased before its time",
            "前回あった記録が、保存期間の過ぎる前に消されています",
        )
    return None


def _moment(milliseconds: int) -> datetime:
    """The moment; one that no calendar has counts as the first of all."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
