"""Rotation: an institution's codes move to the next epoch of its domain after a key was exposed."""

from collections.abc import Sequence

from kumihimo.base import ErrorType, Problem
from kumihimo.codes.group import InvalidElement, InvalidScalar, multiply, scalar, scalar_multiply
from kumihimo.codes.model import InstitutionCode


def rotate(
    codes: Sequence[InstitutionCode],
    rho1: bytes,
    rho2: bytes,
    old: tuple[bytes, bytes],
    new: tuple[bytes, bytes],
) -> tuple[InstitutionCode, ...] | Problem:
    """The institution's codes in the next epoch; every other institution's codes stay as they are.

    rho1, rho2: what each operator handed over; old, new: the directory's commitments (S_1, S_2) of the
    two epochs. Refuses a rho that does not lead from one published commitment to the next, because
    codes made with it would belong to nobody. The caller destroys both rhos and the old codes.
    """
    for number, rho, before, after in ((1, rho1, old[0], new[0]), (2, rho2, old[1], new[1])):
        if not _leads(rho, before, after):
            return Problem(
                ErrorType.PROOF_INVALID,
                detail=f"operator {number}: its rotation does not lead to the published commitment",
            )
    both = scalar_multiply(rho1, rho2)
    return tuple(InstitutionCode(multiply(both, code.element)) for code in codes)


def _leads(rho: bytes, before: bytes, after: bytes) -> bool:
    try:
        return multiply(scalar(rho), before) == after
    except (InvalidElement, InvalidScalar):
        return False
