"""Logs in memory that can be forked, witnesses that are hosted, offices that have a log to be cosigned."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace

from node_parties import Ground

from kumihimo.base import Secret
from kumihimo.log import (
    Checkpoint,
    CosignatureVerifier,
    NoteSigner,
    consistency_proof,
    read_signatures,
    root_of,
    sign_note,
)
from kumihimo.node import Institution, InstitutionSettings, Reply, Room, load_keys
from kumihimo.witness import KEY_FILES, load_cosigners
from kumihimo.world.processes import secret_file


@dataclass(frozen=True)
class PaperLog:
    """A log as a list of entries; what its keeper may do with it, a test may do."""

    signer: NoteSigner
    entries: tuple[bytes, ...]

    @classmethod
    def of(cls, institution: str, count: int, seed: bytes = bytes(range(32))) -> "PaperLog":
        signer = NoteSigner(f"kumihimo.example/{institution}", Secret(seed))
        return cls(signer, tuple(b"entry %d" % number for number in range(count)))

    def forked(self, at: int) -> "PaperLog":
        """The same log with other entries from an index on."""
        others = tuple(b"other %d" % number for number in range(at, len(self.entries)))
        return replace(self, entries=self.entries[:at] + others)

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.signer.name, size, root_of(self.entries[:size]))

    def note(self, size: int) -> str:
        return sign_note(self.checkpoint(size).text, self.signer)

    def proof(self, old: int, new: int) -> Sequence[bytes]:
        def read(level: int, index: int) -> bytes:
            return root_of(self.entries[index << level : (index + 1) << level])

        return consistency_proof(read, old, new)

    def request(self, old: int, new: int, proof: Sequence[bytes] | None = None, note: str = "") -> bytes:
        """What is posted to `add-checkpoint`."""
        hashes = self.proof(old, new) if proof is None else proof
        lines = [f"old {old}", *(b64encode(one).decode() for one in hashes), "", note or self.note(new)]
        return "\n".join(lines).encode()


async def witness(ground: Ground, name: str) -> InstitutionSettings:
    """An institution that witnesses, with its keys, entered into the directory to come."""
    settings = await ground.institution(name, ("witness",))
    for file in KEY_FILES.values():
        secret_file(settings.runtime.keys / file, Secret(secrets.token_bytes(32)))
    keys = tuple(one.verifier.text for one in load_cosigners(settings.runtime.keys, name))
    ground.entries[name] = replace(ground.entries[name], services=("witness",), witness_keys=keys)
    return replace(settings, services=("witness",))


def know(ground: Ground, log: PaperLog, **changes: object) -> None:
    """Enter the keeper of a log in memory into the directory; it need not answer."""
    name = log.signer.name.rpartition("/")[2]
    some = next(iter(ground.entries.values()))
    ground.entries[name] = replace(some, id=name, services=(), witness_keys=(), **changes)  # type: ignore[arg-type]
    ground.entries[name] = replace(ground.entries[name], log_key=log.signer.verifier.text)


async def office(ground: Ground, name: str, **changes: object) -> InstitutionSettings:
    """An institution that writes entries into its log when it is told to (room `scribe`)."""
    settings = await ground.institution(name, ("scribe",))
    key = load_keys(settings.runtime.keys, name).note.verifier.text
    ground.entries[name] = replace(ground.entries[name], log_key=key, **changes)  # type: ignore[arg-type]
    return settings


async def open_scribe(institution: Institution) -> Room:
    """Writes what it is sent into the log."""

    async def apply(_: object, log, jobs):  # type: ignore[no-untyped-def]
        return [log.stage(list(job)) for job in jobs]

    institution.journal.register("scribe", apply)
    return Room("scribe")


async def write(institution: Institution, *entries: bytes) -> int:
    """Have an office write these entries; the index of the first."""
    return int(await institution.journal.write("scribe", entries))


def true_lines(ground: Ground, name: str, text: str, answer: str) -> list[CosignatureVerifier]:
    """The keys of a witness that truly signed this text, by the lines of an answer."""
    keys = [CosignatureVerifier.parse(one) for one in ground.entries[name].witness_keys]
    lines = read_signatures(answer)
    assert isinstance(lines, tuple)
    return [
        key
        for key in keys
        for line in lines
        if (line.name, line.key_id) == (key.name, key.key_id) and key.verify(text, line.value)
    ]


async def nothing(_: object) -> Reply:
    """A witness that answers, and says nothing."""
    return Reply(200, b"", "text/plain")
