"""A person's look at their own records, with real codes: slip, stamps, and the proof of the label."""

import os
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "codes"))

from codes_nation import Nation

from kumihimo.codes import GENERATOR, Domain, IndexEvent, multiply, prove_index, random_scalar
from kumihimo.exchange.slip import (
    DISCLOSE_RIGHT,
    OWN_RECORDS,
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
    slip_codec,
    stamp_codec,
)
from kumihimo.ledger.evidence import Evidence
from kumihimo.ledger.model import Entry, Kind, asked_entry, label_of

PORTAL, LEDGER = Domain("jp/portal", 0), Domain("jp/ledger", 0)
SNAPSHOT = "e5fdb02cd54e847132975634e23a1039227439fb7ec22affea9034aeeb81ec44"


@dataclass(frozen=True)
class Look:
    """What a look leaves: the entry in the chain, the evidence, and the person's code and label."""

    entry: Entry
    evidence: Evidence
    code: bytes
    label: bytes


@cache
def nation():
    """Operators and the ledger's secret scalar k_L, new in every run."""
    return Nation(), random_scalar()


@cache
def code_of(name):
    """The code of a person at the portal."""
    (code,) = nation()[0].acquire([sha256(name.encode()).digest()], PORTAL)
    return code


def public():
    """K_L, and S_1,L and S_2,L by operator."""
    of, secret = nation()
    points = of.commitments(LEDGER)
    return multiply(secret, GENERATOR), {1: points["s1"], 2: points["s2"]}


def label(name):
    """A person's label, as any look at them leads to it."""
    return look(name, 0).label


@cache
def look(name, time):
    """One person looks at their own records at a time (ms)."""
    of, secret = nation()
    made = of.exchange(PORTAL, LEDGER, [code_of(name)])
    (row,), (own,) = made.asked.rows, made.received()
    slip = _slip(made, row, time)
    body = slip_codec.encode(slip)
    stamps = [_stamp(number, slip, body, made) for number in (1, 2)]
    event = IndexEvent(
        tx=made.tx,
        source=PORTAL,
        target=LEDGER,
        d1=made.asked.d1,
        d2=made.asked.d2,
        x0=row.x0,
        cb=row.cb,
        x1=made.first.xs[0],
        proof1=made.first.proof,
        x2=made.second.xs[0],
        proof2=made.second.proof,
    )
    keys = {**of.keys(LEDGER), **of.commitments(LEDGER)}
    evidence = Evidence(
        v=1,
        index=time % 1000,
        slip=Signed(body=body, jws=_unsigned("portal")),
        first=Signed(body=stamps[0], jws=_unsigned("digital")),
        second=Signed(body=stamps[1], jws=_unsigned("jlis")),
        source=PORTAL.label,
        target=LEDGER.label,
        proof=prove_index(event, b=row.b, r=row.r, secret=secret, **keys),
    )
    entry = asked_entry(slip, commitment(slip, body), Kind.DISCLOSED)
    return Look(entry, evidence, own.element, label_of(secret, own))


def _slip(made, row, time):
    return Slip(
        v=VERSION,
        kind=Verb.INQUIRE,
        tx=made.tx,
        salt=os.urandom(16),
        sender=Sender(institution="portal", office="portal", operator="self"),
        to="ledger",
        basis=Basis(permission=DISCLOSE_RIGHT, snapshot=SNAPSHOT),
        information=OWN_RECORDS,
        items=(),
        layout=1,
        case="",
        time=time,
        expires=time + 60_000,
        codes=Codes(
            source_epoch=0,
            target_epoch=0,
            ledger_epoch=0,
            d1=made.asked.d1,
            d2=made.asked.d2,
            rows=(CodeRow(x0=row.x0, cb=row.cb),),
        ),
        sealed=Sealed(target=bytes(32), ledger=None),
        mark=None,
    )


def _stamp(number, slip, body, made):
    conversion = (made.first, made.second)[number - 1]
    return stamp_codec.encode(
        Stamp(
            v=VERSION,
            operator=number,
            slip=digest(body),
            tx=slip.tx,
            row=slip.basis.permission,
            snapshot=slip.basis.snapshot,
            target=Converted(xs=conversion.xs, proof=conversion.proof),
            ledger=None,
            commit=commitment(slip, body),
            log=Place(origin="kumihimo/digital", index=0),
            time=slip.time,
        )
    )


def _unsigned(signer):
    """As long as a signature is; the file's check does not read it, the auditor's does."""
    return f"eyJhbGciOiJFZERTQSIsImtpZCI6Ij{signer}In0.." + "A" * 86
