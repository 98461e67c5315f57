"""The ledger's desk for the person: their own records, and the file that proves that none is missing.

The only way to read a person's records is the disclosure slip of the disclosure system (番号法附則6条3項),
which is itself recorded; there is no query for any other purpose. A slip whose items name `proof` also gets
the person's file (`kumihimo.ledger.file`), once an epoch holds this very look and the witnesses have
cosigned it; if that cannot be had in time, nothing is disclosed and the desk says so.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from kumihimo.base import JST, ErrorType, Problem
from kumihimo.exchange import (
    COUNTER_RIGHT,
    DISCLOSE_RIGHT,
    VERSION,
    Accepted,
    Answer,
    AnswerEnvelope,
    Delivery,
    Outcome,
    answer_codec,
    answer_form,
    delivery_form,
    digest,
    seal_answer,
    sign,
)
from kumihimo.ledger.closer import Closer
from kumihimo.ledger.corrections import corrections_of
from kumihimo.ledger.cut import Standpoint
from kumihimo.ledger.evidence import PublicKeys, make_evidence
from kumihimo.ledger.file import write_file
from kumihimo.ledger.material import Material
from kumihimo.ledger.model import Kind, lines
from kumihimo.ledger.person import Proved, newest_seq, person_entries, proved_person
from kumihimo.ledger.service import Ledger, Opened
from kumihimo.ledger.treemap import Bucket, Leaf, Path, bucket_of
from kumihimo.node import Entry, Institution

RECORDS, CORRECTIONS, PROOF = "records", "corrections", "proof"
PATIENCE = 8.0
"""Seconds a disclosure may wait for its epoch and for the witnesses."""
_LOOK = 0.05
_SHOWN_UNDER = {DISCLOSE_RIGHT: "番号法附則6条3項", COUNTER_RIGHT: "番号法31条・個人情報保護法76条"}


@dataclass(slots=True)
class Disclosing:
    """The desk of the disclosure system."""

    ledger: Ledger
    closer: Closer
    public: bytes
    patience: float = PATIENCE

    async def disclose(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Show a person their own records, sealed to the disclosure system, and record this look too."""
        delivery = delivery_form.read(body)
        if isinstance(delivery, Problem):
            return delivery
        opened = self.ledger.open(delivery, sender, ledger=False)
        if isinstance(opened, Problem):
            return opened
        recorded = await self.ledger.record_write(self.ledger.job(delivery, opened, Kind.DISCLOSED))
        if isinstance(recorded, Problem):
            return recorded
        items: dict[str, object] = {}
        if PROOF in opened.accepted.slip.items:
            file = await self._file(delivery, opened)
            if isinstance(file, Problem):
                return file
            items[PROOF] = file.decode()
        if RECORDS in opened.accepted.slip.items:
            items[RECORDS] = await self._records(opened.label)
        if CORRECTIONS in opened.accepted.slip.items:
            async with self.ledger.institution.db.read() as conn:
                items[CORRECTIONS] = await corrections_of(conn, opened.label)
        return answer_form.write(disclosed(self.ledger.institution, opened.accepted, items))

    async def _records(self, label: bytes) -> object:
        institution = self.ledger.institution
        async with institution.db.read() as conn:
            entries, withheld = await person_entries(conn, institution.keys.vault, label)
        return lines(entries, withheld, institution.clock())

    async def _file(self, delivery: Delivery, opened: Opened) -> bytes | Problem:
        institution = self.ledger.institution
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        async with institution.db.read() as conn:
            seq = await newest_seq(conn, opened.label)
        while True:
            problem = await self.closer.covering(seq, deadline - loop.time())
            last = self.closer.last
            if problem is not None:
                return problem
            found = await self._proved(opened.label, last) if last else None
            if last is not None and found is not None and self.closer.last is last:
                return self._written(delivery, opened, last, found)
            if loop.time() >= deadline:
                return Problem(
                    ErrorType.PROVIDER_UNAVAILABLE,
                    detail="the witnesses have not cosigned the newest epoch yet",
                    detail_ja="証人による署名がまだそろっていません",
                )
            await asyncio.sleep(_LOOK)

    async def _proved(self, label: bytes, last: Standpoint) -> Proved | None:
        """The person as of this epoch, if it is still the newest and vouched for."""
        institution = self.ledger.institution
        entries = institution.directory.current.entries.values()
        async with institution.db.read() as conn:
            found = await proved_person(
                conn,
                institution.keys.vault,
                label,
                last,
                today=institution.clock().astimezone(JST).date(),
                cosigned=any("witness" in entry.services for entry in entries),
            )
        return found if found.epoch == last.number and found.tlog is not None else None

    def _written(
        self, delivery: Delivery, opened: Opened, last: Standpoint, found: Proved
    ) -> bytes | Problem:
        institution = self.ledger.institution
        proof = _path(opened.label, last, found.bucket)
        own = institution.directory.current.entries[institution.settings.id]
        epoch = opened.accepted.slip.codes.target_epoch
        points = own.commitment(1, epoch), own.commitment(2, epoch)
        if proof is None or points[0] is None or points[1] is None or found.tlog is None:
            return Problem(ErrorType.UNKNOWN, detail="the map does not hold what the chain holds")
        leaf, path = proof
        material = Material(
            delivery.slip, delivery.first, delivery.second, opened.opening.b, opened.opening.r
        )
        evidence = make_evidence(
            material,
            opened.stamps.first.log.index,
            source=opened.accepted.source_domain.label,
            target=own.domain,
            pair=institution.keys.pair,
            public=PublicKeys(key=self.public, s1=points[0].element, s2=points[1].element),
            secret=self.ledger.secret,
        )
        return write_file(
            made=int(institution.clock().timestamp() * 1000),
            code=opened.code.element,
            chain=found.chain,
            leaf=leaf,
            path=path,
            epoch=last.text,
            tlog=found.tlog,
            evidence=evidence,
        )


def disclosed(institution: Institution, accepted: Accepted, items: dict[str, object]) -> AnswerEnvelope:
    """The ledger's answer to a disclosure slip: these items, sealed to the disclosure system that asked."""
    sealed = seal_answer(accepted, msgspec.json.encode(items))
    answer = Answer(
        v=VERSION,
        slip=accepted.digest,
        tx=accepted.slip.tx,
        outcome=Outcome.PROVIDED,
        row=accepted.slip.basis.permission,
        relayed=_SHOWN_UNDER[accepted.slip.basis.permission],
        replaces="",
        layout=accepted.slip.layout,
        withheld=(),
        absent=tuple(item for item in accepted.slip.items if item not in items),
        cached_at=None,
        sealed=digest(sealed),
        problem=None,
        time=int(institution.clock().timestamp() * 1000),
    )
    return AnswerEnvelope(answer=sign(institution, answer_codec.encode(answer)), sealed=sealed)


def _path(label: bytes, last: Standpoint, records: bytes) -> tuple[Leaf, Path] | None:
    """The leaf of a label and its path to the map's root."""
    found = Bucket.of(records).prove(label)
    if found is None:
        return None
    leaf, inside = found
    return leaf, inside + last.top.path(bucket_of(label, last.top.depth))
