"""The keys of one institution, each in a file of its own that only its owner may read (mode 0600).

`sign.key` Ed25519 seed · `box.key` HPKE seed · `vault.key` data at rest · `note.key` the log's checkpoints,
each 32 bytes in hex. `pair.json` holds what the institution shares with the two operators
{"1": hex, "2": hex}, `peers.json` what an operator shares with each institution {id: hex}, `msk.key` an
operator's master secret.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kumihimo.base import Secret
from kumihimo.log import NoteSigner
from kumihimo.messages import BoxKey, SigningKey, Vault
from kumihimo.node.settings import SettingsError

_OWN = ("sign", "box", "vault", "note")
_SIZE = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """All secrets of one institution; nothing of it is ever printed.

    `pair` maps an operator's number to k_A1, k_A2; `peers` maps an institution's id to the key an operator
    shares with it; `operator` is the master secret msk of an operator, None elsewhere.
    """

    sign: SigningKey = field(repr=False)
    box: BoxKey = field(repr=False)
    vault: Vault = field(repr=False)
    note: NoteSigner = field(repr=False)
    pair: Mapping[int, bytes] = field(repr=False)
    peers: Mapping[str, bytes] = field(repr=False)
    operator: Secret | None = field(repr=False)


def log_origin(institution: str) -> str:
    """The name of an institution's log, which its checkpoints bear."""
    return f"kumihimo.example/{institution}"


def witness_name(institution: str) -> str:
    """The name a witness cosigns the checkpoints of others under."""
    return f"{log_origin(institution)}/witness"


def create_keys(folder: Path, *, operator: bool = False) -> None:
    """Generate the keys that are missing in the folder; existing ones are never replaced."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (*_OWN, "msk") if operator else _OWN:
        path = folder / f"{name}.key"
        if not path.exists():
            _write(path, secrets.token_hex(_SIZE) + "\n")


def save_pair(folder: Path, pair: Mapping[int, bytes]) -> None:
    """Store what this institution shares with each of the two operators."""
    _write(folder / "pair.json", json.dumps({str(number): key.hex() for number, key in pair.items()}))


def save_peers(folder: Path, peers: Mapping[str, bytes]) -> None:
    """Store what this operator shares with each institution."""
    _write(folder / "peers.json", json.dumps({name: key.hex() for name, key in peers.items()}))


def load_keys(folder: Path, institution: str) -> Keys:
    """Read the keys of an institution; SettingsError names the file that is missing, wrong or open."""
    seeds = {name: load_seed(folder / f"{name}.key") for name in _OWN}
    master = folder / "msk.key"
    return Keys(
        sign=SigningKey.from_seed(seeds["sign"]),
        box=BoxKey.from_seed(seeds["box"]),
        vault=Vault(seeds["vault"]),
        note=NoteSigner(log_origin(institution), Secret(seeds["note"])),
        pair={int(number): key for number, key in _shared(folder / "pair.json").items()},
        peers=_shared(folder / "peers.json"),
        operator=Secret(load_seed(master)) if master.exists() else None,
    )


def load_seed(path: Path) -> bytes:
    """The 32 bytes of a key file; SettingsError where it is missing, wrong, or open to others."""
    return _hex(path, _read(path).strip())


def _shared(path: Path) -> dict[str, bytes]:
    if not path.exists():
        return {}
    try:
        table = json.loads(_read(path))
        return {str(name): _hex(path, text) for name, text in table.items()}
    except (ValueError, AttributeError) as fault:
        raise SettingsError(f"{path}: is not a table of names and hex keys") from fault


def _hex(path: Path, text: object) -> bytes:
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        key = b""
    if len(key) != _SIZE:
        raise SettingsError(f"{path}: a key is {_SIZE} bytes in hex")
    return key


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path}: others may read this key; chmod 600 it")
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path}: key file cannot be read") from fault


def _write(path: Path, text: str) -> None:
    """Write the whole file under another name first, so that a crash never leaves half a key."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
