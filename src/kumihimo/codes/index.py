"""The index audit: the ledger shows under which label an event stands, and not whose event it is.

The ledger's label of a person is SHA-256("label" ‖ I°) with the index element I° = k_L·P_L. For one event
the ledger knows b and r (sealed box), c1 and c2 (pair keys and tx) and k_L, and shows

    W = b·G     V1 = c1·W     V2 = c2·V1     C1 = c1·S_1,L     C2 = c2·S_2,L     I° = z·X2

with one proof that it knows r, c1, c2 and z = k_L·(b·c1·c2)^-1 for which

    Cb - W = r·H'     C1 = c1·S_1,L     V1 = c1·W     C2 = c2·S_2,L     V2 = c2·V1
    K_L = z·V2        I° = z·X2

Together with the operators' proofs π1 (D1→C1, X0→X1) and π2 (D2→C2, X1→X2) this leaves one possible I° for
a signed slip: k_L·s_1,L·s_2,L·(b·d1·d2)^-1·X0. Why, and what a checker learns: docs/protocols/audit.md.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kumihimo.base import ErrorType, Problem
from kumihimo.codes.conversion import PEDERSEN, conversion_context
from kumihimo.codes.group import (
    Element,
    InvalidElement,
    InvalidScalar,
    Scalar,
    add,
    multiply,
    multiply_base,
    public_scalar,
    random_scalar,
    scalar_invert,
    scalar_multiply,
    scalar_subtract,
    subtract,
)
from kumihimo.codes.hashing import CTX, hash_to_scalar, lp
from kumihimo.codes.keys import receive_blind
from kumihimo.codes.model import Domain
from kumihimo.codes.proofs import verify_proof

PROOF_BYTES = 5 * 32
"""The challenge and one response for each of r, c1, c2 and z."""


@dataclass(frozen=True, slots=True)
class IndexEvent:
    """One person's row of a stamped slip, as the inquirer and both operators signed it.

    `source`: the inquirer's domain; `target`: the ledger's; x1, proof1 and x2, proof2: what operators 1 and
    2 made of x0 for the ledger.
    """

    tx: bytes
    source: Domain
    target: Domain
    d1: bytes
    d2: bytes
    x0: bytes
    cb: bytes
    x1: bytes
    proof1: bytes
    x2: bytes
    proof2: bytes


@dataclass(frozen=True, slots=True)
class IndexProof:
    """What the ledger shows for one event: six elements of 32 bytes, and the proof of 160 bytes."""

    w: bytes
    v1: bytes
    v2: bytes
    c1: bytes
    c2: bytes
    index: bytes
    proof: bytes


def index_key(secret: bytes) -> bytes:
    """K_L = k_L·G, which is published, from the ledger's secret scalar k_L; 32 bytes each."""
    return multiply_base(secret)


def prove_index(
    event: IndexEvent, *, b: bytes, r: bytes, k1: bytes, k2: bytes, s1: bytes, s2: bytes, secret: bytes
) -> IndexProof:
    """Show the index element of an event's person (the ledger's side).

    b, r: the opening of Cb from the sealed box; k1, k2: the ledger's pair keys; s1, s2: its commitments in
    the directory; secret: k_L. Believes its inputs: what does not belong together gives a proof that fails.
    Raises InvalidElement or InvalidScalar where a value is corrupt.
    """
    c1, c2 = receive_blind(k1, 1, event.tx), receive_blind(k2, 2, event.tx)
    # W, V1 and V2 are known multiples of G, so whatever is made of them is the cheaper multiplication.
    log_v1 = scalar_multiply(b, c1)
    log_v2 = scalar_multiply(log_v1, c2)
    z = scalar_multiply(secret, scalar_invert(log_v2))
    shown = IndexProof(
        w=multiply_base(b),
        v1=multiply_base(log_v1),
        v2=multiply_base(log_v2),
        c1=multiply(c1, s1),
        c2=multiply(c2, s2),
        index=multiply(z, event.x2),
        proof=b"",
    )
    nr, n1, n2, nz = (random_scalar() for _ in range(4))
    commitments = (
        multiply(nr, PEDERSEN),
        multiply(n1, s1),
        multiply_base(scalar_multiply(n1, b)),
        multiply(n2, s2),
        multiply_base(scalar_multiply(n2, log_v1)),
        multiply_base(scalar_multiply(nz, log_v2)),
        multiply(nz, event.x2),
    )
    challenge = _challenge(event, shown, s1, s2, multiply_base(secret), commitments)
    responses = [
        scalar_subtract(nonce, scalar_multiply(challenge, witness))
        for nonce, witness in ((nr, r), (n1, c1), (n2, c2), (nz, z))
    ]
    return replace(shown, proof=challenge + b"".join(responses))


def check_index(event: IndexEvent, shown: IndexProof, *, s1: bytes, s2: bytes, key: bytes) -> Problem | None:
    """Whether `shown.index` is the index element of the event's person (anybody's side).

    s1, s2: the ledger's commitments S_1,L and S_2,L; key: K_L. That slip and stamps are signed, and by whom,
    is for the caller to check: unsigned values prove nothing.
    """
    if not _holds(event, shown, s1, s2, key):
        return Problem(ErrorType.PROOF_INVALID, detail="ledger: its index proof does not hold")
    steps = (
        (1, event.d1, shown.c1, event.x0, event.x1, event.proof1),
        (2, event.d2, shown.c2, event.x1, event.x2, event.proof2),
    )
    for number, d, c, before, after, proof in steps:
        context = conversion_context(number, d, event.source, event.target, event.tx)
        if not verify_proof(d, c, [before], [after], proof, context=context):
            return Problem(ErrorType.PROOF_INVALID, detail=f"operator {number}: its proof does not hold")
    return None


def _holds(event: IndexEvent, shown: IndexProof, s1: bytes, s2: bytes, key: bytes) -> bool:
    if len(shown.proof) != PROOF_BYTES:
        return False
    try:
        challenge, sr, sc1, sc2, sz = (
            public_scalar(shown.proof[at : at + 32]) for at in range(0, PROOF_BYTES, 32)
        )
        relations = (
            (sr, PEDERSEN, subtract(event.cb, shown.w)),
            (sc1, s1, shown.c1),
            (sc1, shown.w, shown.v1),
            (sc2, s2, shown.c2),
            (sc2, shown.v1, shown.v2),
            (sz, shown.v2, key),
            (sz, event.x2, shown.index),
        )
        commitments = [
            add(multiply(response, base), multiply(challenge, image)) for response, base, image in relations
        ]
        again = _challenge(event, shown, s1, s2, key, commitments)
    except (InvalidElement, InvalidScalar):
        return False
    return hmac.compare_digest(challenge, again)


def _challenge(
    event: IndexEvent, shown: IndexProof, s1: bytes, s2: bytes, key: bytes, commitments: Sequence[Element]
) -> Scalar:
    """The Fiat-Shamir challenge: the whole event, every base and image, and the seven commitments."""
    named = event.source.encoded + event.target.encoded + lp(event.tx)
    asked = (event.d1, event.d2, event.x0, event.cb, event.x1, event.x2)
    context = CTX + b"|index|" + hashlib.sha256(named).digest()
    statement = (*asked, s1, s2, key, shown.w, shown.v1, shown.v2, shown.c1, shown.c2, shown.index)
    return hash_to_scalar(b"".join(map(lp, (*statement, *commitments))) + b"Index", context)
