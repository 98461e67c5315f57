"""Logs as folders of C2SP tlog-tiles, for judges to read: from entries, or as a running log has them."""

import hashlib
import struct
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kumihimo.base import Secret
from kumihimo.log import Checkpoint, NoteSigner, encode_bundle, leaf_hash, sign_note
from kumihimo.log.edge import Edge
from kumihimo.log.tiles import TILE_WIDTH, Tile, tile_width

ORIGIN = "kumihimo.example/judged"
SIGNER = NoteSigner(ORIGIN, Secret(bytes(range(32))))
KEY = SIGNER.verifier.text


@dataclass(frozen=True)
class Witness:
    """A witness written from C2SP tlog-cosignature, apart from the product."""

    name: str
    seed: bytes
    kind: int = 4
    _key: Ed25519PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", Ed25519PrivateKey.from_private_bytes(self.seed))

    @property
    def _material(self) -> bytes:
        return bytes([self.kind]) + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def _id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def key(self) -> str:
        """The published key."""
        return f"{self.name}+{self._id.hex()}+{b64encode(self._material).decode()}"

    def cosigned(self, note: str, at: int = 1_780_000_000) -> str:
        """The note with this witness's line below."""
        body = note.rpartition("\n\n")[0] + "\n"
        signature = self._key.sign(f"cosignature/v1\ntime {at}\n{body}".encode())
        value = b64encode(self._id + struct.pack(">Q", at) + signature).decode()
        return f"{note}— {self.name} {value}\n"


def small_entries(count: int, start: int = 0) -> list[bytes]:
    return [b'{"act":%d}' % number for number in range(start, start + count)]


def signed(entries: list[bytes], signer: NoteSigner = SIGNER) -> str:
    """The log's checkpoint over these entries."""
    edge, _ = Edge().extend([leaf_hash(entry) for entry in entries])
    return sign_note(Checkpoint(signer.name, edge.size, edge.root).text, signer)


def written(folder: Path, entries: list[bytes]) -> Path:
    """A whole log in a folder, with its entries."""
    leaves = [leaf_hash(entry) for entry in entries]
    edge, rows = Edge().extend(leaves)
    tiles = {(row.level, row.n): row.hashes for row in rows}
    for n in range(-(-edge.size // TILE_WIDTH)):
        part = slice(n * TILE_WIDTH, (n + 1) * TILE_WIDTH)
        tiles[0, n] = b"".join(leaves[part])
        width = tile_width(0, n, edge.size)
        put(folder / Tile(None, n, width).path, encode_bundle(entries[part]))
    for (level, n), hashes in tiles.items():
        width = tile_width(level, n, edge.size)
        put(folder / Tile(level, n, width).path, hashes[: width * 32])
    put(folder / "checkpoint", signed(entries).encode())
    return folder


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
