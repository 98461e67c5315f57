"""Evidence of the sampled audit: that an event is recorded on its person, without showing who it is. Pure.

For an event of X the ledger shows the slip, both stamps and an index proof (`kumihimo.codes`). Whoever checks
learns the label under which the event must be counted, and works out the very entry that must stand there:

1. the slip is signed by its inquirer, the stamps by both operators, and they belong together;
2. the first stamp names this place in X, and X has there the entry that follows from the slip;
3. the index proof holds for X0, D1, D2 and Cb of the slip, X1, X2, π1 and π2 of the stamps, and the published
   S_1,L, S_2,L and K_L; label = SHA-256("label" ‖ I°);
4. in the epoch that settled or released the event this label moved, by exactly the entry that follows from
   the slip (and, for a released one, from the ground on which it was withheld).

The same document of a person's own disclosure shows that a label is theirs (`shown_label`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import Domain, IndexEvent, IndexProof, check_index, prove_index
from kumihimo.exchange import (
    Accepted,
    Place,
    Signed,
    Slip,
    Stamp,
    Stamps,
    accepted_before,
    check_stamps,
    entry_of,
    slip_codec,
    stamp_codec,
)
from kumihimo.ledger.deferral import deferral_leaf
from kumihimo.ledger.faults import Discrepancy, Fault
from kumihimo.ledger.material import Material
from kumihimo.ledger.model import Kind, asked_entry, encode_entry, entry_hash, released_entry
from kumihimo.ledger.transition import Deferral, Transition
from kumihimo.node import Directory

VERSION = 1
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the ledger shows of one event: its place in X, slip and stamps, the domains, and the index proof.

    `source` and `target` are the labels of the inquirer's and the ledger's code domains. An event withheld by
    law has no proof, because that would show whose chain it is missing from, but the `salt` of its leaf; an
    epoch that released it is answered for with the proof.
    """

    v: int
    index: int
    slip: Signed
    first: Signed
    second: Signed
    source: str
    target: str
    proof: IndexProof | None
    salt: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeys:
    """The ledger's keys as everybody knows them: K_L, and the commitments S_1,L and S_2,L."""

    key: bytes
    s1: bytes
    s2: bytes


@dataclass(frozen=True, slots=True)
class Traced:
    """What an event's evidence shows: the label of its person, and the accepted slip."""

    label: bytes = field(repr=False)
    accepted: Accepted


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Evidence, strict=True)


def write_evidence(evidence: Evidence) -> bytes:
    """The document, as `x/evidence` gives it and as a person's file holds it."""
    return _encoder.encode(evidence)


def read_evidence(data: bytes) -> Evidence | Problem:
    """Read a document of evidence, without believing it yet; refused with `malformed`."""
    try:
        if len(data) <= MAX_BYTES:
            return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        pass
    return Problem(ErrorType.MALFORMED, detail="not the evidence of an event")


def make_evidence(
    material: Material,
    index: int,
    *,
    source: str,
    target: str,
    pair: Mapping[int, bytes],
    public: PublicKeys,
    secret: bytes,
) -> Evidence:
    """The evidence of an event from what the ledger kept of it (the ledger's side).

    pair: the keys the ledger shares with operators 1 and 2; secret: k_L.
    """
    slip, first, second = _decoded(material.slip, material.first, material.second)
    event = _event(slip, first, second, source, target)
    proof = prove_index(
        event,
        b=material.b,
        r=material.r,
        k1=pair[1],
        k2=pair[2],
        s1=public.s1,
        s2=public.s2,
        secret=secret,
    )
    return Evidence(
        v=VERSION,
        index=index,
        slip=material.slip,
        first=material.first,
        second=material.second,
        source=source,
        target=target,
        proof=proof,
    )


def withheld_evidence(material: Material, index: int, *, source: str, target: str, salt: bytes) -> Evidence:
    """What the ledger shows of an event withheld by law: papers and the opening of its leaf, no label."""
    return Evidence(
        v=VERSION,
        index=index,
        slip=material.slip,
        first=material.first,
        second=material.second,
        source=source,
        target=target,
        proof=None,
        salt=salt,
    )


def shown_label(evidence: Evidence, public: PublicKeys) -> bytes | Problem:
    """The label that the index proof shows, from the papers as they are: who signed them is not checked here.

    Refused with `malformed` or `proof-invalid`.
    """
    if evidence.proof is None or evidence.v != VERSION:
        return Problem(ErrorType.MALFORMED, detail="the evidence shows no label")
    try:
        papers = _decoded(evidence.slip, evidence.first, evidence.second)
        event = _event(*papers, evidence.source, evidence.target)
    except (ValueError, IndexError):
        return Problem(ErrorType.MALFORMED, detail="the papers of the evidence cannot be read")
    problem = check_index(event, evidence.proof, s1=public.s1, s2=public.s2, key=public.key)
    return problem or label_of_index(evidence.proof.index)


def label_of_index(index: bytes) -> bytes:
    """The label that belongs to an index element I° = k_L·P_L."""
    return hashlib.sha256(b"label" + index).digest()


