"""The ledger's desk for the sampled audit: evidence of one event, for witnesses and the commission.

It names no person; what it joins is one slip and one label, and only for as long as the material is kept
(option `audit_hours`).
"""

from dataclasses import dataclass, field

import msgspec
from asyncpg import Record

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import slip_codec, stamp_codec
from kumihimo.ledger.events import State
from kumihimo.ledger.evidence import (
    PublicKeys,
    make_evidence,
    target_epoch,
    withheld_evidence,
    write_evidence,
)
from kumihimo.ledger.material import Material, open_material
from kumihimo.ledger.transition import decode_record
from kumihimo.node import AnyConnection, Institution


class _Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: int
    index: int


_wanted = msgspec.json.Decoder(_Wanted)


@dataclass(slots=True)
class EvidenceDesk:
    """Shows what was kept of an event; `secret` is k_L, `key` K_L."""

    institution: Institution
    secret: bytes = field(repr=False)
    key: bytes

    async def show(self, body: bytes) -> bytes | Problem:
        """`x/evidence` {"epoch", "index"}: the evidence of the event at `index` of X, which the epoch covers.

        Not found: no such epoch, an event it does not cover or that is still open, material erased.
        """
        try:
            wanted = _wanted.decode(body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return Problem(ErrorType.MALFORMED, detail="evidence takes an epoch and an index")
        if not (0 < wanted.epoch < 1 << 62 and 0 <= wanted.index < 1 << 62):
            return Problem(ErrorType.MALFORMED, detail="epoch and index are numbers of an epoch and a log")
        async with self.institution.db.read() as conn:
            row = await _kept(conn, wanted)
        if row is None:
            return Problem(ErrorType.NOT_FOUND, detail="nothing is kept of this event, or not yet settled")
        material = open_material(self.institution.keys.vault, bytes(row["tx"]), bytes(row["sealed"]))
        if isinstance(material, Problem):
            return material
        withheld = bytes(row["salt"]) if row["state"] == State.DEFERRED else None
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
    row: Record | None = await conn.fetchrow(_KEPT, wanted.index)
    return row


_KEPT = """
    SELECT e.tx, e.sealed, v.state, d.salt
    FROM ledger.evidence AS e JOIN ledger.event AS v USING (tx) LEFT JOIN ledger.deferred AS d USING (tx)
    WHERE e.x_index = $1 AND v.state <> 'open' ORDER BY e.at DESC LIMIT 1
"""
