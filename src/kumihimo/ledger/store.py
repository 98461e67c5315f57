"""What the ledger keeps, in plain SQL. All writes run in the journal's transaction, many jobs at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kumihimo.base import Problem
from kumihimo.exchange import Outcome, Recorded, Seen, Signed, replayed
from kumihimo.ledger.model import EMPTY_HEAD, Entry, Kind, decode_entry, encode_entry, entry_hash, next_head
from kumihimo.log import LogAppender
from kumihimo.messages import Vault
from kumihimo.node import AnyConnection, Batch


@dataclass(frozen=True, slots=True)
class RecordJob:
    """An exchange to be recorded on its person; `receipt` is what the ledger signs for it."""

    slip: Recorded
    label: bytes = field(repr=False)
    entry: Entry
    receipt: Signed
    withheld_until: date | None
    withheld_ground: str | None


@dataclass(frozen=True, slots=True)
class OutcomeJob:
    """How a recorded exchange ended, as reported by its provider `sender`."""

    tx: bytes
    sender: str
    outcome: str
    entry: Entry
    withheld_until: date | None
    withheld_ground: str | None


@dataclass(slots=True)
class Book:
    """The ledger's tables under its vault key."""

    vault: Vault
    seen: Seen = field(default_factory=Seen)

    async def apply(
        self, batch: Batch, log: LogAppender, jobs: Sequence[RecordJob | OutcomeJob]
    ) -> Sequence[Signed | bool | Problem]:
        """Record exchanges and outcomes, each once, in the order in which they came.

        An exchange brought again gets its first receipt. An outcome is taken from the provider that was
        asked only, and once: the answer tells whether its exchange is known here.
        """
        records = [job for job in jobs if isinstance(job, RecordJob)]
        known = await self._receipts(batch, self.seen.again(job.slip.tx for job in records))
        events = await self._events(batch, [job.tx for job in jobs if isinstance(job, OutcomeJob)])
        additions: list[tuple[bytes, Entry]] = []
        fresh: list[RecordJob] = []
        said: dict[bytes, OutcomeJob] = {}
        for job in jobs:
            if isinstance(job, OutcomeJob):
                event = events.get(job.tx)
                if event is not None and event.takes(job):
                    events[job.tx] = replace(event, outcome=job.outcome)
                    additions.append((event.label, job.entry))
                    said[job.tx] = job
            elif job.slip.tx not in known:
                known[job.slip.tx] = (job.slip, job.receipt)
                additions.append((job.label, job.entry))
                fresh.append(job)
        if additions:
            await self._extend(batch, additions)
        if fresh:
            batch.add(_EVENTS, *([column(job) for job in fresh] for column in _EVENT_COLUMNS))
        if said:
            _tell(batch, list(said.values()))
        return [_answer(job, known, events) for job in jobs]

    async def _receipts(self, batch: Batch, names: Sequence[bytes]) -> dict[bytes, tuple[Recorded, Signed]]:
        if not names:
            return {}
        rows = await batch.fetch(
            "SELECT tx, slip, sender, body, jws FROM ledger.event WHERE tx = ANY($1::bytea[])", names
        )
        return {
            row["tx"]: (
                Recorded(row["tx"], row["slip"], row["sender"]),
                Signed(body=row["body"], jws=row["jws"]),
            )
            for row in rows
        }

    async def _events(self, batch: Batch, names: Sequence[bytes]) -> dict[bytes, "_Event"]:
        if not names:
            return {}
        rows = await batch.fetch(
            "SELECT tx, label, provider, outcome FROM ledger.event WHERE tx = ANY($1::bytea[])", names
        )
        return {
            bytes(row["tx"]): _Event(bytes(row["label"]), row["provider"], row["outcome"]) for row in rows
        }

    async def _extend(self, batch: Batch, additions: Sequence[tuple[bytes, Entry]]) -> None:
        """Append entries to chains: read the heads once, chain in memory, write once."""
        labels = list({label for label, _ in additions})
        rows = await batch.fetch(
            "SELECT label, count, head FROM ledger.person WHERE label = ANY($1::bytea[])", labels
        )
        heads = {bytes(row["label"]): (row["count"], bytes(row["head"])) for row in rows}
        new: list[tuple[bytes, int, str, bytes, bytes, bytes]] = []
        for label, entry in additions:
            count, head = heads.get(label, (0, EMPTY_HEAD))
            body = encode_entry(entry)
            hashed = entry_hash(body)
            heads[label] = (count + 1, next_head(head, hashed))
            sealed = self.vault.seal(body, label)
            new.append((label, count + 1, entry.kind.value, bytes.fromhex(entry.tx), hashed, sealed))
        counts, ends = zip(*(heads[label] for label in labels), strict=True)
        batch.add(_PERSONS, labels, counts, ends)
        batch.add(_ENTRIES, *zip(*new, strict=True))

    async def person_entries(
        self, conn: AnyConnection, label: bytes
    ) -> tuple[Sequence[Entry], Mapping[str, date]]:
        """All entries of one person, oldest first, and the days until which some are withheld."""
        rows = await conn.fetch(
            "SELECT sealed FROM ledger.entry WHERE label = $1 AND sealed IS NOT NULL ORDER BY n", label
        )
        opened = [self.vault.open(bytes(row["sealed"]), label) for row in rows]
        entries = [decode_entry(body) for body in opened if not isinstance(body, Problem)]
        if len(entries) != len(rows):
            raise RuntimeError("an entry of the ledger cannot be opened with its vault key")
        held = await conn.fetch(
            "SELECT tx, withheld_until FROM ledger.event WHERE label = $1 AND withheld_until IS NOT NULL",
            label,
        )
        return entries, {row["tx"].hex(): row["withheld_until"] for row in held}


