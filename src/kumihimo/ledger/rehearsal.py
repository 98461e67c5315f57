"""A ledger by itself: the same tables, book, epochs and files, without a nation around it, for measuring.

Its people are labels, operator 1's log is a list of commitments, and nobody signs slips. After it was filled
in bulk (`kumihimo.ledger.filling`), `found` builds the map as if one epoch had just taken all of it in.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from asyncpg import Record

from kumihimo.base import JST, Problem, Secret, system_clock
from kumihimo.ledger.closing import close_epoch
from kumihimo.ledger.cut import News, Standpoint
from kumihimo.ledger.epoch_store import CloseJob, load_standpoint, read_cut, write_epoch
from kumihimo.ledger.events import OutcomeJob
from kumihimo.ledger.evidence import Evidence
from kumihimo.ledger.file import write_file
from kumihimo.ledger.filling import VAULT, Ended
from kumihimo.ledger.person import proved_person
from kumihimo.ledger.store import Book, RecordJob
from kumihimo.ledger.transition import EpochRecord, encode_record
from kumihimo.ledger.treemap import Bucket, Leaf, Top, bucket_of, bucket_root, hash_of, sum_of
from kumihimo.log import (
    EMPTY_ROOT,
    Checkpoint,
    Cosigner,
    LogAppender,
    NoteSigner,
    add_signatures,
    leaf_hash,
)
from kumihimo.node import Batch, Connection, Database, migrate

DEPTH = 16
ORIGIN, X_ORIGIN = "kumihimo.example/ledger", "kumihimo.example/digital"
JOURNAL_BATCH = 256
MATERIAL_BYTES = 2500
"""About as much as slip and stamps of one exchange."""
_SPAN = 1 << 12


@dataclass(slots=True)
class Rehearsal:
    """An open ledger by itself; `last` is its newest epoch."""

    db: Database
    conn: Connection
    signer: NoteSigner
    log: LogAppender
    book: Book
    last: Standpoint
    _x: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    async def open(cls, db: Database, conn: Connection, seed: Secret, *, depth: int) -> Self:
        """Make the tables where there are none, and stand where the last epoch ended."""
        for room in ("node", "log", "ledger"):
            await migrate(conn, f"kumihimo.{room}")
        signer = NoteSigner(ORIGIN, seed)
        log = await LogAppender.open(conn, ORIGIN, signer, system_clock)
        return cls(db, conn, signer, log, Book(VAULT), await load_standpoint(conn, depth))

    async def found(self) -> EpochRecord:
        """Build the map over what was filled in, and sign an epoch as if it had taken all of it in."""
        depth, persons, roots = self.last.top.depth, 0, dict[int, bytes]()
        for first in range(0, 1 << depth, _SPAN):
            rows = await self.conn.fetch(_SPAN_OF_PERSONS, *_labels(first, depth))
            buckets = _buckets(rows, depth)
            nodes = {number: bucket_root(leaves) for number, leaves in buckets.items()}
            await self.conn.copy_records_to_table(
                "bucket",
                schema_name="ledger",
                columns=("number", "leaves", "root"),
                records=[(number, leaves, nodes[number]) for number, leaves in buckets.items()],
            )
            persons += len(rows)
            roots |= nodes
        top = Top(depth, roots.items())
        through = int(await self.conn.fetchval("SELECT coalesce(max(seq), 0) FROM ledger.entry"))
        record = _first_epoch(top, persons, system_clock())
        self.last = Standpoint(top=top, through=through, record=record, text=encode_record(record))
        self.last.log_index = self.log.stage([self.last.text])
        await self.log.flush(self.conn)
        self.log.committed()
        return record

    async def live(self, exchanges: Sequence[tuple[bytes, Ended]]) -> None:
        """Record exchanges (label, exchange) and take their outcomes, in batches as the journal does."""
        for first in range(0, len(exchanges), JOURNAL_BATCH):
            some = exchanges[first : first + JOURNAL_BATCH]
            await self._apply([self._recorded(label, one) for label, one in some])
            await self._apply([job for _, one in some for job in _told(one)])

    def _recorded(self, label: bytes, one: Ended) -> RecordJob:
        commit = bytes.fromhex(one.asked.commit)
        index = self.last.edge.size + len(self._x)
        self._x[index] = commit
        return RecordJob(
            slip=one.slip,
            label=label,
            entry=one.asked,
            receipt=one.receipt,
            x_index=index,
            commit=commit,
            material=VAULT.seal(bytes(MATERIAL_BYTES), one.slip.tx),
            terms=None,
        )

    async def _apply(self, jobs: Sequence[RecordJob | OutcomeJob]) -> None:
        batch = Batch(self.conn)
        await self.book.apply(batch, self.log, jobs)
        await self._commit(batch)

    async def _commit(self, batch: Batch) -> None:
        self.log.gather(batch.writes)
        await batch.commit()
        self.log.committed()

    async def close(self) -> EpochRecord:
        """Close an epoch over what was recorded since the last one."""
        cut = await read_cut(self.conn, self.last)
        edge, _ = self.last.edge.extend([leaf_hash(commit) for commit in self._x.values()])
        news = News(self._x, edge, "")
        done = close_epoch(self.last, cut, news, now=system_clock(), x_origin=X_ORIGIN)
        if done is None or isinstance(done, Problem):
            raise RuntimeError("the epoch of a rehearsal cannot be closed")
        batch = Batch(self.conn)
        index = await write_epoch(batch, self.log, CloseJob(done))
        await self._commit(batch)
        self._x = {}
        self.last.top.settle(done.nodes)
        self.last = Standpoint(
            self.last.top, done.through, done.record, done.text, log_index=index, edge=done.edge
        )
        return done.record

    async def file(
        self, label: bytes, code: bytes, evidence: Evidence, cosigners: Sequence[Cosigner] = ()
    ) -> bytes:
        """The person's file as of the last epoch, under a checkpoint that these witnesses cosign."""
        last, now = self.last, system_clock()
        async with self.db.read() as conn:
            found = await proved_person(
                conn, VAULT, label, last, today=now.astimezone(JST).date(), cosigned=False
            )
        proved = Bucket.of(found.bucket).prove(label)
        if proved is None or found.tlog is None:
            raise RuntimeError("a person of the rehearsal is not in its map")
        leaf, inside = proved
        return write_file(
            made=int(now.timestamp() * 1000),
            code=code,
            chain=found.chain,
            leaf=leaf,
            path=inside + last.top.path(bucket_of(label, last.top.depth)),
            epoch=last.text,
            tlog=_cosigned(found.tlog, cosigners, now),
            evidence=evidence,
        )


