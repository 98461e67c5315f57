"""Evidence: a detached signature over the exact bytes of a slip, a stamp, a receipt or an answer.

RFC 7515 appendix F (detached) with RFC 7797 (`b64` false: the bytes themselves are signed, not a base64
copy). One header layout only, in canonical form, so a signature has one spelling:

    {"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"<institution>"}
"""

import re
from collections.abc import Callable

from kumihimo.base import ErrorType, Problem
from kumihimo.messages import base64url
from kumihimo.messages.keys import SigningKey, VerifyKey

MAX_CHARACTERS = 512
_KID = r"[A-Za-z0-9._:/-]{1,128}"
_HEADER = re.compile(r'\{"alg":"EdDSA","b64":false,"crit":\["b64"\],"kid":"(' + _KID + r')"\}')


def sign_detached(payload: bytes, key: SigningKey, kid: str) -> str:
    """Sign a document in the name of `kid`: `<header>..<signature>`, to be kept beside the payload.

    ValueError if `kid` is not 1 to 128 letters, digits or `._:/-` in ASCII.
    """
    text = f'{{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"{kid}"}}'
    if not _HEADER.fullmatch(text):
        raise ValueError("this name cannot stand in a signature")
    header = base64url.encode(text.encode())
    return f"{header}..{base64url.encode(key.sign(_signed(header, payload)))}"


def verify_detached(payload: bytes, jws: str, keys: Callable[[str], VerifyKey | None]) -> str | Problem:
    """The name of who signed this payload; malformed, institution-unknown or signature-invalid otherwise.

    `keys` gives the key that the directory names for a signer, None if it names none.
    """
    header, dots, tail = jws.partition("..") if len(jws) <= MAX_CHARACTERS else ("", "", "")
    written, signature = base64url.decode(header), base64url.decode(tail)
    match = _HEADER.fullmatch(written.decode("latin-1")) if written else None
    if not dots or match is None or not signature:
        return Problem(
            ErrorType.MALFORMED,
            detail="the detached signature has not the fixed form",
            detail_ja="署名の形式が正しくありません",
        )
    kid = match[1]
    key = keys(kid)
    if key is None:
        return Problem(ErrorType.INSTITUTION_UNKNOWN, detail=f"no key is known for {kid}")
    if not key.verify(signature, _signed(header, payload)):
        return Problem(
            ErrorType.SIGNATURE_INVALID,
            detail=f"the document is not what {kid} signed",
            detail_ja="文書の署名が一致しません",
        )
    return kid


def _signed(header: str, payload: bytes) -> bytes:
    """RFC 7797 §3: the header as text, a dot, the payload as it is."""
    return header.encode() + b"." + payload
