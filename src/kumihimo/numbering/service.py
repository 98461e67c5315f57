"""Numbering's desk: make the slip by which an institution obtains its code for a person (番号法21条の2).

Who asks must lawfully hold the number, by an affair of table 1 or the quasi-statutory affairs. Who
receives may be another body (法務大臣 holds codes and no numbers) whose entry in the directory names who
asks; for anybody else no codes are made. A number nobody has is refused by its position only.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kumihimo.base import ErrorType, IndividualNumber, InvalidIdentifier, Problem
from kumihimo.codes import GENERATOR, ROOT, person_element, request
from kumihimo.exchange import (
    ACQUIRE_RIGHT,
    PATIENCE_SECONDS,
    TARGET_BOX,
    VERSION,
    WANTED_BOX,
    Acquired,
    AcquireRequest,
    Basis,
    Box,
    Conditions,
    Delivery,
    Opening,
    Sealed,
    Sender,
    Slip,
    Verb,
    Wanted,
    acquire_request,
    acquired_form,
    box_codec,
    code_header,
    collect_stamps,
    digest,
    party,
    replayed,
    sign,
    slip_codec,
    today,
    unnamed,
    wanted_box,
)
from kumihimo.law import Law
from kumihimo.messages import boxes
from kumihimo.node import Entry, Institution
from kumihimo.numbering.model import Numbered, decode, number_index
from kumihimo.numbering.store import Asked, Look, find_persons, recall

INFORMATION = "情報提供用個人識別符号"
LIFE_MS = 60_000


def read_index_key(folder: Path) -> bytes:
    """Read the key of the number index, which only numbering holds."""
    return bytes.fromhex((folder / "index.key").read_text(encoding="ascii").strip())


@dataclass(slots=True)
class Numbering:
    """The only holder of the link between numbers and persons."""

    institution: Institution
    law: Law
    index_key: bytes = field(repr=False)
    look_write: Callable[[Look], Awaitable[bytes | Problem]]

    async def acquire(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Make codes for an institution: give the stamped slip, and the positions nobody was found for."""
        ask = acquire_request.read(body)
        if isinstance(ask, Problem):
            return ask
        directory = self.institution.directory.current
        recipient = directory.entries.get(ask.recipient)
        if len(ask.tx) != 16:
            return Problem(ErrorType.MALFORMED, detail="a tx is 16 bytes")
        if sender is None or recipient is None:
            return Problem(
                ErrorType.INSTITUTION_UNKNOWN, detail="requester or recipient is not in the directory"
            )
        async with self.institution.db.read() as conn:
            before = await recall(conn, ask.tx)
        if before is not None:
            same = (before.requester, before.request) == (sender.id, digest(body))
            return before.answer if same else replayed()
        fault = unnamed(recipient, sender) or self._entitled(sender, ask.affair)
        wanted = fault or self._wanted(ask)
        if isinstance(wanted, Problem):
            return wanted
        found = await self._find(wanted)
        refused = tuple(i for i, person in enumerate(found) if person is None)
        rows = [(one, person) for one, person in zip(wanted, found, strict=True) if person is not None]
        delivery = await self._deliver(recipient, ask.tx, rows) if rows else None
        if isinstance(delivery, Problem):
            return delivery
        answer = acquired_form.write(Acquired(delivery=delivery, refused=refused))
        asked = Asked(sender.id, digest(body), answer)
        look = Look(ask.tx, asked, recipient.id, ask.affair, len(wanted), len(rows))
        return await self.look_write(look)

    def _entitled(self, sender: Entry, affair: str) -> Problem | None:
        affairs = self.law.may_hold(party(sender), today(self.institution.clock))
        if any(one.id == affair for one in affairs):
            return None
        return Problem(
            ErrorType.NOT_PERMITTED,
            detail="no affair in force lets this institution use individual numbers for this",
            detail_ja="この機関は、この事務で個人番号を利用できません",
            ground="番号法9条",
        )

    def _wanted(self, ask: AcquireRequest) -> Sequence[Wanted] | Problem:
        plain = self.institution.keys.box.open(ask.sealed, info=WANTED_BOX, aad=ask.tx)
        content = plain if isinstance(plain, Problem) else wanted_box.read(plain)
        if isinstance(content, Problem):
            return content
        if not 1 <= len(content.rows) <= 1000:
            return Problem(ErrorType.MALFORMED, detail="between 1 and 1,000 codes at a time")
        return content.rows

    async def _find(self, wanted: Sequence[Wanted]) -> Sequence[Numbered | None]:
        indexes = [self._index(one.number) for one in wanted]
        async with self.institution.db.read() as conn:
            sealed = await find_persons(conn, [index for index in indexes if index])
        found: list[Numbered | None] = []
        for index in indexes:
            body = sealed.get(index) if index else None
            plain = self.institution.keys.vault.open(body, index) if body and index else None
            found.append(None if plain is None or isinstance(plain, Problem) else decode(plain))
        return found

    def _index(self, digits: str) -> bytes | None:
        try:
            return number_index(self.index_key, IndividualNumber.parse(digits).reveal())
        except InvalidIdentifier:
            return None

    async def _deliver(
        self, recipient: Entry, tx: bytes, rows: Sequence[tuple[Wanted, Numbered]]
    ) -> Delivery | Problem:
        pair = self.institution.keys.pair
        blinded = request(
            [person_element(person.rho) for _, person in rows],
            tx=tx,
            k1=pair[1],
            k2=pair[2],
            s1=GENERATOR,
            s2=GENERATOR,
        )
        box = Box(
            openings=tuple(Opening(b=row.b, r=row.r) for row in blinded.rows),
            conditions=Conditions(),
            references=tuple(one.reference for one, _ in rows),
        )
        sealed = boxes.seal(recipient.box_public, box_codec.encode(box), info=TARGET_BOX, aad=tx)
        now = int(self.institution.clock().timestamp() * 1000)
        slip = Slip(
            v=VERSION,
            kind=Verb.ACQUIRE,
            tx=tx,
            salt=secrets.token_bytes(16),
            sender=Sender(institution=self.institution.settings.id, office="", operator=""),
            to=recipient.id,
            basis=Basis(
                permission=ACQUIRE_RIGHT, snapshot=self.law.snapshot(today(self.institution.clock)).hash
            ),
            information=INFORMATION,
            items=(),
            layout=1,
            case="",
            time=now,
            expires=now + LIFE_MS,
            codes=code_header(
                blinded, ROOT.epoch, recipient, self.institution.directory.current.service("ledger")
            ),
            sealed=Sealed(target=digest(sealed), ledger=None),
            mark=None,
        )
        signed = sign(self.institution, slip_codec.encode(slip))
        stamps = await collect_stamps(self.institution, signed, tx, PATIENCE_SECONDS)
        if isinstance(stamps, Problem):
            return stamps
        return Delivery(slip=signed, first=stamps[0], second=stamps[1], box=sealed)
