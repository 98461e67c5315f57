"""What the desk reads of the exchange's own tables: inquiries, their papers, and waiting questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.answers import Evidence, Papers, evidence_form, papers_form
from kumihimo.exchange.envelopes import delivery_form
from kumihimo.exchange.gates import accepted_before, check_stamps
from kumihimo.exchange.gateway import Gateway
from kumihimo.exchange.provider import find_person
from kumihimo.exchange.receiving import TARGET_BOX, open_box, take_codes
from kumihimo.exchange.slip import (
    Answer,
    Receipt,
    Slip,
    Stamp,
    answer_codec,
    receipt_codec,
    slip_codec,
    stamp_codec,
)

RECENT = 30


@dataclass(frozen=True, slots=True)
class Recent:
    """One inquiry of this institution as its list shows it."""

    tx: str
    state: str
    problem: str | None
    opened_at: datetime
    slip: Slip
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """All papers of an answered inquiry, read; `items` is what was provided."""

    slip: Slip
    first: Stamp
    second: Stamp
    receipt: Receipt | None
    answer: Answer
    items: dict[str, object] | None = field(repr=False)
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WaitingPaper:
    """A waiting question with everything the human who decides must know."""

    slip: Slip
    reason: str
    asked_at: datetime
    subject: str | None = field(repr=False)


async def recent(gateway: Gateway, most: int = RECENT) -> Sequence[Recent]:
    """The newest inquiries of this institution."""
    async with gateway.institution.db.read() as conn:
        rows = await conn.fetch(
            "SELECT tx, state, problem, opened_at, papers FROM exchange.inquiry "
            "ORDER BY opened_at DESC LIMIT $1",
            most,
        )
    found = []
    for row in rows:
        papers = _papers(gateway, bytes(row["tx"]), bytes(row["papers"]))
        if papers is not None:
            slip = slip_codec.decode(papers.slip.body)
            tx, at = row["tx"].hex(), row["opened_at"]
            found.append(Recent(tx, row["state"], row["problem"], at, slip, papers.subject))
    return found


async def inquiry(gateway: Gateway, tx: str) -> Finished | Recent | Problem:
    """One inquiry: with its papers when it was answered, else how it stands."""
    key = tx_bytes(tx)
    async with gateway.institution.db.read() as conn:
        row = await conn.fetchrow(
            "SELECT state, problem, opened_at, papers, evidence FROM exchange.inquiry WHERE tx = $1", key
        )
    papers = _papers(gateway, key, bytes(row["papers"])) if row else None
    if row is None or papers is None:
        return Problem(ErrorType.NOT_FOUND, detail_ja="この番号の照会は、この機関にはありません。")
    if row["evidence"] is None:
        slip = slip_codec.decode(papers.slip.body)
        return Recent(tx, row["state"], row["problem"], row["opened_at"], slip, papers.subject)
    plain = gateway.institution.keys.vault.open(bytes(row["evidence"]), key)
    evidence = plain if isinstance(plain, Problem) else evidence_form.read(plain)
    return evidence if isinstance(evidence, Problem) else _finished(evidence)


async def waiting_paper(gateway: Gateway, tx: str) -> WaitingPaper | Problem:
    """A question that waits for a human here, with the person it is about as this register knows them."""
    institution, key = gateway.institution, tx_bytes(tx)
    async with institution.db.read() as conn:
        row = await conn.fetchrow(
            "SELECT papers, reason, asked_at FROM exchange.approval WHERE tx = $1 AND decision IS NULL", key
        )
        if row is None:
            return Problem(
                ErrorType.NOT_FOUND,
                detail="no question waits under this number; it may be decided already",
                detail_ja="この番号の問い合わせはありません。すでに判断されたものかもしれません。",
            )
        plain = institution.keys.vault.open(bytes(row["papers"]), key)
        delivery = plain if isinstance(plain, Problem) else delivery_form.read(plain)
        if isinstance(delivery, Problem):
            return delivery
        directory = institution.directory.current
        accepted = accepted_before(delivery.slip, directory)
        if isinstance(accepted, Problem):
            return accepted
        stamps = check_stamps(delivery.first, delivery.second, accepted, directory)
        if isinstance(stamps, Problem):
            return stamps
        named = accepted.slip.sealed.target
        box = open_box(institution, accepted, delivery.box, info=TARGET_BOX, named=named)
        codes = (
            box if isinstance(box, Problem) else take_codes(institution, accepted, stamps, box, ledger=False)
        )
        if isinstance(codes, Problem):
            return codes
        person = await find_person(conn, codes[0])
    subject = person.subject if person else None
    return WaitingPaper(accepted.slip, row["reason"], row["asked_at"], subject)


def tx_bytes(text: str) -> bytes:
    """The name of an exchange from an address; empty when it is none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _papers(gateway: Gateway, tx: bytes, sealed: bytes) -> Papers | None:
    plain = gateway.institution.keys.vault.open(sealed, tx)
    papers = plain if isinstance(plain, Problem) else papers_form.read(plain)
    return None if isinstance(papers, Problem) else papers


def _finished(evidence: Evidence) -> Finished:
    return Finished(
        slip=slip_codec.decode(evidence.slip.body),
        first=stamp_codec.decode(evidence.first.body),
        second=stamp_codec.decode(evidence.second.body),
        receipt=receipt_codec.decode(evidence.receipt.body) if evidence.receipt else None,
        answer=answer_codec.decode(evidence.answer.body),
        items=msgspec.json.decode(evidence.items, type=dict[str, object]) if evidence.items else None,
        subject=evidence.subject,
    )
