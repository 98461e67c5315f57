"""Where libsodium comes from: the system's library, else the one carried by the package `rbcl`.

Nothing else in this project calls libsodium's ristretto255; `group` gives these functions their meaning.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

type Call = Callable[..., int]

# Tried by name, because asking the system for the name would start a compiler or ldconfig.
_SYSTEM_NAMES = ("libsodium.so.26", "libsodium.so.23", "libsodium.so", "libsodium.dylib", "libsodium.dll")


class SodiumMissing(RuntimeError):  # noqa: N818 - named by what is wrong
    """No usable libsodium on this machine; the program cannot run."""


@dataclass(frozen=True, slots=True)
class Sodium:
    """The functions of libsodium that the group needs; each takes its output buffer first, then bytes."""

    origin: str
    version: str
    multiply: Call
    multiply_base: Call
    add: Call
    subtract: Call
    is_valid: Call
    from_hash: Call
    scalar_reduce: Call
    scalar_multiply: Call
    scalar_subtract: Call
    scalar_invert: Call
    scalar_random: Call


def load() -> Sodium:
    """libsodium as installed on the system, else the bundled one; raises SodiumMissing if neither works."""
    for name in _SYSTEM_NAMES:
        try:
            return _bind(ctypes.CDLL(name), "system")
        except (OSError, AttributeError):  # absent, or built without ristretto255
            continue
    return load_bundled()


def load_bundled() -> Sodium:
    """The libsodium inside the wheel of `rbcl`; raises SodiumMissing if it cannot be loaded."""
    try:
        from rbcl import _sodium as bundled  # noqa: PLC0415 - importing it unpacks 3 MB; only if needed
    except (ImportError, OSError) as error:
        raise SodiumMissing("install libsodium (Debian: libsodium23)") from error
    Path(bundled._name).unlink(missing_ok=True)  # rbcl leaves its unpacked copy behind at every start
    return _bind(bundled, "rbcl")


def _bind(releasing: ctypes.CDLL, origin: str) -> Sodium:
    # Arguments are left undeclared, which halves the cost of a call: `group` passes only checked bytes.
    # Point operations let other threads run meanwhile; scalar ones are shorter than that would take.
    holding = ctypes.PyDLL(releasing._name, handle=releasing._handle)
    if holding.sodium_init() < 0:
        raise SodiumMissing("libsodium does not start")
    holding.sodium_version_string.restype = ctypes.c_char_p
    return Sodium(
        origin=origin,
        version=holding.sodium_version_string().decode(),
        multiply=releasing.crypto_scalarmult_ristretto255,
        multiply_base=releasing.crypto_scalarmult_ristretto255_base,
        add=releasing.crypto_core_ristretto255_add,
        subtract=releasing.crypto_core_ristretto255_sub,
        is_valid=holding.crypto_core_ristretto255_is_valid_point,
        from_hash=releasing.crypto_core_ristretto255_from_hash,
        scalar_reduce=holding.crypto_core_ristretto255_scalar_reduce,
        scalar_multiply=holding.crypto_core_ristretto255_scalar_mul,
        scalar_subtract=holding.crypto_core_ristretto255_scalar_sub,
        scalar_invert=releasing.crypto_core_ristretto255_scalar_invert,
        scalar_random=holding.crypto_core_ristretto255_scalar_random,
    )
