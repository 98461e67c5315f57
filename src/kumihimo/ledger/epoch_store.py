"""Epochs in plain SQL: where the last one ended, the cut for the next, and writing it in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass

from asyncpg import Record

from kumihimo.base import Problem
from kumihimo.ledger.cut import Closing, Cut, Grown, Standpoint, Unsettled
from kumihimo.ledger.following import reopen_edge, store_edge
from kumihimo.ledger.model import Kind
from kumihimo.ledger.transition import Deferral, EpochRecord, decode_record
from kumihimo.ledger.treemap import Top, bucket_of
from kumihimo.log import LogAppender
from kumihimo.node import AnyConnection, Batch


@dataclass(frozen=True, slots=True)
class CloseJob:
    """An epoch to be closed; the answer is the index of its record in the ledger's own log."""

    closing: Closing


class EpochDamagedError(Exception):
    """The stored map is not what the last epoch committed to: somebody or something changed it."""


async def load_standpoint(conn: AnyConnection, depth: int) -> Standpoint:
    """Where the last epoch ended, the top of the map rebuilt; `depth` counts only before the first epoch.

    Raises EpochDamagedError when the buckets do not give the root that was signed.
    """
    row = await conn.fetchrow(
        "SELECT log_index, through, record, x_peaks FROM ledger.epoch ORDER BY number DESC LIMIT 1"
    )
    if row is None:
        return Standpoint(Top(depth))
    record = decode_record(bytes(row["record"]))
    if isinstance(record, Problem):
        raise EpochDamagedError("the last epoch's record cannot be read")
    roots = await conn.fetch("SELECT number, root FROM ledger.bucket")
    top = Top(record.depth, ((one["number"], bytes(one["root"])) for one in roots))
    if top.root.hex() != record.map_root + record.total.to_bytes(8).hex():
        raise EpochDamagedError("the map's buckets do not give the root of the last epoch")
    return Standpoint(
        top=top,
        through=row["through"],
        record=record,
        text=bytes(row["record"]),
        log_index=row["log_index"],
        edge=reopen_edge(record.x_size, bytes(row["x_peaks"])),
    )


async def read_cut(conn: AnyConnection, last: Standpoint) -> Cut:
    """Everything that moved since the last epoch, as of one moment."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        through = int(await conn.fetchval("SELECT coalesce(max(seq), 0) FROM ledger.entry"))
        grown = [_grown(row) for row in await conn.fetch(_GROWN, last.through, through)]
        moving = await conn.fetch(_MOVING)
        leaves = await conn.fetch("SELECT leaf FROM ledger.deferred WHERE NOT released")
        unsettled = await conn.fetch("SELECT x_index, commit, seen FROM ledger.unsettled")
        open_now = await conn.fetch("SELECT x_index FROM ledger.event WHERE state = 'open'")
        numbers = {bucket_of(one.label, last.top.depth) for one in grown}
        buckets = await conn.fetch(_BUCKETS, list(numbers))
    return Cut(
        through=max(through, last.through),
        grown=grown,
        entered=[_deferral(row) for row in moving if row["entered"] is None],
        gone=[bytes(row["leaf"]) for row in moving if row["released"]],
        leaves=[bytes(row["leaf"]) for row in leaves],
        unsettled={row["x_index"]: Unsettled(bytes(row["commit"]), row["seen"]) for row in unsettled},
        open=frozenset(row["x_index"] for row in open_now),
        buckets={row["number"]: bytes(row["leaves"]) for row in buckets},
    )


def _grown(row: Record) -> Grown:
    return Grown(
        bytes(row["label"]),
        Kind(row["kind"]),
        bytes(row["hash"]),
        bytes(row["tx"]),
        row["x_index"],
        row["commit"],
    )


def _deferral(row: Record) -> Deferral:
    return Deferral(
        index=row["x_index"],
        commit=row["commit"].hex(),
        until=row["until"].isoformat(),
        ground=row["ground"],
        by=row["by"],
        leaf=row["leaf"].hex(),
    )


async def write_epoch(batch: Batch, log: LogAppender, job: CloseJob) -> int:
    """Write an epoch within the journal's transaction; the index its record gets in the log.

    Statement by statement and at once: other jobs of the same batch may touch the same rows after it.
    """
    done = job.closing
    index = log.stage([done.text])
    await batch.execute(_NEW_BUCKETS, *_columns(done.buckets), list(done.roots.values()))
    await batch.execute("DELETE FROM ledger.unsettled WHERE x_index = ANY($1::bigint[])", done.settled)
    opened = done.opened.values()
    await batch.execute(
        _OPENED, list(done.opened), [one.commit for one in opened], [one.seen for one in opened]
    )
    number = done.record.epoch
    await batch.execute("UPDATE ledger.deferred SET entered = $2 WHERE leaf = ANY($1)", done.entered, number)
    await batch.execute("UPDATE ledger.deferred SET gone = $2 WHERE leaf = ANY($1)", done.gone, number)
    await batch.execute(_PLACED, *_columns(done.placed))
    await batch.execute(
        _EPOCH, number, index, done.through, done.text, done.transition, store_edge(done.edge), done.note
    )
    return index


def _columns[K, V](table: Mapping[K, V]) -> tuple[list[K], list[V]]:
    return list(table), list(table.values())


_GROWN = """
    SELECT e.label, e.kind, e.hash, e.tx, v.x_index, v.commit
    FROM ledger.entry AS e LEFT JOIN ledger.event AS v ON v.tx = e.tx AND e.kind IN ('asked', 'disclosed')
    WHERE e.seq > $1 AND e.seq <= $2 ORDER BY e.label, e.n
"""
_MOVING = """
    SELECT leaf, x_index, commit, until, ground, by, released, entered FROM ledger.deferred
    WHERE entered IS NULL OR (released AND gone IS NULL)
"""
_BUCKETS = "SELECT number, leaves FROM ledger.bucket WHERE number = ANY($1::bigint[])"
_NEW_BUCKETS = """
    INSERT INTO ledger.bucket (number, leaves, root)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
    ON CONFLICT (number) DO UPDATE SET leaves = excluded.leaves, root = excluded.root
"""
_OPENED = """
    INSERT INTO ledger.unsettled (x_index, commit, seen)
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[])
"""
_PLACED = """
    UPDATE ledger.event AS e SET x_index = j.x_index
    FROM unnest($1::bytea[], $2::bigint[]) AS j(tx, x_index) WHERE e.tx = j.tx
"""
_EPOCH = """
    INSERT INTO ledger.epoch (number, log_index, through, record, transition, x_peaks, x_note)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def newest_record(conn: AnyConnection) -> EpochRecord | None:
    """The record of the last closed epoch; None before the first. Raises EpochDamagedError."""
    text = await conn.fetchval("SELECT record FROM ledger.epoch ORDER BY number DESC LIMIT 1")
    if text is None:
        return None
    record = decode_record(bytes(text))
    if isinstance(record, Problem):
        raise EpochDamagedError("the last epoch's record cannot be read")
    return record


async def transition_of(conn: AnyConnection, number: int) -> bytes | None:
    """The transition document of an epoch; None if there is no such epoch."""
    found: bytes | None = await conn.fetchval("SELECT transition FROM ledger.epoch WHERE number = $1", number)
    return found
