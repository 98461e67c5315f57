"""The three steps of the blind conversion: the inquirer asks, an operator converts, the target receives.

    request   X0 = b·(a1·a2)^-1·P_A     D_i = a_i^-1·S_i,A     Cb = b·G + r·H'
    convert   X_i = f_i·X_i-1           f_i = c_i·a_i·s_i,T·s_i,A^-1, proved
    receive   P_T = (b·c1·c2)^-1·X2     after the commitment and both proofs hold

A slip carries any number of rows (persons) up to MAX_ROWS. b and r are fresh for every row, so rows need
no shuffling; a_i and c_i belong to the transaction, so one proof covers all rows of one operator's step.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from kumihimo.base import ErrorType, Problem
from kumihimo.codes.group import (
    GENERATOR,
    Element,
    InvalidElement,
    InvalidScalar,
    Scalar,
    add,
    is_element,
    multiply,
    multiply_base,
    random_scalar,
    scalar,
    scalar_invert,
    scalar_invert_all,
    scalar_multiply,
)
from kumihimo.codes.hashing import CTX, hash_to_group, lp
from kumihimo.codes.keys import DomainKey, OperatorNumber, receive_blind, request_blind
from kumihimo.codes.model import ROOT, Conversion, Domain, InstitutionCode, Request, RequestRow
from kumihimo.codes.proofs import generate_proof_at, verify_proof

MAX_ROWS = 1000
"""The most persons one slip may carry."""

PEDERSEN = hash_to_group(b"pedersen")
"""H': the second base of every commitment; nobody knows its logarithm."""


def request(
    codes: Sequence[InstitutionCode], *, tx: bytes, k1: bytes, k2: bytes, s1: bytes, s2: bytes
) -> Request:
    """Blind the inquirer's own codes for one slip.

    k1, k2: the keys shared with operators 1 and 2; s1, s2: the inquirer's commitments S_1,A and S_2,A
    from the directory (both G for numbering, whose codes are person elements). Raises InvalidElement
    where a stored code or a commitment is corrupt.
    """
    scalars = [(random_scalar(), random_scalar()) for _ in codes]
    return request_with(codes, scalars, tx=tx, k1=k1, k2=k2, s1=s1, s2=s2)


def request_with(
    codes: Sequence[InstitutionCode],
    scalars: Sequence[tuple[Scalar, Scalar]],
    *,
    tx: bytes,
    k1: bytes,
    k2: bytes,
    s1: bytes,
    s2: bytes,
) -> Request:
    """`request` with its random (b, r) per row given, to reproduce vectors."""
    a1, a2 = request_blind(k1, 1, tx), request_blind(k2, 2, tx)
    both = scalar_invert(scalar_multiply(a1, a2))
    rows = tuple(
        RequestRow(multiply(scalar_multiply(b, both), code.element), commit(b, r), b, r)
        for code, (b, r) in zip(codes, scalars, strict=True)
    )
    return Request(_multiple(scalar_multiply(both, a2), s1), _multiple(scalar_multiply(both, a1), s2), rows)


@dataclass(frozen=True, slots=True)
class Leg:
    """One target of an operator's conversion: its domain and key, its pair key, and the rows for it."""

    target: Domain
    key: DomainKey
    k_target: bytes = field(repr=False)
    xs: Sequence[bytes]


def convert(
    *,
    number: OperatorNumber,
    tx: bytes,
    source: Domain,
    target: Domain,
    d: bytes,
    xs: Sequence[bytes],
    source_key: DomainKey,
    target_key: DomainKey,
    k_source: bytes,
    k_target: bytes,
) -> Conversion | Problem:
    """One operator's step toward one target, with its proof; see `convert_each`."""
    done = convert_each(
        number=number,
        tx=tx,
        source=source,
        d=d,
        source_key=source_key,
        k_source=k_source,
        legs=(Leg(target, target_key, k_target, xs),),
    )
    return done if isinstance(done, Problem) else done[0]


