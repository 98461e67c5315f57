"""Closing an epoch: from what moved since the last one to its record and transition. Pure.

What is counted is a cut through the chains (everything up to one `seq`), read together with the deferral set
and the open events in one snapshot; operator 1's log X is read after it, so that it covers every event of the
cut. An event the cut counts must stand in X where its stamp said, under the same commitment; if it does not,
no epoch is closed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger.cut import Closing, Cut, Grown, News, Standpoint, Unsettled
from kumihimo.ledger.deferral import deferral_root
from kumihimo.ledger.model import COUNTED, EMPTY_HEAD, Kind, next_head
from kumihimo.ledger.standing import OPEN_SECONDS
from kumihimo.ledger.transition import (
    VERSION,
    EpochRecord,
    Moved,
    Transition,
    encode_record,
    encode_transition,
    transition_hash,
)
from kumihimo.ledger.treemap import RECORD, Leaf, bucket_of, bucket_root, find, hash_of, put, sum_of

_EVENTFUL = frozenset({Kind.ASKED, Kind.DISCLOSED})
"""Entries with which an event of X is settled; a released one left the deferral set instead."""
_LONG = timedelta(seconds=OPEN_SECONDS)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where the events of X stand now: counted since the last epoch, still open, given up."""

    pool: Mapping[int, Unsettled]
    placed: Mapping[bytes, int]
    counted: Sequence[int]
    open: Sequence[int]
    void: Sequence[int]


def close_epoch(
    last: Standpoint, cut: Cut, news: News, *, now: datetime, x_origin: str
) -> Closing | Problem | None:
    """The next epoch; None when nothing has changed, proof-invalid when X does not hold what is counted."""
    moment = _moment(last, now)
    standing = _stand(cut, news, moment)
    if isinstance(standing, Problem):
        return standing
    if last.record is not None and not (cut.grown or cut.entered or cut.gone or standing.void or news.events):
        return None
    moved, leaves = _chains(last.top.depth, cut)
    buckets = _buckets(last.top.depth, cut.buckets, leaves)
    roots = {number: bucket_root(bucket) for number, bucket in buckets.items()}
    nodes = last.top.changed(roots) if roots else {1: last.top.root}
    transition = encode_transition(_transition(last, cut, standing, moved))
    record = _record(
        last, cut, standing, moved, root=nodes[1], news=news, moment=moment, x_origin=x_origin,
        transition=transition_hash(transition),
    )  # fmt: skip
    return Closing(
        record=record,
        text=encode_record(record),
        transition=transition,
        through=cut.through,
        edge=news.edge,
        note=news.note,
        buckets=buckets,
        roots=roots,
        nodes=nodes,
        settled=sorted(cut.unsettled.keys() - set(standing.open)),
        opened={index: standing.pool[index] for index in standing.open if index in news.events},
        entered=[bytes.fromhex(one.leaf) for one in cut.entered],
        gone=cut.gone,
        placed=standing.placed,
    )


def _moment(last: Standpoint, now: datetime) -> datetime:
    """The time of the epoch, in whole milliseconds and never before the last one."""
    before = last.record.time if last.record else 0
    return datetime.fromtimestamp(max(int(now.timestamp() * 1000), before) / 1000, UTC)


