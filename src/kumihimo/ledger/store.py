"""What the ledger keeps, in plain SQL. All writes run in the journal's transaction, many jobs at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kumihimo.base import Problem
from kumihimo.exchange import Recorded, Seen, Signed, replayed
from kumihimo.ledger.model import EMPTY_HEAD, Entry, Kind, decode_entry, encode_entry, entry_hash, next_head
from kumihimo.log import LogAppender
from kumihimo.messages import Vault
from kumihimo.node import AnyConnection, Connection


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
    entry: Entry
    withheld_until: date | None
    withheld_ground: str | None


@dataclass(slots=True)
class Book:
    """The ledger's tables under its vault key."""

    vault: Vault
    seen: Seen = field(default_factory=Seen)

    async def apply_records(
        self, conn: Connection, log: LogAppender, jobs: Sequence[RecordJob]
    ) -> Sequence[Signed | Problem]:
        """Record exchanges, each once: an exchange brought again gets its first receipt."""
        known = await self._known(conn, self.seen.again(job.slip.tx for job in jobs))
        fresh: list[RecordJob] = []
        for job in jobs:
            if job.slip.tx not in known:
                known[job.slip.tx] = (job.slip, job.receipt)
                fresh.append(job)
        if fresh:
            await self._extend(conn, [(job.label, job.entry) for job in fresh], fresh)
        return [known[job.slip.tx][1] if known[job.slip.tx][0] == job.slip else replayed() for job in jobs]

    async def _known(self, conn: Connection, names: Sequence[bytes]) -> dict[bytes, tuple[Recorded, Signed]]:
        if not names:
            return {}
        rows = await conn.fetch(
            "SELECT tx, slip, sender, body, jws FROM ledger.event WHERE tx = ANY($1::bytea[])", names
        )
        return {
            row["tx"]: (
                Recorded(row["tx"], row["slip"], row["sender"]),
                Signed(body=row["body"], jws=row["jws"]),
            )
            for row in rows
        }

    async def apply_outcomes(
        self, conn: Connection, log: LogAppender, jobs: Sequence[OutcomeJob]
    ) -> Sequence[bool]:
        """Record outcomes on the persons concerned; tell for each whether its sender was asked for it.

        Only the provider that was asked may report, and the same outcome reported again changes nothing.
        """
        rows = await conn.fetch(
            "SELECT tx, label, provider, outcome FROM ledger.event WHERE tx = ANY($1::bytea[])",
            [job.tx for job in jobs],
        )
        events = {bytes(row["tx"]): row for row in rows}
        said = {tx: row["outcome"] for tx, row in events.items()}
        fresh: list[OutcomeJob] = []
        for job in jobs:
            event = events.get(job.tx)
            outcome = job.entry.outcome.value if job.entry.outcome else None
            if event is not None and event["provider"] == job.sender and said[job.tx] != outcome:
                said[job.tx] = outcome
                fresh.append(job)
        if fresh:
            await self._extend(conn, [(bytes(events[job.tx]["label"]), job.entry) for job in fresh])
            await _update_events(conn, fresh)
        return [job.tx in events and events[job.tx]["provider"] == job.sender for job in jobs]

    async def _extend(
        self,
        conn: Connection,
        additions: Sequence[tuple[bytes, Entry]],
        events: Sequence[RecordJob] = (),
    ) -> None:
        """Append entries to chains, with new events: read the heads once, chain in memory, write once."""
        labels = list({label for label, _ in additions})
        rows = await conn.fetch(
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
        await conn.execute(
            _EXTEND,
            labels,
            [heads[label][0] for label in labels],
            [heads[label][1] for label in labels],
            *zip(*new, strict=True),
            *([column(job) for job in events] for column in _EVENT_COLUMNS),
        )

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
# One statement for persons, entries and events: one round trip for a batch.
_EXTEND = """
WITH person AS (
    INSERT INTO ledger.person (label, count, head)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[])
    ON CONFLICT (label) DO UPDATE SET count = excluded.count, head = excluded.head
), entry AS (
    INSERT INTO ledger.entry (label, n, kind, tx, hash, sealed)
    SELECT * FROM unnest($4::bytea[], $5::bigint[], $6::text[], $7::bytea[], $8::bytea[], $9::bytea[])
)
INSERT INTO ledger.event (tx, slip, sender, provider, permission, label, body, jws, outcome,
                          withheld_until, withheld_ground)
SELECT * FROM unnest($10::bytea[], $11::bytea[], $12::text[], $13::text[], $14::text[], $15::bytea[],
                     $16::bytea[], $17::text[], $18::text[], $19::date[], $20::text[])
"""


async def _update_events(conn: Connection, jobs: Sequence[OutcomeJob]) -> None:
    await conn.execute(
        "UPDATE ledger.event AS e SET outcome = j.outcome, "
        "withheld_until = greatest(e.withheld_until, j.until), "
        "withheld_ground = coalesce(e.withheld_ground, j.ground), "
        "withheld_by = CASE WHEN j.until IS NOT NULL THEN j.sender ELSE e.withheld_by END "
        "FROM unnest($1::bytea[], $2::text[], $3::date[], $4::text[], $5::text[]) "
        "AS j(tx, outcome, until, ground, sender) WHERE e.tx = j.tx",
        [job.tx for job in jobs],
        [job.entry.outcome.value if job.entry.outcome else None for job in jobs],
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