def convert_each(
    *,
    number: OperatorNumber,
    tx: bytes,
    source: Domain,
    d: bytes,
    source_key: DomainKey,
    k_source: bytes,
    legs: Sequence[Leg],
    nonces: Sequence[bytes] | None = None,
) -> tuple[Conversion, ...] | Problem:
    """One operator's step toward every target of a slip (the provider and the ledger), with its proofs.

    d: the slip's D1 or D2; a leg's xs: the slip's X0 for operator 1, operator 1's rows for operator 2.
    Refuses malformed elements, too many rows, and the root domain as a target (that would hand out the
    person element). A wrong but well-formed d is not refused here: its proof fails at the receiver.
    """
    if any(leg.target.label == ROOT.label for leg in legs):
        return Problem(ErrorType.NOT_PERMITTED, detail="no code is converted to the root domain")
    if any(not leg.xs for leg in legs) or not is_element(d):
        return Problem(ErrorType.MALFORMED, detail="codes of the slip")
    if any(len(leg.xs) > MAX_ROWS for leg in legs):
        return Problem(ErrorType.TOO_LARGE, detail=f"more than {MAX_ROWS} rows")
    # D = a^-1·s_A·G, so this is the inverse of its discrete logarithm; no inversion is needed.
    base_inverse = scalar_multiply(request_blind(k_source, number, tx), source_key.inverse.reveal())
    chosen = nonces or [random_scalar() for _ in legs]
    try:
        return tuple(
            _convert_leg(leg, base_inverse, nonce, number=number, tx=tx, source=source, d=d)
            for leg, nonce in zip(legs, chosen, strict=True)
        )
    except InvalidElement:
        return Problem(ErrorType.MALFORMED, detail="codes of the slip")


def receive(
    *,
    tx: bytes,
    source: Domain,
    target: Domain,
    d1: bytes,
    d2: bytes,
    rows: Sequence[tuple[bytes, bytes]],
    openings: Sequence[tuple[bytes, bytes]],
    first: Conversion,
    second: Conversion,
    k1: bytes,
    k2: bytes,
    s1: bytes,
    s2: bytes,
) -> tuple[InstitutionCode, ...] | Problem:
    """The target's own codes for the persons of a slip, or why nothing may be believed.

    rows: (X0, Cb) per person from the slip; openings: (b, r) per person from the sealed box; s1, s2:
    the target's commitments from the directory. Never returns part of the codes.
    """
    count = len(rows)
    if not count or any(len(part) != count for part in (openings, first.xs, second.xs)):
        return Problem(ErrorType.MALFORMED, detail="rows, openings and conversions differ in number")
    try:
        blinds = [_opened(cb, b, r) for (_, cb), (b, r) in zip(rows, openings, strict=True)]
    except (InvalidElement, InvalidScalar):
        return Problem(ErrorType.PROOF_INVALID, detail="inquirer: an opening does not match the slip")
    c1, c2 = receive_blind(k1, 1, tx), receive_blind(k2, 2, tx)
    x0s = [x0 for x0, _ in rows]
    for number, d, c, s, before, step in ((1, d1, c1, s1, x0s, first), (2, d2, c2, s2, first.xs, second)):
        context = conversion_context(number, d, source, target, tx)
        if not verify_proof(d, multiply(c, s), before, step.xs, step.proof, context=context):
            return Problem(ErrorType.PROOF_INVALID, detail=f"operator {number}: its proof does not hold")
    both = scalar_multiply(c1, c2)
    unblinding = scalar_invert_all([scalar_multiply(b, both) for b in blinds])
    return tuple(InstitutionCode(multiply(u, x2)) for u, x2 in zip(unblinding, second.xs, strict=True))


def commit(b: bytes, r: bytes) -> Element:
    """Com(b, r) = b·G + r·H': binds the inquirer to b before the operators convert (Pedersen)."""
    return add(multiply_base(b), multiply(r, PEDERSEN))


def conversion_context(number: int, d: bytes, source: Domain, target: Domain, tx: bytes) -> bytes:
    """CTXi_T: binds a proof to its base, both domains with their epochs, the transaction and the operator."""
    bound = lp(d) + source.encoded + target.encoded + lp(tx) + number.to_bytes(1)
    return CTX + b"|" + hashlib.sha256(bound).digest()


def _convert_leg(
    leg: Leg, base_inverse: Scalar, nonce: bytes, *, number: int, tx: bytes, source: Domain, d: bytes
) -> Conversion:
    received = scalar_multiply(receive_blind(leg.k_target, number, tx), leg.key.scalar.reveal())
    f = scalar_multiply(received, base_inverse)
    xs = tuple([multiply(f, x) for x in leg.xs])
    context = conversion_context(number, d, source, leg.target, tx)
    # C = c·S_T, made from its scalar because that is the cheaper multiplication.
    proof = generate_proof_at(
        f, base_inverse, multiply_base(received), leg.xs, xs, context=context, nonce=nonce
    )
    return Conversion(xs, proof)


def _opened(cb: bytes, b: bytes, r: bytes) -> Scalar:
    blind = scalar(b)
    if not hmac.compare_digest(commit(blind, scalar(r)), cb):
        raise InvalidScalar("the opening does not match")
    return blind


def _multiple(k: bytes, p: bytes) -> Element:
    return multiply_base(k) if p == GENERATOR else multiply(k, p)
