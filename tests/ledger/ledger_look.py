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
from kumihimo.ledger.policy import Signers
from kumihimo.messages import SigningKey, jws

INDEX = 7
"""Where every look stands in X."""
PORTAL, LEDGER = Domain("jp/portal", 0), Domain("jp/ledger", 0)
KEYS = {name: SigningKey.from_seed(sha256(name.encode()).digest()) for name in ("portal", "digital", "jlis")}
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


def signers():
    """Whose keys the policy names."""
    portal, first, second = (key.verify_key for key in KEYS.values())
    return Signers(portal, (first, second))


@cache
def look(name, time, *, keys=None, sender="portal", permission=DISCLOSE_RIGHT):
    """One person looks at their own records at a time (ms); `keys` sign for portal and operators."""
    of, secret = nation()
    portal, first, second = keys or tuple(KEYS.values())
    made = of.exchange(PORTAL, LEDGER, [code_of(name)])
    (row,), (own,) = made.asked.rows, made.received()
    slip = _slip(made, row, time, sender, permission)
    body = slip_codec.encode(slip)
    one, two = (_stamp(number, slip, body, made) for number in (1, 2))
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
        index=INDEX,
        slip=signed(body, portal, sender),
        first=signed(one, first, "digital"),
        second=signed(two, second, "jlis"),
        source=PORTAL.label,
        target=LEDGER.label,
        proof=prove_index(event, b=row.b, r=row.r, secret=secret, **keys),
    )
    entry = asked_entry(slip, commitment(slip, body), Kind.DISCLOSED)
    return Look(entry, evidence, own.element, label_of(secret, own))


def _slip(made, row, time, sender, permission):
    return Slip(
        v=VERSION,
        kind=Verb.INQUIRE,
        tx=made.tx,
        salt=os.urandom(16),
        sender=Sender(institution=sender, office="portal", operator="self"),
        to="ledger",
        basis=Basis(permission=permission, snapshot=SNAPSHOT),
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
            log=Place(origin="kumihimo/digital", index=INDEX),
            time=slip.time,
        )
    )


def signed(body, key, by):
    """A paper with its signature."""
    return Signed(body=body, jws=jws.sign_detached(body, key, by))