def _cosigned(tlog: str, cosigners: Sequence[Cosigner], now: datetime) -> str:
    """The proof under its checkpoint with further cosignatures."""
    note = tlog.partition("\n\n")[2]
    text = note.partition("\n\n")[0] + "\n"
    point, time = Checkpoint.parse(text), int(now.timestamp())
    if isinstance(point, Problem):
        raise RuntimeError("the log of a rehearsal has no checkpoint")
    return add_signatures(tlog, [one.cosign(point, text, time) for one in cosigners])


def _told(one: Ended) -> Iterator[OutcomeJob]:
    """The provider's report of an exchange; none of a look."""
    if one.outcome and one.outcome.outcome:
        yield OutcomeJob(one.slip.tx, one.asked.provider, one.outcome.outcome.value, one.outcome, None)


def _labels(first: int, depth: int) -> tuple[bytes, bytes]:
    """The lowest and the highest label of a span of buckets."""
    last = min(first + _SPAN, 1 << depth) - 1
    return (first << 256 - depth).to_bytes(32), ((last + 1 << 256 - depth) - 1).to_bytes(32)


def _buckets(rows: Sequence[Record], depth: int) -> dict[int, bytes]:
    buckets: dict[int, list[bytes]] = {}
    for row in rows:
        label = bytes(row["label"])
        leaf = Leaf(label, row["counted"], bytes(row["head"]))
        buckets.setdefault(bucket_of(label, depth), []).append(leaf.record)
    return {number: b"".join(records) for number, records in buckets.items()}


def _first_epoch(top: Top, persons: int, now: datetime) -> EpochRecord:
    return EpochRecord(
        v=1,
        kind="epoch",
        epoch=1,
        time=int(now.timestamp() * 1000),
        depth=top.depth,
        map_root=hash_of(top.root).hex(),
        total=sum_of(top.root),
        persons=persons,
        deferred=0,
        deferred_root=EMPTY_ROOT.hex(),
        open=0,
        void=0,
        x_origin=X_ORIGIN,
        x_size=0,
        x_root=EMPTY_ROOT.hex(),
        transition=hashlib.sha256(b"").hexdigest(),
    )


_SPAN_OF_PERSONS = """
    SELECT label, counted, head FROM ledger.person WHERE label BETWEEN $1 AND $2 ORDER BY label
"""