def _stand(cut: Cut, news: News, moment: datetime) -> _Standing | Problem:
    fresh = {index: Unsettled(commit, moment) for index, commit in news.events.items()}
    pool = dict(cut.unsettled) | fresh
    events = [one for one in cut.grown if one.kind in _EVENTFUL]
    unplaced = {one.commit: one.tx for one in events if one.x_index is None and one.commit is not None}
    placed = {unplaced[one.commit]: index for index, one in pool.items() if one.commit in unplaced}
    counted = [placed.get(one.tx) if one.x_index is None else one.x_index for one in events]
    deferred = [one.index for one in cut.entered]
    claims = list(zip(counted, (one.commit for one in events), strict=True))
    claims += [(one.index, bytes.fromhex(one.commit)) for one in cut.entered]
    astray = sum(index not in pool or pool[index].commit != commit for index, commit in claims)
    if astray or len({index for index, _ in claims}) < len(claims):
        return Problem(
            ErrorType.PROOF_INVALID, detail=f"{astray} events are not in operator 1's log where it said"
        )
    left = pool.keys() - set(counted) - set(deferred)
    void = {index for index in left - cut.open if moment - pool[index].seen > _LONG}
    taken = sorted(index for index in counted if index is not None)
    return _Standing(pool, placed, taken, sorted(left - void), sorted(void))


def _chains(depth: int, cut: Cut) -> tuple[list[Moved], list[Leaf]]:
    """Each chain that grew, from its leaf of the last epoch on, and its leaf now; sorted by label."""
    moved, leaves = [], []
    for label, entries in groupby(cut.grown, key=lambda one: one.label):
        before = _leaf(cut.buckets.get(bucket_of(label, depth), b""), label)
        after, added = _extended(before, entries)
        leaves.append(after)
        moved.append(Moved(label=label.hex(), n=before.n, head=before.head.hex(), entries=added))
    return moved, leaves


def _leaf(bucket: bytes, label: bytes) -> Leaf:
    position = find(bucket, label)
    if position is None:
        return Leaf(label, 0, EMPTY_HEAD)
    return Leaf.of(bucket[position * RECORD : (position + 1) * RECORD])


def _extended(before: Leaf, entries: Iterable[Grown]) -> tuple[Leaf, tuple[tuple[str, int], ...]]:
    n, head, added = before.n, before.head, list[tuple[str, int]]()
    for one in entries:
        counted = int(one.kind in COUNTED)
        n, head = n + counted, next_head(head, one.hash)
        added.append((one.hash.hex(), counted))
    return Leaf(before.label, n, head), tuple(added)


def _buckets(depth: int, stored: Mapping[int, bytes], leaves: Iterable[Leaf]) -> dict[int, bytes]:
    """The touched buckets after the epoch."""
    touched: defaultdict[int, list[bytes]] = defaultdict(list)
    for leaf in leaves:
        touched[bucket_of(leaf.label, depth)].append(leaf.record)
    return {number: put(stored.get(number, b""), records) for number, records in touched.items()}


def _transition(last: Standpoint, cut: Cut, standing: _Standing, moved: Sequence[Moved]) -> Transition:
    return Transition(
        v=VERSION,
        epoch=last.number + 1,
        moved=tuple(moved),
        settled=tuple(standing.counted),
        deferred=tuple(sorted(cut.entered, key=lambda one: one.index)),
        released=tuple(sorted(leaf.hex() for leaf in cut.gone)),
        open=tuple(standing.open),
        void=tuple(standing.void),
    )


def _record(
    last: Standpoint,
    cut: Cut,
    standing: _Standing,
    moved: Sequence[Moved],
    *,
    root: bytes,
    news: News,
    moment: datetime,
    x_origin: str,
    transition: str,
) -> EpochRecord:
    before, fresh = last.record, sum((one.n, one.head) == _NOBODY for one in moved)
    return EpochRecord(
        v=VERSION,
        kind="epoch",
        epoch=last.number + 1,
        time=int(moment.timestamp() * 1000),
        depth=last.top.depth,
        map_root=hash_of(root).hex(),
        total=sum_of(root),
        persons=fresh + (before.persons if before else 0),
        deferred=len(cut.leaves),
        deferred_root=deferral_root(cut.leaves).hex(),
        open=len(standing.open),
        void=len(standing.void) + (before.void if before else 0),
        x_origin=x_origin,
        x_size=news.edge.size,
        x_root=news.edge.root.hex(),
        transition=transition,
    )


_NOBODY = (0, EMPTY_HEAD.hex())
