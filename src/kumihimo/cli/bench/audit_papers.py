"""What the audit's bench looks at: one stamped and signed event after another, as a ledger keeps them."""

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from kumihimo.base import system_clock
from kumihimo.cli.bench.codes import CITY, LEDGER, OPERATORS, PENSION, Parties
from kumihimo.codes import (
    GENERATOR,
    Domain,
    IndexEvent,
    IndexProof,
    OperatorNumber,
    multiply,
    prove_index,
    random_scalar,
)
from kumihimo.exchange import (
    VERSION,
    Basis,
    CodeRow,
    Codes,
    Converted,
    Place,
    Sealed,
    Sender,
    Signed,
    Slip,
    Stamp,
    Verb,
    commitment,
    digest,
    entry_of,
    slip_codec,
    stamp_codec,
)
from kumihimo.ledger import (
    Evidence,
    Fault,
    Material,
    Moved,
    PublicKeys,
    Traced,
    Transition,
    expected_entry,
    make_evidence,
    trace,
)
from kumihimo.messages import SigningKey, jws
from kumihimo.node import Commitment, Directory, Entry, Oversight, log_origin

X_ORIGIN = log_origin("digital")
_HOUSES = {"muni-131016": CITY, "nenkin": PENSION, "ledger": LEDGER, "digital": None, "jlis": None}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One event: what the ledger kept, its entry in X, and the transition that settled it."""

    index: int
    material: Material
    entry: bytes
    transition: Transition


class Papers:
    """Parties with keys, and a ledger with its secret."""

    def __init__(self) -> None:
        self.parties, self.secret = Parties(1), random_scalar()
        self.keys = {name: SigningKey.generate() for name in _HOUSES}
        self.pair: dict[int, bytes] = {number: self.parties.pair[LEDGER, number] for number in OPERATORS}
        self.public = PublicKeys(
            key=multiply(self.secret, GENERATOR), s1=self._point(1, LEDGER), s2=self._point(2, LEDGER)
        )
        now = system_clock()
        self.directory = Directory(
            serial=1,
            issued=now,
            expires=now + timedelta(days=1),
            entries={name: self._house(name, domain) for name, domain in _HOUSES.items()},
            oversight=Oversight(serial=1, issued=now),
        )

    def _point(self, number: OperatorNumber, domain: Domain) -> bytes:
        return self.parties.keys[number].domain(domain).commitment

    def _house(self, name: str, domain: Domain | None) -> Entry:
        services = {"ledger": ("ledger",), "digital": ("operator-1",), "jlis": ("operator-2",)}
        points: dict[int, tuple[Commitment, ...]] = {}
        if domain is not None:
            points = {n: (Commitment(0, self._point(n, domain), b""),) for n in OPERATORS}
        return Entry(
            id=name,
            name=name,
            name_en=name,
            number="",
            domain=domain.label if domain else f"jp/{name}",
            epoch=0,
            body=name,
            base_url="http://127.0.0.1:1",
            sign_key=self.keys[name].verify_key,
            box_public=bytes(32),
            commitments=points,
            services=services.get(name, ()),
        )

    def exhibit(self, index: int) -> Exhibit:
        """A new event, settled in an epoch of its own under the label of its person."""
        parties = self.parties
        parties.tx = os.urandom(16)
        if not parties.exchange():
            raise RuntimeError("the codes of the bench do not fit")
        slip = _slip(parties)
        body = slip_codec.encode(slip)
        commit, row = commitment(slip, body), parties.asked.rows[0]
        first, second = (self._stamp(number, slip, body, index) for number in OPERATORS)
        material = Material(self._signed("muni-131016", body), first, second, row.b, row.r)
        entry, nothing = entry_of(slip, commit), _settled(index, "", "")
        traced = self.traced(self.evidence(Exhibit(index, material, entry, nothing)), index, entry)
        if not isinstance(traced, Traced):
            raise RuntimeError(f"the bench's own evidence does not hold: {traced}")
        settled = _settled(index, traced.label.hex(), expected_entry(traced.accepted).hex())
        return Exhibit(index, material, entry, settled)

    def prove_index(self) -> tuple[IndexEvent, IndexProof]:
        """The index proof of the newest event alone, without papers."""
        asked, legs = self.parties.asked, (self.parties.first[LEDGER], self.parties.second[LEDGER])
        row = asked.rows[0]
        event = IndexEvent(
            tx=self.parties.tx,
            source=CITY,
            target=LEDGER,
            d1=asked.d1,
            d2=asked.d2,
            x0=row.x0,
            cb=row.cb,
            x1=legs[0].xs[0],
            proof1=legs[0].proof,
            x2=legs[1].xs[0],
            proof2=legs[1].proof,
        )
        proof = prove_index(
            event,
            b=row.b,
            r=row.r,
            k1=self.pair[1],
            k2=self.pair[2],
            s1=self.public.s1,
            s2=self.public.s2,
            secret=self.secret,
        )
        return event, proof

    def evidence(self, exhibit: Exhibit) -> Evidence:
        """What the ledger shows of an event."""
        return make_evidence(
            exhibit.material,
            exhibit.index,
            source=CITY.label,
            target=LEDGER.label,
            pair=self.pair,
            public=self.public,
            secret=self.secret,
        )

    def traced(self, evidence: Evidence, index: int, entry: bytes) -> Traced | Fault:
        """What an auditor learns of it."""
        return trace(evidence, index, entry, directory=self.directory, key=self.public.key, x_origin=X_ORIGIN)

    def _signed(self, name: str, body: bytes) -> Signed:
        return Signed(body=body, jws=jws.sign_detached(body, self.keys[name], name))

    def _stamp(self, number: int, slip: Slip, body: bytes, index: int) -> Signed:
        done = self.parties.first if number == 1 else self.parties.second
        legs = {domain: Converted(xs=one.xs, proof=one.proof) for domain, one in done.items()}
        name = ("digital", "jlis")[number - 1]
        stamp = Stamp(
            v=VERSION,
            operator=number,
            slip=digest(body),
            tx=slip.tx,
            row=slip.basis.permission,
            snapshot=slip.basis.snapshot,
            target=legs[PENSION],
            ledger=legs[LEDGER],
            commit=commitment(slip, body),
            log=Place(origin=log_origin(name), index=index),
            time=slip.time,
        )
        return self._signed(name, stamp_codec.encode(stamp))


def _settled(index: int, label: str, entry: str) -> Transition:
    moved = Moved(label=label, n=0, head="", entries=((entry, 1),))
    return Transition(
        v=1, epoch=1, moved=(moved,), settled=(index,), deferred=(), released=(), open=(), void=()
    )


def _slip(parties: Parties) -> Slip:
    asked, now = parties.asked, int(system_clock().timestamp() * 1000)
    row = CodeRow(x0=asked.rows[0].x0, cb=asked.rows[0].cb)
    return Slip(
        v=VERSION,
        kind=Verb.INQUIRE,
        tx=parties.tx,
        salt=os.urandom(16),
        sender=Sender(institution="muni-131016", office="児童手当係", operator="desk-7"),
        to="nenkin",
        basis=Basis(permission="o9/106/3@2024-05-27", snapshot=sha256(b"law").hexdigest(), piece="75/1/イ"),
        information="年金給付関係情報",
        items=("amount", "kind"),
        layout=1,
        case="case",
        time=now,
        expires=now + 60_000,
        codes=Codes(source_epoch=0, target_epoch=0, ledger_epoch=0, d1=asked.d1, d2=asked.d2, rows=(row,)),
        sealed=Sealed(target=bytes(32), ledger=bytes(32)),
        mark=None,
    )


def spoiled(evidence: Evidence) -> Evidence:
    """The same evidence with another index element: an auditor must refuse it."""
    assert evidence.proof is not None
    return replace(evidence, proof=replace(evidence.proof, index=multiply(random_scalar(), GENERATOR)))
