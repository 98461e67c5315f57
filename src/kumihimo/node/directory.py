"""The signed directory: who takes part, in which roles, with which keys; and what the commission decided.

Read in this order, and refused at the first fault:
1. the document is in its one byte form (canonical JSON) and has its parts;
2. both operators' directory keys signed the list of institutions: neither can add one alone;
3. the privacy commission signed its statement (suspensions, assessments);
4. the list has not expired;
5. every code-domain commitment carries a proof that its operator knows the secret behind it;
6. the published keys of logs and witnesses bear the names of the institutions they stand at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import Domain, verify_possession
from kumihimo.messages import Malformed, SigningKey, VerifyKey, canonical, jws
from kumihimo.node.keys import log_origin, witness_name

_COMMISSION = "commission"
_LIMIT = 16 * 1024 * 1024  # all 1,741 municipalities and their commitments are some 3 MB
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class DirectoryIncompleteError(Exception):
    """The directory in use names no institution for a service everybody needs."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """An operator's public commitment to its secret for one code domain and epoch (32 bytes), with proof."""

    epoch: int
    element: bytes
    possession: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One institution as everybody knows it.

    `epoch` is the current epoch of its code domain; `commitments` maps an operator's number to its
    commitments for this domain; `provides` lists information types; `services` what it does for all
    ("operator-1", "operator-2", "ledger", "numbering", …); `codes_from` who may have codes made for it
    besides itself (番号法21条の2). `log_key` is the published key (vkey) of its log's checkpoints;
    `witness_keys` those it cosigns others' with, if it is a witness.
    """

    id: str
    name: str
    name_en: str
    number: str
    domain: str
    epoch: int
    body: str
    base_url: str
    sign_key: VerifyKey
    box_public: bytes
    roles: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    municipality: str | None = None
    commitments: Mapping[int, tuple[Commitment, ...]] = field(default_factory=dict)
    provides: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    codes_from: tuple[str, ...] = ()
    log_key: str = ""
    witness_keys: tuple[str, ...] = ()

    def takes_codes_from(self, institution: str) -> bool:
        """Whether an institution may have codes made for this one: itself, and whom it names."""
        return institution == self.id or institution in self.codes_from

    def commitment(self, operator: int, epoch: int) -> Commitment | None:
        """The commitment of one operator for one epoch of this institution's domain; None if retired."""
        for commitment in self.commitments.get(operator, ()):
            if commitment.epoch == epoch:
                return commitment
        return None


