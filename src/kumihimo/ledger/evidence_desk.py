"""The ledger's desk for the sampled audit: evidence of one event, for witnesses and the commission.

It names no person; what it joins is one slip and one label, and only for as long as the material is kept
(option `audit_hours`). Each watcher is shown few labels: within 24 hours at most a share of what was settled
in them (option `audit_budget`, percent). An event that was shown to it costs nothing again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from asyncpg import Record

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import slip_codec, stamp_codec
from kumihimo.ledger.evidence import (
    PublicKeys,
    make_evidence,
    target_epoch,
    withheld_evidence,
    write_evidence,
)
from kumihimo.ledger.material import Material, open_material
from kumihimo.ledger.sampling import BUDGET_HOURS, BUDGET_PERCENT, budget
from kumihimo.ledger.transition import EpochRecord, decode_record
from kumihimo.node import AnyConnection, Batch, Institution, Message


class _Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: int
    index: int


_wanted = msgspec.json.Decoder(_Wanted)


@dataclass(frozen=True, slots=True)
class ShowJob:
    """A watcher is to be shown the label of the event at this index of X; the answer: whether it may be."""

    watcher: str
    x_index: int


@dataclass(frozen=True, slots=True)
class EvidenceBudget:
    """Holds each watcher to its budget; `percent` of the events settled within 24 hours."""

    percent: int = BUDGET_PERCENT

    async def apply(self, batch: Batch, _: object, jobs: Sequence[ShowJob]) -> Sequence[bool]:
        """Take down what is shown, job by job (a journal's apply): each answer depends on the one before."""
        await batch.execute(_FORGET, BUDGET_HOURS)
        row = await batch.fetchrow(_TOTALS, BUDGET_HOURS)
        assert row is not None
        most = budget(_total(row["newest"]) - _total(row["before"]), self.percent)
        return [await _take_down(batch, job, most) for job in jobs]


async def _take_down(batch: Batch, job: ShowJob, most: int) -> bool:
    await batch.execute(_SHOW, job.watcher, job.x_index, most)
    return bool(await batch.fetchval(_SHOWN, job.watcher, job.x_index))


def _total(text: bytes | None) -> int:
    record = decode_record(bytes(text)) if text is not None else None
    return record.total if isinstance(record, EpochRecord) else 0


@dataclass(slots=True)
class EvidenceDesk:
    """Shows what was kept of an event; `secret` is k_L, `key` K_L, `may` whether a label may be shown."""

    institution: Institution
    secret: bytes = field(repr=False)
    key: bytes
    may: Callable[[ShowJob], Awaitable[bool]]

    @classmethod
    def open(cls, institution: Institution, secret: bytes, key: bytes) -> "EvidenceDesk":
        """The desk with its part of the journal; the budget is the ledger's option `audit_budget`."""
        percent = int(institution.settings.option("ledger", "audit_budget", BUDGET_PERCENT))
        may = institution.journal.register("ledger.evidence", EvidenceBudget(percent).apply)
        return cls(institution, secret, key, may)

    async def show(self, message: Message) -> bytes | Problem:
        """`x/evidence` {"epoch", "index"}: the evidence of the event at `index` of X, as of this epoch.

        Not found: no such epoch, an event it does not cover or that is still open, material erased. Declined:
        the sender's budget is spent.
        """
        try:
            wanted = _wanted.decode(message.body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return Problem(ErrorType.MALFORMED, detail="evidence takes an epoch and an index")
        if not (0 < wanted.epoch < 1 << 62 and 0 <= wanted.index < 1 << 62) or message.sender is None:
            return Problem(ErrorType.MALFORMED, detail="epoch and index are numbers of an epoch and a log")
        async with self.institution.db.read() as conn:
            row = await _kept(conn, wanted)
        if row is None:
            return Problem(ErrorType.NOT_FOUND, detail="nothing is kept of this event, or not yet settled")
        material = open_material(self.institution.keys.vault, bytes(row["tx"]), bytes(row["sealed"]))
        if isinstance(material, Problem):
            return material
        withheld = bytes(row["salt"]) if row["withheld"] else None
        if withheld is None and not await self.may(ShowJob(message.sender.id, wanted.index)):
            return Problem(
                ErrorType.DECLINED,
                detail="this watcher has been shown as many events of the last 24 hours as it may",
                detail_ja="この機関に示せる24時間分の件数に達しました",
            )
        return self._evidence(material, wanted.index, withheld)

    def _evidence(self, material: Material, index: int, withheld: bytes | None) -> bytes | Problem:
        directory = self.institution.directory.current
        own = directory.entries[self.institution.settings.id]
        slip = slip_codec.decode(material.slip.body)
        inquirer = directory.entries.get(slip.sender.institution)
        epoch = target_epoch(slip, stamp_codec.decode(material.first.body))
        points = own.commitment(1, epoch), own.commitment(2, epoch)
        if inquirer is None or points[0] is None or points[1] is None:
            return Problem(ErrorType.NOT_FOUND, detail="the directory no longer names what the slip names")
        domains = {"source": inquirer.domain, "target": own.domain}
        if withheld is not None:
            return write_evidence(withheld_evidence(material, index, salt=withheld, **domains))
        evidence = make_evidence(
            material,
            index,
            **domains,
            pair=self.institution.keys.pair,
            public=PublicKeys(key=self.key, s1=points[0].element, s2=points[1].element),
            secret=self.secret,
        )
        return write_evidence(evidence)


async def _kept(conn: AnyConnection, wanted: _Wanted) -> Record | None:
    """What is kept of an event that this epoch covers and that is no longer open."""
    text = await conn.fetchval("SELECT record FROM ledger.epoch WHERE number = $1", wanted.epoch)
    record = decode_record(bytes(text)) if text is not None else None
    if record is None or isinstance(record, Problem) or wanted.index >= record.x_size:
        return None
    row: Record | None = await conn.fetchrow(_KEPT, wanted.index, wanted.epoch)
    return row


# Withheld until the epoch that let its leaf go; until that is closed nothing shows that it was released.
_KEPT = """
    SELECT e.tx, e.sealed, d.salt, d.tx IS NOT NULL AND (d.gone IS NULL OR d.gone > $2) AS withheld
    FROM ledger.evidence AS e JOIN ledger.event AS v USING (tx) LEFT JOIN ledger.deferred AS d USING (tx)
    WHERE e.x_index = $1 AND v.state <> 'open' ORDER BY e.at DESC LIMIT 1
"""
_FORGET = "DELETE FROM ledger.evidence_shown WHERE at < statement_timestamp() - $1::int * interval '1 hour'"
_TOTALS = """
    SELECT (SELECT record FROM ledger.epoch ORDER BY number DESC LIMIT 1) AS newest,
           (SELECT record FROM ledger.epoch WHERE at < statement_timestamp() - $1::int * interval '1 hour'
            ORDER BY at DESC LIMIT 1) AS before
"""
_SHOW = """
    INSERT INTO ledger.evidence_shown (watcher, x_index)
    SELECT $1::text, $2::bigint
    WHERE (SELECT count(*) FROM ledger.evidence_shown WHERE watcher = $1) < $3::bigint
    ON CONFLICT DO NOTHING
"""
_SHOWN = "SELECT EXISTS (SELECT FROM ledger.evidence_shown WHERE watcher = $1 AND x_index = $2)"
