"""Acquiring codes (符号取得, 番号法21条の2): an institution gets its own code for people it lawfully knows.

The institution that holds the number asks numbering; numbering writes a slip from the root domain,
has it stamped by both operators, and hands it back. Whoever the code is for takes it out with proofs
verified. Numbering never learns the code; the institution never learns the person element; nobody on
the way learns either. A body that may hold codes but no numbers (法務大臣, 番号法9条3項) gets its
deliveries through a municipality that does hold them, and that its entry in the directory names: nobody
else can plant a code in its register.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.envelopes import (
    AcquireRequest,
    Delivery,
    Taken,
    Wanted,
    WantedBox,
    acquire_request,
    acquired_form,
    delivery_form,
    taken_form,
    wanted_box,
)
from kumihimo.exchange.gates import Rules, check_slip, check_stamps
from kumihimo.exchange.receiving import TARGET_BOX, open_box, take_codes
from kumihimo.exchange.slip import Verb, entry_of, new_tx
from kumihimo.exchange.store import TakeJob
from kumihimo.exchange.visits import PATIENCE_SECONDS, visit
from kumihimo.exchange.writes import Writes
from kumihimo.messages import boxes
from kumihimo.node import Entry, Institution

WANTED_BOX = b"kumihimo/box/wanted/1"


def unnamed(recipient: Entry, by: Entry) -> Problem | None:
    """Refuse whoever has codes made for an institution, or brings them, that did not name it for this."""
    if recipient.takes_codes_from(by.id):
        return None
    return Problem(
        ErrorType.NOT_PERMITTED,
        detail=f"the directory does not name {by.id} among those who may have codes made for {recipient.id}",
        detail_ja=f"{recipient.id}の符号を取得できる機関として、{by.id}は名簿に示されていません",
        ground="番号法21条の2",
    )


@dataclass(slots=True)
class Acquirer:
    """The side of a gateway that acquires codes, for itself or for a body it serves."""

    institution: Institution
    rules: Rules
    writes: Writes

    async def acquire(
        self, recipient: str, affair: str, wanted: Sequence[Wanted]
    ) -> tuple[int, tuple[int, ...]] | Problem:
        """Have codes made; give how many the recipient took, and the rows nobody was found for."""
        directory = self.institution.directory.current
        numbering, tx = directory.service("numbering"), new_tx()
        sealed = boxes.seal(
            numbering.box_public,
            wanted_box.write(WantedBox(rows=tuple(wanted))),
            info=WANTED_BOX,
            aad=tx,
        )
        ask = AcquireRequest(tx=tx, recipient=recipient, affair=affair, sealed=sealed)
        body = await visit(
            self.institution, numbering.id, "acquire", acquire_request.write(ask), tx, PATIENCE_SECONDS
        )
        acquired = body if isinstance(body, Problem) else acquired_form.read(body)
        if isinstance(acquired, Problem):
            return acquired
        if acquired.delivery is None:
            return 0, acquired.refused
        taken = await self._hand_over(recipient, acquired.delivery, tx)
        return taken if isinstance(taken, Problem) else (taken.codes, acquired.refused)

    async def _hand_over(self, recipient: str, delivery: Delivery, tx: bytes) -> Taken | Problem:
        if recipient == self.institution.settings.id:
            return await self.take(delivery_form.write(delivery))
        body = await visit(
            self.institution, recipient, "acquired", delivery_form.write(delivery), tx, PATIENCE_SECONDS
        )
        return body if isinstance(body, Problem) else taken_form.read(body)

    async def take_from(self, carrier: Entry | None, body: bytes) -> Taken | Problem:
        """Take codes that another institution brings, if the directory names it for this."""
        own = self.institution.directory.current.entries.get(self.institution.settings.id)
        if carrier is None or own is None:
            return Problem(ErrorType.UNAUTHENTICATED if carrier is None else ErrorType.INSTITUTION_UNKNOWN)
        return unnamed(own, carrier) or await self.take(body)

    async def take(self, body: bytes) -> Taken | Problem:
        """Take codes out of a stamped delivery and keep them; brought again, it changes nothing."""
        delivery = delivery_form.read(body)
        if isinstance(delivery, Problem):
            return delivery
        directory = self.institution.directory.current
        accepted = check_slip(
            delivery.slip, sender=None, directory=directory, rules=self.rules, now=self.institution.clock()
        )
        if isinstance(accepted, Problem):
            return accepted
        if accepted.slip.kind is not Verb.ACQUIRE or accepted.target.id != self.institution.settings.id:
            return Problem(ErrorType.NOT_PERMITTED, detail="this is no delivery of codes to this institution")
        stamps = check_stamps(delivery.first, delivery.second, accepted, directory)
        if isinstance(stamps, Problem):
            return stamps
        box = open_box(
            self.institution, accepted, delivery.box, info=TARGET_BOX, named=accepted.slip.sealed.target
        )
        if isinstance(box, Problem):
            return box
        if len(box.references) != len(box.openings):
            return Problem(ErrorType.MALFORMED, detail="the delivery does not say whose codes these are")
        codes = take_codes(self.institution, accepted, stamps, box, ledger=False)
        if isinstance(codes, Problem):
            return codes
        job = TakeJob(
            tx=accepted.slip.tx,
            slip=accepted.digest,
            epoch=accepted.slip.codes.target_epoch,
            entry=entry_of(accepted.slip, accepted.commit),
            subjects=box.references,
            codes=tuple(code.element for code in codes),
        )
        kept = await self.writes.take(job)
        return kept if isinstance(kept, Problem) else Taken(codes=kept)
