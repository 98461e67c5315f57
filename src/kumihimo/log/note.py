"""Signed notes: a text anyone can read, and who stands behind it (C2SP signed-note, Ed25519)."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Protocol, Self

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from kumihimo.base import ErrorType, Problem, Secret

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")

MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 64
"""C2SP asks for at least 16; a note with more than this is refused unread."""


class Algorithm(IntEnum):
    """How a note is signed (C2SP signed-note and tlog-cosignature). Numbers are never reused."""

    ED25519 = 1
    COSIGNATURE_ED25519 = 4
    COSIGNATURE_ML_DSA_44 = 6


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, the key's 4-byte id, the signature bytes."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands below a note, newline included."""
        return f"— {self.name} {b64encode(self.key_id + self.value).decode()}\n"


class Verifier(Protocol):
    """Whose signature on a note counts: the log's own key, or a witness's."""

    @property
    def name(self) -> str:
        """Who signs."""

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that tell this key from others of the same name."""

    def verify(self, text: str, value: bytes) -> bool:
        """Whether `value` is this key's signature over exactly this text."""


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """Whose signature on a note counts: a name and an Ed25519 public key (32 bytes)."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that tell this key from others of the same name."""
        return key_id_of(self.name, Algorithm.ED25519, self.public)

    @property
    def text(self) -> str:
        """The key as published: `name+key id+base64` (the vkey of C2SP)."""
        return write_key(self.name, Algorithm.ED25519, self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a published key. Raises ValueError when it is not one we can check signatures with."""
        name, algorithm, public = read_key(text)
        if algorithm != Algorithm.ED25519 or len(public) != 32:
            raise ValueError("not an Ed25519 note key")
        return cls(name, public)

    def verify(self, text: str, value: bytes) -> bool:
        """Whether `value` is this key's signature over exactly this text."""
        if len(value) != 64:
            return False
        try:
            crypto_sign_open(value + text.encode(), self.public)
        except BadSignatureError:
            return False
        return True


class NoteSigner:
    """The institution's key for its log's checkpoints; the name is the log's origin."""

    __slots__ = ("_key", "_key_id", "verifier")

    def __init__(self, name: str, seed: Secret) -> None:
        """`name` has no spaces and no plus sign; `seed` is a 32-byte Ed25519 seed (RFC 8032)."""
        if not valid_name(name):
            raise ValueError("a note signer's name has no spaces, plus signs or control characters")
        public, key = crypto_sign_seed_keypair(seed.reveal())
        self._key = Secret(key)
        self.verifier = NoteVerifier(name, public)
        self._key_id = self.verifier.key_id

    @property
    def name(self) -> str:
        """The name this key signs under."""
        return self.verifier.name

    def sign(self, text: str) -> Signature:
        """This key's signature over a note's text."""
        return Signature(self.name, self._key_id, crypto_sign(text.encode(), self._key.reveal())[:64])


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was opened: its text, and the signatures that were checked and the ones of strangers."""

    text: str
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]


def key_id_of(name: str, algorithm: int, public: bytes) -> bytes:
    """The 4 bytes that tell a key from others of the same name (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def write_key(name: str, algorithm: int, public: bytes) -> str:
    """A key as published: `name+key id+base64 of type and key` (the vkey of C2SP)."""
    encoded = b64encode(bytes([algorithm]) + public).decode()
    return f"{name}+{key_id_of(name, algorithm, public).hex()}+{encoded}"


def read_key(text: str) -> tuple[str, int, bytes]:
    """Name, type and key of a published key (vkey). Raises ValueError when it is none."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = decode_base64(encoded)
    if not valid_name(name) or not material:
        raise ValueError("not a note key")
    if key_id_of(name, material[0], material[1:]).hex() != key_id:
        raise ValueError("the note key's id does not belong to it")
    return name, material[0], material[1:]


def valid_name(name: str) -> bool:
    """Whether a signer may be called this: not empty, no space, plus sign or control character."""
    return bool(name) and name.isprintable() and not re.search(r"[\s+]", name)


def sign_note(text: str, *signers: NoteSigner) -> str:
    """The text with one signature line per signer. Raises ValueError when it cannot be a note's text."""
    if not text.endswith("\n") or _has_control(text):
        raise ValueError("a note's text ends in a newline and holds no control characters")
    return text + "\n" + "".join(signer.sign(text).line for signer in signers)


def add_signatures(note: str, signatures: Iterable[Signature]) -> str:
    """The note with further signature lines, for instance the cosignatures of witnesses."""
    return note + "".join(signature.line for signature in signatures)


def open_note(data: str, verifiers: Iterable[Verifier]) -> Note | Problem:
    """The note, if at least one of the verifiers signed it and none of their signatures is false.

    Signatures by unknown keys are ignored, as C2SP asks. Refused with `malformed` when the text is
    no note and with `signature-invalid` when nobody known signed it or a known signature is false.
    """
    split = _split(data)
    if isinstance(split, Problem):
        return split
    text, signatures = split
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified, unknown = dict[tuple[str, bytes], Signature](), list[Signature]()
    for signature in signatures:
        key = (signature.name, signature.key_id)
        if key not in known:
            unknown.append(signature)
        elif not known[key].verify(text, signature.value):
            return Problem(ErrorType.SIGNATURE_INVALID, f"the note's signature by {signature.name} is false")
        else:
            verified.setdefault(key, signature)
    if not verified:
        return Problem(ErrorType.SIGNATURE_INVALID, "no known key has signed the note")
    return Note(text, tuple(verified.values()), tuple(unknown))


def read_signatures(lines: str) -> tuple[Signature, ...] | Problem:
    """The signatures in lines that stand below a note, unchecked; `malformed` when they cannot be read."""
    if not lines.endswith("\n") or len(lines) > MAX_NOTE_BYTES or lines.count("\n") > MAX_SIGNATURES:
        return Problem(ErrorType.MALFORMED, "not signature lines")
    parsed = [_parse_line(line) for line in lines.removesuffix("\n").split("\n")]
    signatures = tuple(signature for signature in parsed if signature is not None)
    if len(signatures) != len(parsed):
        return Problem(ErrorType.MALFORMED, "a signature line of the note cannot be read")
    return signatures


def _split(data: str) -> tuple[str, tuple[Signature, ...]] | Problem:
    body, blank, lines = data.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or len(data) > MAX_NOTE_BYTES or _has_control(data):
        return Problem(ErrorType.MALFORMED, "not a signed note")
    signatures = read_signatures(lines)
    return signatures if isinstance(signatures, Problem) else (body + "\n", signatures)


def _parse_line(line: str) -> Signature | None:
    dash, name, encoded = (*line.split(" "), "", "")[:3]
    value = decode_base64(encoded)
    if dash != "—" or line.count(" ") != 2 or not valid_name(name) or value is None or len(value) < 5:
        return None
    return Signature(name, value[:4], value[4:])


def decode_base64(text: str) -> bytes | None:
    """The bytes of a standard base64 text (RFC 4648 §4), or None when it is not canonical."""
    try:
        value = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return value if b64encode(value).decode() == text else None


def _has_control(text: str) -> bool:
    return _CONTROL.search(text) is not None
