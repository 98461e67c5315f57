"""Cosignatures: a witness's word that a checkpoint extends all it has seen of a log (C2SP tlog-cosignature).

Two kinds: Ed25519 (type 0x04), which every tool reads, and ML-DSA-44 (type 0x06), which a quantum computer
does not forge. Both carry the time at which the witness signed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from kumihimo.base import Problem, Secret
from kumihimo.log.checkpoint import Checkpoint
from kumihimo.log.note import Algorithm, Signature, key_id_of, read_key, valid_name, write_key

_PUBLIC_BYTES = {Algorithm.COSIGNATURE_ED25519: 32, Algorithm.COSIGNATURE_ML_DSA_44: 1312}
_VALUE_BYTES = {Algorithm.COSIGNATURE_ED25519: 8 + 64, Algorithm.COSIGNATURE_ML_DSA_44: 8 + 2420}
_LABEL = b"subtree/v1\n\0"
_TIME_LIMIT = 1 << 63
_NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """Whose cosignature counts: a witness's name, the kind of its key, the key (32 or 1,312 bytes)."""

    name: str
    algorithm: Algorithm
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that tell this key from others of the same name."""
        return key_id_of(self.name, self.algorithm, self.public)

    @property
    def text(self) -> str:
        """The key as published: `name+key id+base64` (the vkey of C2SP)."""
        return write_key(self.name, self.algorithm, self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a witness's published key. Raises ValueError when it is none that we can check with."""
        name, algorithm, public = read_key(text)
        if algorithm not in _PUBLIC_BYTES or len(public) != _PUBLIC_BYTES[Algorithm(algorithm)]:
            raise ValueError("not the key of a cosignature")
        return cls(name, Algorithm(algorithm), public)

    def verify(self, text: str, value: bytes) -> bool:
        """Whether `value` is this key's cosignature over the checkpoint with this text."""
        time = self.time(value)
        if not time:
            return False
        if self.algorithm is Algorithm.COSIGNATURE_ED25519:
            return _verify_ed25519(self.public, timed_text(text, time), value[8:])
        message = _whole_tree(self.name, time, text)
        return message is not None and verify_lattice(self.public, message, value[8:])

    def time(self, value: bytes) -> int | None:
        """When it was cosigned, in seconds since 1970, unchecked; None if this is no such cosignature."""
        if len(value) != _VALUE_BYTES[self.algorithm]:
            return None
        time = int.from_bytes(value[:8])
        return time if time < _TIME_LIMIT else None


class Cosigner:
    """A witness's key of one kind; the name tells which witness it is."""

    __slots__ = ("_sign", "verifier")

    def __init__(self, name: str, algorithm: Algorithm, seed: Secret) -> None:
        """`seed` has 32 bytes: an Ed25519 seed (RFC 8032) or the ξ of ML-DSA (FIPS 204)."""
        if not valid_name(name) or len(name.encode()) > _NAME_LIMIT:
            raise ValueError("a witness's name has no spaces, plus signs or control characters")
        self._sign: Callable[[bytes], bytes]
        if algorithm is Algorithm.COSIGNATURE_ED25519:
            public, key = crypto_sign_seed_keypair(seed.reveal())
            self._sign = lambda message: crypto_sign(message, key)[:64]
        else:
            lattice = MLDSA44PrivateKey.from_seed_bytes(seed.reveal())
            public, self._sign = lattice.public_key().public_bytes_raw(), lattice.sign
        self.verifier = CosignatureVerifier(name, algorithm, public)

    def cosign(self, checkpoint: Checkpoint, text: str, time: int) -> Signature:
        """The cosignature over a checkpoint and the note text it came in, at a time in seconds since 1970."""
        name = self.verifier.name
        if self.verifier.algorithm is Algorithm.COSIGNATURE_ED25519:
            message = timed_text(text, time)
        else:
            message = cosigned_message(name, time, checkpoint.origin, (0, checkpoint.size), checkpoint.root)
        return Signature(name, self.verifier.key_id, time.to_bytes(8) + self._sign(message))


def timed_text(text: str, time: int) -> bytes:
    """What an Ed25519 cosignature signs: a header, the time, and the whole text of the checkpoint."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosigned_message(name: str, time: int, origin: str, leaves: tuple[int, int], root: bytes) -> bytes:
    """What an ML-DSA-44 cosignature signs: the struct `cosigned_message` over leaves start .. end-1.

    Raises ValueError where name or origin have more than 255 bytes or none.
    """
    parts = [_LABEL, _prefixed(name), time.to_bytes(8), _prefixed(origin)]
    return b"".join([*parts, leaves[0].to_bytes(8), leaves[1].to_bytes(8), root])


def verify_lattice(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this ML-DSA-44 key (FIPS 204, empty context) signed the message."""
    try:
        _lattice_key(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _lattice_key(public: bytes) -> MLDSA44PublicKey:
    return MLDSA44PublicKey.from_public_bytes(public)


def _verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def _whole_tree(name: str, time: int, text: str) -> bytes | None:
    """The message over all of a checkpoint's tree; None where the text is no checkpoint."""
    checkpoint = Checkpoint.parse(text)
    if isinstance(checkpoint, Problem) or len(checkpoint.origin.encode()) > _NAME_LIMIT:
        return None
    return cosigned_message(name, time, checkpoint.origin, (0, checkpoint.size), checkpoint.root)


def _prefixed(text: str) -> bytes:
    encoded = text.encode()
    if not 0 < len(encoded) <= _NAME_LIMIT:
        raise ValueError("a name has 1 to 255 bytes here")
    return bytes([len(encoded)]) + encoded