@dataclass(frozen=True, slots=True)
class Assessment:
    """An institution's privacy impact assessment (特定個人情報保護評価)."""

    published: date
    valid_until: date
    withdrawn: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether it was published, not withdrawn and not outdated on that day."""
        return self.published <= day <= self.valid_until and (self.withdrawn is None or day < self.withdrawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """The privacy commission's statement: who is suspended and why, whose assessment is in force."""

    serial: int
    issued: datetime
    suspended: Mapping[str, str] = field(default_factory=dict)
    assessments: Mapping[str, Assessment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All institutions of the network, signed by both operators, and the commission's statement beside it.

    `quorum` is how many witnesses must have cosigned a checkpoint before it counts as witnessed.
    """

    serial: int
    issued: datetime
    expires: datetime
    entries: Mapping[str, Entry]
    oversight: Oversight
    quorum: int = 2

    def verify_key(self, institution: str) -> VerifyKey | None:
        """The key an institution signs with; None if it is not in the directory."""
        entry = self.entries.get(institution)
        return None if entry is None else entry.sign_key

    def service(self, name: str) -> Entry:
        """The institution that does a service for all; raises DirectoryIncompleteError if there is none."""
        for entry in self.entries.values():
            if name in entry.services:
                return entry
        raise DirectoryIncompleteError(f"no institution of the directory is {name}")

    def operator(self, number: int) -> Entry:
        """Operator 1 or 2; raises DirectoryIncompleteError if there is none."""
        return self.service(f"operator-{number}")


EMPTY = Directory(
    serial=0,
    issued=_LONG_AGO,
    expires=_LONG_AGO,
    entries={},
    oversight=Oversight(serial=0, issued=_LONG_AGO),
)
"""Before the first directory arrives: nobody is known."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Whom the directory must be signed by: operators 1 and 2, and the privacy commission."""

    operators: Mapping[int, VerifyKey]
    commission: VerifyKey


def directory_statement(directory: Directory) -> bytes:
    """The exact bytes both operators sign: everything but the commission's statement."""
    plain = _plain(directory)
    del plain["oversight"]
    return canonical.encode(plain)


def oversight_statement(oversight: Oversight) -> bytes:
    """The exact bytes the privacy commission signs."""
    return canonical.encode(_plain(oversight))


def assemble(directory: Directory, signatures: Mapping[str, str]) -> bytes:
    """The document that is served, from signatures made apart ("root-1", "root-2", "commission")."""
    plain = _plain(directory)
    oversight = plain.pop("oversight")
    return canonical.encode({"directory": plain, "oversight": oversight, "signatures": dict(signatures)})


def sign_directory(directory: Directory, roots: Mapping[int, SigningKey], commission: SigningKey) -> bytes:
    """Sign and assemble at once, where one hand holds all three keys (the miniature nation, tests)."""
    statement = directory_statement(directory)
    signatures = {
        _root(number): jws.sign_detached(statement, key, _root(number)) for number, key in roots.items()
    }
    commission_statement = oversight_statement(directory.oversight)
    signatures[_COMMISSION] = jws.sign_detached(commission_statement, commission, _COMMISSION)
    return assemble(directory, signatures)


def parse_directory(document: bytes, roots: Roots, now: datetime) -> Directory | Problem:
    """Read and verify a directory document: malformed, signature-invalid, expired or proof-invalid."""
    try:
        plain = canonical.decode(document, _LIMIT)
        wire = msgspec.convert(plain, _Document)
        directory = msgspec.convert(wire.directory | {"oversight": wire.oversight}, Directory, str_keys=True)
    except (Malformed, msgspec.ValidationError) as fault:
        return Problem(ErrorType.MALFORMED, detail=f"directory: {fault}")
    problem = _signatures(wire, roots)
    if problem is not None:
        return problem
    if directory.expires <= now:
        return Problem(ErrorType.EXPIRED, detail=f"directory {directory.serial} has expired")
    return _unproved(directory) or _misnamed(directory) or directory


@dataclass(frozen=True, slots=True)
class _Document:
    directory: dict[str, object]
    oversight: dict[str, object]
    signatures: dict[str, str]


def _signatures(wire: _Document, roots: Roots) -> Problem | None:
    statement, oversight = canonical.encode(wire.directory), canonical.encode(wire.oversight)
    required = [(_root(number), statement, key) for number, key in roots.operators.items()]
    required.append((_COMMISSION, oversight, roots.commission))
    for name, payload, key in required:
        signature = wire.signatures.get(name, "")
        verdict = jws.verify_detached(payload, signature, {name: key}.get)
        if isinstance(verdict, Problem):
            return Problem(
                ErrorType.SIGNATURE_INVALID, detail=f"directory: signature of {name} is missing or false"
            )
    return None


def _unproved(directory: Directory) -> Problem | None:
    for entry in directory.entries.values():
        for operator, commitments in entry.commitments.items():
            for commitment in commitments:
                if not _proved(operator, Domain(entry.domain, commitment.epoch), commitment):
                    detail = f"directory: operator {operator} does not prove its commitment for {entry.id}"
                    return Problem(ErrorType.PROOF_INVALID, detail=detail)
    return None


def _misnamed(directory: Directory) -> Problem | None:
    for entry in directory.entries.values():
        origin = log_origin(entry.id)
        names = [(entry.log_key, origin)] if entry.log_key else []
        names += [(key, witness_name(entry.id)) for key in entry.witness_keys]
        if any(key.partition("+")[0] != name for key, name in names):
            return Problem(ErrorType.MALFORMED, detail=f"directory: a key of {entry.id} bears another name")
    return None


@lru_cache(maxsize=65_536)
def _proved(operator: int, domain: Domain, commitment: Commitment) -> bool:
    return verify_possession(operator, domain, commitment.element, commitment.possession)


def _root(number: int) -> str:
    return f"root-{number}"


def fingerprint(directory: Directory) -> bytes:
    """A hash over both statements; two documents of the same serials must agree in it."""
    return sha256(directory_statement(directory) + oversight_statement(directory.oversight)).digest()


def _plain(value: Directory | Oversight) -> dict[str, object]:
    """As plain JSON values: bytes in base64, times in ISO 8601, keys as text."""
    plain: dict[str, object] = msgspec.to_builtins(value, str_keys=True)
    return plain
