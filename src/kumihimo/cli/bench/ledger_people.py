"""The made-up people of the ledger's bench: their labels, exchanges that ended, and one real look.

A label is drawn from the person's number, so that every process knows the same people. Exchanges are as long
as those of the miniature nation. The look is made with real codes, because a file proves its label.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from kumihimo.base import Problem
from kumihimo.cli.bench.codes import CITY, LEDGER, Parties
from kumihimo.codes import GENERATOR, IndexEvent, multiply, prove_index, random_scalar
from kumihimo.exchange import (
    DISCLOSE_RIGHT,
    OWN_RECORDS,
    VERSION,
    Basis,
    CodeRow,
    Codes,
    Converted,
    Outcome,
    Place,
    Recorded,
    Sealed,
    Sender,
    Signed,
    Slip,
    Stamp,
    Verb,
    commitment,
    digest,
    slip_codec,
    stamp_codec,
)
from kumihimo.ledger import Entry, Evidence, Kind, Signers, label_of
from kumihimo.ledger.filling import Ended
from kumihimo.messages import SigningKey, jws

SNAPSHOT = sha256(b"the law of a day").hexdigest()
START = 1_790_000_000_000
"""Unix milliseconds of the first exchange."""
_RECEIPT = Signed(body=bytes(260), jws="." * 130)
_KEYS = {name: SigningKey.generate() for name in ("portal", "digital", "jlis")}


def label_of_number(number: int) -> bytes:
    """The label of a made-up person."""
    return sha256(b"person %d" % number).digest()


def people(numbers: range, average: int) -> Iterator[tuple[bytes, Sequence[Ended]]]:
    """These people by label, each with 1 to 2·average - 1 exchanges, `average` of them in the mean."""
    labels = sorted((label_of_number(number), number) for number in numbers)
    for label, number in labels:
        yield label, [exchange(at) for at in range(1 + number % (2 * average - 1))]


def exchange(at: int) -> Ended:
    """One exchange about local taxes, with its outcome; `at` in seconds."""
    tx, time = os.urandom(16), START + at * 1000
    asked = Entry(
        v=1,
        kind=Kind.ASKED,
        tx=tx.hex(),
        time=time,
        inquirer="muni-131016",
        office="児童手当係",
        provider="muni-271004",
        permission="o9/106/3@2024-05-27",
        snapshot=SNAPSHOT,
        piece="75/1/イ",
        information="地方税関係情報",
        items=("total_income", "tax_class"),
        commit=os.urandom(32).hex(),
    )
    outcome = Entry(v=1, kind=Kind.OUTCOME, tx=tx.hex(), time=time + 300, outcome=Outcome.PROVIDED)
    return Ended(Recorded(tx, sha256(tx).digest(), asked.inquirer), _RECEIPT, asked, outcome)


@dataclass(frozen=True, slots=True)
class Look:
    """One person's look at their own records: code, label, the exchange it is, and how it is proved."""

    parties: Parties
    secret: bytes
    code: bytes
    label: bytes
    slip: Slip

    @classmethod
    def new(cls) -> "Look":
        """A person nobody knew before, with keys of everybody."""
        parties, secret = Parties(1), random_scalar()
        received = parties.received(LEDGER)
        if isinstance(received, Problem):
            raise RuntimeError("the codes of the bench do not fit")
        return cls(parties, secret, received[0].element, label_of(secret, received[0]), _slip(parties))

    @property
    def commitments(self) -> tuple[bytes, bytes]:
        """S_1,L and S_2,L."""
        first, second = (self.parties.keys[number].domain(LEDGER).commitment for number in (1, 2))
        return first, second

    @property
    def signers(self) -> Signers:
        """Who signs slip and stamps."""
        portal, first, second = (key.verify_key for key in _KEYS.values())
        return Signers(portal, (first, second))

    @property
    def key(self) -> bytes:
        """K_L."""
        return multiply(self.secret, GENERATOR)

    @property
    def ended(self) -> Ended:
        """The look as the ledger records it."""
        body, slip = slip_codec.encode(self.slip), self.slip
        entry = Entry(
            v=1,
            kind=Kind.DISCLOSED,
            tx=slip.tx.hex(),
            time=slip.time,
            inquirer=slip.sender.institution,
            office=slip.sender.office,
            provider=slip.to,
            permission=slip.basis.permission,
            snapshot=slip.basis.snapshot,
            piece=slip.basis.piece,
            information=slip.information,
            items=slip.items,
            commit=commitment(slip, body).hex(),
        )
        return Ended(Recorded(slip.tx, digest(body), entry.inquirer), _RECEIPT, entry, None)

    def evidence(self) -> Evidence:
        """Prove the label, as the ledger does for each file."""
        parties, slip = self.parties, self.slip
        row = parties.asked.rows[0]
        first, second = parties.first[LEDGER], parties.second[LEDGER]
        event = IndexEvent(
            tx=slip.tx,
            source=CITY,
            target=LEDGER,
            d1=slip.codes.d1,
            d2=slip.codes.d2,
            x0=row.x0,
            cb=row.cb,
            x1=first.xs[0],
            proof1=first.proof,
            x2=second.xs[0],
            proof2=second.proof,
        )
        s1, s2 = self.commitments
        k1, k2 = (parties.pair[LEDGER, number] for number in (1, 2))
        proof = prove_index(event, b=row.b, r=row.r, k1=k1, k2=k2, s1=s1, s2=s2, secret=self.secret)
        return Evidence(
            v=1,
            index=0,
            slip=_signed(slip_codec.encode(slip), "portal"),
            first=self._stamp(1),
            second=self._stamp(2),
            source=CITY.label,
            target=LEDGER.label,
            proof=proof,
        )

    def _stamp(self, number: int) -> Signed:
        body, slip = slip_codec.encode(self.slip), self.slip
        done = (self.parties.first if number == 1 else self.parties.second)[LEDGER]
        stamp = Stamp(
            v=VERSION,
            operator=number,
            slip=digest(body),
            tx=slip.tx,
            row=slip.basis.permission,
            snapshot=slip.basis.snapshot,
            target=Converted(xs=done.xs, proof=done.proof),
            ledger=None,
            commit=commitment(slip, body),
            log=Place(origin="kumihimo.example/digital", index=0),
            time=slip.time,
        )
        return _signed(stamp_codec.encode(stamp), "digital" if number == 1 else "jlis")


def _signed(body: bytes, by: str) -> Signed:
    return Signed(body=body, jws=jws.sign_detached(body, _KEYS[by], by))


def _slip(parties: Parties) -> Slip:
    asked = parties.asked
    return Slip(
        v=VERSION,
        kind=Verb.INQUIRE,
        tx=parties.tx,
        salt=os.urandom(16),
        sender=Sender(institution="portal", office="portal", operator="self"),
        to="ledger",
        basis=Basis(permission=DISCLOSE_RIGHT, snapshot=SNAPSHOT),
        information=OWN_RECORDS,
        items=("proof",),
        layout=1,
        case="",
        time=START + 1_000_000,
        expires=START + 1_060_000,
        codes=Codes(
            source_epoch=CITY.epoch,
            target_epoch=LEDGER.epoch,
            ledger_epoch=LEDGER.epoch,
            d1=asked.d1,
            d2=asked.d2,
            rows=(CodeRow(x0=asked.rows[0].x0, cb=asked.rows[0].cb),),
        ),
        sealed=Sealed(target=bytes(32), ledger=None),
        mark=None,
    )