def trace(
    evidence: Evidence, index: int, entry: bytes, *, directory: Directory, key: bytes, x_origin: str
) -> Traced | Fault:
    """Whose label the event at `index` of X belongs to, or what is wrong with its evidence.

    The auditor's side. entry: what stands at this index of X; key: K_L.
    """
    papers = _papers(evidence, index, entry, directory=directory, x_origin=x_origin)
    if isinstance(papers, Fault):
        return papers
    accepted, stamps = papers
    ledger = directory.service("ledger")
    epoch = target_epoch(accepted.slip, stamps.first)
    points = ledger.commitment(1, epoch), ledger.commitment(2, epoch)
    domains = (accepted.source_domain.label, ledger.domain)
    if points[0] is None or points[1] is None or (evidence.source, evidence.target) != domains:
        return Fault.EVIDENCE_PROOF
    public = PublicKeys(key=key, s1=points[0].element, s2=points[1].element)
    label = shown_label(evidence, public)
    return Fault.EVIDENCE_PROOF if isinstance(label, Problem) else Traced(label, accepted)


def expected_entry(accepted: Accepted, ground: str | None = None) -> bytes:
    """The hash of the entry that must stand on the person: it follows from the slip alone.

    ground: on which ground the event was withheld until it was released.
    """
    disclosed = "ledger" in accepted.target.services
    entry = asked_entry(accepted.slip, accepted.commit, Kind.DISCLOSED if disclosed else Kind.ASKED)
    return entry_hash(encode_entry(entry if ground is None else released_entry(entry, ground)))


def judge(traced: Traced, transition: Transition, ground: str | None = None) -> Discrepancy | None:
    """Whether the epoch that settled the event counted it on its person, by the right entry.

    ground: of an event that the epoch released, on which ground it was withheld.
    """
    label, entry = traced.label.hex(), expected_entry(traced.accepted, ground).hex()
    moved = {one.label: one.entries for one in transition.moved}
    if label not in moved:
        return Discrepancy(Fault.RELABELLED, transition.epoch)
    return None if (entry, 1) in moved[label] else Discrepancy(Fault.ENTRY, transition.epoch)


def judge_deferral(
    evidence: Evidence, deferral: Deferral, entry: bytes, *, directory: Directory, x_origin: str
) -> Fault | None:
    """Whether a withholding is what it says: its leaf opens, and an inquirer's claim stands on its slip.

    What a provider claims is signed by no slip: that it did claim so is the ledger's word.
    """
    papers = _papers(evidence, deferral.index, entry, directory=directory, x_origin=x_origin)
    if isinstance(papers, Fault):
        return papers
    slip = papers[0].slip
    leaf = deferral_leaf(
        evidence.salt or b"",
        commit=deferral.commit,
        until=deferral.until,
        ground=deferral.ground,
        by=deferral.by,
    )
    claimed = slip.mark is not None and (slip.mark.until, slip.mark.ground) == (
        deferral.until,
        deferral.ground,
    )
    founded = claimed if deferral.by == slip.sender.institution else deferral.by == slip.to
    return None if founded and leaf.hex() == deferral.leaf else Fault.UNFOUNDED


def _papers(
    evidence: Evidence, index: int, entry: bytes, *, directory: Directory, x_origin: str
) -> tuple[Accepted, Stamps] | Fault:
    """The papers of the event at `index`, if all have signed them and X holds their entry there."""
    try:
        accepted = accepted_before(evidence.slip, directory)
    except ValueError:
        return Fault.EVIDENCE_PAPERS
    if isinstance(accepted, Problem):
        return Fault.EVIDENCE_PAPERS
    stamps = check_stamps(evidence.first, evidence.second, accepted, directory)
    if isinstance(stamps, Problem):
        return Fault.EVIDENCE_PAPERS
    place = Place(origin=x_origin, index=index)
    at_place = stamps.first.log == place and evidence.index == index
    follows = entry == entry_of(accepted.slip, accepted.commit)
    return (accepted, stamps) if at_place and follows else Fault.EVIDENCE_PLACE


def _decoded(slip: Signed, first: Signed, second: Signed) -> tuple[Slip, Stamp, Stamp]:
    return slip_codec.decode(slip.body), stamp_codec.decode(first.body), stamp_codec.decode(second.body)


def target_epoch(slip: Slip, first: Stamp) -> int:
    """The generation of the ledger's code domain: of its own leg, or of the slip's target at a disclosure."""
    return slip.codes.target_epoch if first.ledger is None else slip.codes.ledger_epoch


def _event(slip: Slip, first: Stamp, second: Stamp, source: str, target: str) -> IndexEvent:
    """The values of a stamped slip that the index proof speaks of; a person-event has one row."""
    (row,), codes = slip.codes.rows, slip.codes
    one, two = first.ledger or first.target, second.ledger or second.target
    return IndexEvent(
        tx=slip.tx,
        source=Domain(source, codes.source_epoch),
        target=Domain(target, target_epoch(slip, first)),
        d1=codes.d1,
        d2=codes.d2,
        x0=row.x0,
        cb=row.cb,
        x1=one.xs[0],
        proof1=one.proof,
        x2=two.xs[0],
        proof2=two.proof,
    )
