"""Institution codes (符号) and their blind conversion: nobody in the middle sees a person or a code.

The protocol is docs/protocols/codes.md; the group is libsodium's ristretto255. No I/O.
"""

from kumihimo.codes import group
from kumihimo.codes.conversion import MAX_ROWS, Leg, convert, convert_each, receive, request
from kumihimo.codes.group import (
    GENERATOR,
    LIBRARY,
    Element,
    InvalidElement,
    InvalidScalar,
    Scalar,
    is_element,
    multiply,
    random_scalar,
)
from kumihimo.codes.hashing import CTX, hash_to_group, hash_to_scalar
from kumihimo.codes.index import IndexEvent, IndexProof, check_index, index_key, prove_index
from kumihimo.codes.keys import DomainKey, OperatorKey, OperatorNumber, pair_blind, verify_possession
from kumihimo.codes.model import (
    ROOT,
    Conversion,
    Domain,
    InstitutionCode,
    Request,
    RequestRow,
    person_element,
)
from kumihimo.codes.proofs import generate_proof, verify_proof
from kumihimo.codes.rotation import rotate

__all__ = [
    "CTX",
    "GENERATOR",
    "LIBRARY",
    "MAX_ROWS",
    "ROOT",
    "Conversion",
    "Domain",
    "DomainKey",
    "Element",
    "IndexEvent",
    "IndexProof",
    "InstitutionCode",
    "InvalidElement",
    "InvalidScalar",
    "Leg",
    "OperatorKey",
    "OperatorNumber",
    "Request",
    "RequestRow",
    "Scalar",
    "check_index",
    "convert",
    "convert_each",
    "generate_proof",
    "group",
    "hash_to_group",
    "hash_to_scalar",
    "index_key",
    "is_element",
    "multiply",
    "pair_blind",
    "person_element",
    "prove_index",
    "random_scalar",
    "receive",
    "request",
    "rotate",
    "verify_possession",
    "verify_proof",
]