_EVENT_COLUMNS: Sequence[Callable[[RecordJob], object]] = (
    lambda job: job.slip.tx,
    lambda job: job.slip.digest,
    lambda job: job.slip.sender,
    lambda job: job.entry.provider,
    lambda job: job.entry.permission,
    lambda job: job.label,
    lambda job: job.receipt.body,
    lambda job: job.receipt.jws,
    lambda job: Kind.DISCLOSED.value if job.entry.kind is Kind.DISCLOSED else None,
    lambda job: job.withheld_until,
    lambda job: job.withheld_ground,
)
_PERSONS = """
    INSERT INTO ledger.person (label, count, head)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[])
    ON CONFLICT (label) DO UPDATE SET count = excluded.count, head = excluded.head
"""
_ENTRIES = """
    INSERT INTO ledger.entry (label, n, kind, tx, hash, sealed)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
"""
_EVENTS = """
    INSERT INTO ledger.event (tx, slip, sender, provider, permission, label, body, jws, outcome,
                              withheld_until, withheld_ground)
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                         $7::bytea[], $8::text[], $9::text[], $10::date[], $11::text[])
"""


@dataclass(frozen=True, slots=True)
class _Event:
    """Whose chain an exchange stands in, who may report its outcome, and what was reported."""

    label: bytes
    provider: str
    outcome: str | None

    def takes(self, job: OutcomeJob) -> bool:
        """Whether a report is news: from the provider that was asked, about what has not ended yet.

        What was provided stays provided: no provider takes back what its person has been shown.
        """
        open_still = self.outcome is None or self.outcome == Outcome.PENDING
        return self.provider == job.sender and open_still and self.outcome != job.outcome


def _answer(
    job: RecordJob | OutcomeJob,
    known: Mapping[bytes, tuple[Recorded, Signed]],
    events: Mapping[bytes, _Event],
) -> Signed | bool | Problem:
    if isinstance(job, OutcomeJob):
        return job.tx in events and events[job.tx].provider == job.sender
    slip, receipt = known[job.slip.tx]
    return receipt if slip == job.slip else replayed()


def _tell(batch: Batch, jobs: Sequence[OutcomeJob]) -> None:
    batch.add(
        "UPDATE ledger.event AS e SET outcome = j.outcome, "
        "withheld_until = greatest(e.withheld_until, j.until), "
        "withheld_ground = coalesce(e.withheld_ground, j.ground), "
        "withheld_by = CASE WHEN j.until IS NOT NULL THEN j.sender ELSE e.withheld_by END "
        "FROM unnest($1::bytea[], $2::text[], $3::date[], $4::text[], $5::text[]) "
        "AS j(tx, outcome, until, ground, sender) WHERE e.tx = j.tx",
        [job.tx for job in jobs],
        [job.outcome for job in jobs],
        [job.withheld_until for job in jobs],
        [job.withheld_ground for job in jobs],
        [job.sender for job in jobs],
    )


async def recall_receipt(conn: AnyConnection, slip: Recorded) -> Signed | None:
    """The receipt this very slip got before, for a retry that comes after the slip has expired."""
    row = await conn.fetchrow(
        "SELECT body, jws FROM ledger.event WHERE tx = $1 AND slip = $2 AND sender = $3",
        slip.tx,
        slip.digest,
        slip.sender,
    )
    return Signed(body=row["body"], jws=row["jws"]) if row else None


async def withheld_count(conn: AnyConnection) -> int:
    """How many events are withheld by law now: a visible, bounded number."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM ledger.event "
            "WHERE withheld_until > (statement_timestamp() AT TIME ZONE 'Asia/Tokyo')::date"
        )
        or 0
    )


async def totals(conn: AnyConnection) -> Mapping[str, int]:
    """Counts without persons: exchanges recorded, and persons with a chain."""
    row = await conn.fetchrow(
        "SELECT (SELECT count(*) FROM ledger.event) AS events, "
        "(SELECT count(*) FROM ledger.person) AS persons"
    )
    assert row is not None
    return {"events": row["events"], "persons": row["persons"]}
