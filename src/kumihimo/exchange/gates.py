"""The gates every slip passes, in this order, at both operators and at the provider, each for itself.

1. The slip reads in its one byte form and its lengths are right.
2. The inquirer stands in the signed directory, the sender of the message is the inquirer, and the
   signature over the exact bytes is the inquirer's.
3. Neither side is suspended; the slip is fresh (±30 s of clock skew, at most 60 s of life).
4. The law: the snapshot named on the slip is the one in force, and the named row permits exactly this
   (who, whom, what). No row, no exchange (番号法19条8号).
5. Both sides' privacy impact assessments are published and in force (番号法28条6項).

Single use of a tx is checked where it is recorded, inside the transaction that records it.
All of it is pure: directory, law and the time are arguments.
"""

from dataclasses import dataclass
from datetime import date, datetime

from kumihimo.base import JST, Clock, ErrorType, Problem
from kumihimo.codes import Domain
from kumihimo.exchange.layouts import Layouts
from kumihimo.exchange.slip import (
    ACQUIRE_RIGHT,
    COUNTER_RIGHT,
    DISCLOSE_RIGHT,
    OWN_RECORDS,
    VERSION,
    MalformedError,
    Receipt,
    Signed,
    Slip,
    Stamp,
    Verb,
    commitment,
    composed,
    digest,
    receipt_codec,
    shape_problem,
    slip_codec,
    stamp_codec,
)
from kumihimo.law import Law, Party, Permitted, Piece, RefusalReason
from kumihimo.messages import jws
from kumihimo.node import Directory, Entry

SKEW_MS = 30_000
_SHOWING = {DISCLOSE_RIGHT: "disclosure", COUNTER_RIGHT: "counter"}
"""Under which right which service shows persons their own records."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gates decide by: the law and the layouts of its information types."""

    law: Law
    layouts: Layouts


@dataclass(frozen=True, slots=True)
class Accepted:
    """A slip that passed the gates, with what the gates learnt about it."""

    slip: Slip
    digest: bytes
    commit: bytes
    inquirer: Entry
    target: Entry

    @property
    def source_domain(self) -> Domain:
        """The code domain the slip comes from; numbering asks from the root domain."""
        label = "root" if self.slip.kind is Verb.ACQUIRE else self.inquirer.domain
        return Domain(label, self.slip.codes.source_epoch)

    @property
    def target_domain(self) -> Domain:
        """The code domain of the institution that is asked."""
        return Domain(self.target.domain, self.slip.codes.target_epoch)


def check_slip(
    signed: Signed, *, sender: Entry | None, directory: Directory, rules: Rules, now: datetime
) -> Accepted | Problem:
    """Pass a slip through gates 1 to 5; `sender` is who sent the message (null when read from a record)."""
    try:
        slip = slip_codec.decode(signed.body)
    except MalformedError as error:
        return Problem(ErrorType.MALFORMED, detail=f"slip: {error}")
    fault = shape_problem(slip)
    if fault:
        return fault
    parties = _parties(slip, signed, sender, directory)
    if isinstance(parties, Problem):
        return parties
    return _pass(slip, signed.body, parties, directory=directory, rules=rules, now=now)


def check_own(
    slip: Slip, body: bytes, *, directory: Directory, rules: Rules, now: datetime
) -> Accepted | Problem:
    """Pass a slip this institution has just written through the gates; its own signature needs no proof."""
    if not composed(body):
        return Problem(ErrorType.MALFORMED, detail="slip: text is not in NFC")
    fault = shape_problem(slip)
    if fault:
        return fault
    parties = _known(slip, directory)
    if isinstance(parties, Problem):
        return parties
    return _pass(slip, body, parties, directory=directory, rules=rules, now=now)


def _pass(
    slip: Slip,
    body: bytes,
    parties: tuple[Entry, Entry],
    *,
    directory: Directory,
    rules: Rules,
    now: datetime,
) -> Accepted | Problem:
    inquirer, target = parties
    fault = (
        _standing(directory, inquirer, target)
        or _freshness(slip, now)
        or _law(slip, inquirer, target, rules)
        or _assessments(directory, inquirer, target, now.astimezone(JST).date())
    )
    if fault:
        return fault
    return Accepted(slip, digest(body), commitment(slip, body), inquirer, target)


def accepted_before(signed: Signed, directory: Directory) -> Accepted | Problem:
    """A slip that passed the gates once and was written down: read again, signature and parties only."""
    slip = slip_codec.decode(signed.body)
    parties = _parties(slip, signed, None, directory)
    if isinstance(parties, Problem):
        return parties
    return Accepted(slip, digest(signed.body), commitment(slip, signed.body), *parties)


def still_standing(accepted: Accepted, directory: Directory, now: datetime) -> Problem | None:
    """What may have changed since a slip passed the gates: a suspension, an assessment (番号法28条6項)."""
    inquirer, target, day = accepted.inquirer, accepted.target, now.astimezone(JST).date()
    return _standing(directory, inquirer, target) or _assessments(directory, inquirer, target, day)


def _parties(
    slip: Slip, signed: Signed, sender: Entry | None, directory: Directory
) -> tuple[Entry, Entry] | Problem:
    known = _known(slip, directory)
    if isinstance(known, Problem):
        return known
    inquirer = known[0]
    if sender is not None and sender.id != inquirer.id:
        return Problem(ErrorType.SIGNATURE_INVALID, detail="the slip was not brought by its inquirer")
    key = inquirer.sign_key
    verdict = jws.verify_detached(signed.body, signed.jws, lambda kid: key if kid == inquirer.id else None)
    return verdict if isinstance(verdict, Problem) else known


def _known(slip: Slip, directory: Directory) -> tuple[Entry, Entry] | Problem:
    inquirer = directory.entries.get(slip.sender.institution)
    target = directory.entries.get(slip.to)
    if inquirer is None or target is None or inquirer.id == target.id:
        return Problem(ErrorType.INSTITUTION_UNKNOWN, detail="inquirer or provider is not in the directory")
    return inquirer, target


def _standing(directory: Directory, *parties: Entry) -> Problem | None:
    for party in parties:
        if party.id in directory.oversight.suspended:
            return Problem(
                ErrorType.INSTITUTION_SUSPENDED,
                detail=f"{party.id} is suspended by the privacy commission",
                detail_ja=f"{party.name}は個人情報保護委員会により停止中です",
            )
    return None


def _freshness(slip: Slip, now: datetime) -> Problem | None:
    moment = int(now.timestamp() * 1000)
    if slip.time > moment + SKEW_MS:
        return Problem(ErrorType.CLOCK_SKEW, detail="the slip is dated in the future")
    if slip.expires < moment:
        return Problem(ErrorType.EXPIRED, detail="the slip has expired")
    return None


def today(clock: Clock) -> date:
    """The day in Japan; the law of that day decides."""
    return clock().astimezone(JST).date()


def slip_day(slip: Slip) -> date:
    """The day in Japan on which the slip was made; its law is the law of that day."""
    return datetime.fromtimestamp(slip.time / 1000, JST).date()


def _law(slip: Slip, inquirer: Entry, target: Entry, rules: Rules) -> Problem | None:
    law, day = rules.law, slip_day(slip)
    if slip.basis.snapshot != law.snapshot(day).hash:
        return Problem(
            ErrorType.BASIS_NOT_IN_FORCE,
            detail="the slip names another snapshot of the law than the one in force",
            detail_ja="照会票の法令の版が施行中の版と異なります",
        )
    right = slip.basis.permission
    if slip.kind is Verb.ACQUIRE or right == ACQUIRE_RIGHT:
        lawful = slip.kind is Verb.ACQUIRE and right == ACQUIRE_RIGHT and "numbering" in inquirer.services
        return None if lawful else _no_right("only numbering makes codes")
    if right in _SHOWING or "ledger" in target.services:
        lawful = (
            _SHOWING.get(right, "") in inquirer.services
            and "ledger" in target.services
            and slip.information == OWN_RECORDS
        )
        return None if lawful else _no_right("the ledger answers those who show persons their own records")
    return _table(slip, inquirer, target, law, day) or _items(slip, rules)


def _table(slip: Slip, inquirer: Entry, target: Entry, law: Law, day: date) -> Problem | None:
    decision = law.permits(slip.basis.permission, party(inquirer), party(target), slip.information, day)
    if not isinstance(decision, Permitted):
        known = law.row(slip.basis.permission) is not None
        kind = (
            ErrorType.BASIS_NOT_IN_FORCE
            if known and decision.reason is RefusalReason.NOT_IN_FORCE
            else ErrorType.NOT_PERMITTED
        )
        return Problem(
            kind,
            detail=f"the law refuses: {decision.reason}",
            nearest=decision.nearest.id if decision.nearest else None,
        )
    piece = _piece(slip.basis.piece, law)
    if slip.basis.piece is not None and (piece is None or decision.row.id not in _rows(piece, law)):
        return Problem(
            ErrorType.NOT_PERMITTED,
            detail="the named procedure does not ask for this under this row",
            detail_ja="その事務手続では、この根拠によりこの情報を求められません",
            nearest=decision.row.id,
        )
    return None


def _items(slip: Slip, rules: Rules) -> Problem | None:
    layout = rules.layouts.get(slip.information, slip.layout)
    if layout is None:
        return Problem(ErrorType.LAYOUT_UNSUPPORTED, detail="no such layout or version")
    allowed = frozenset(layout.items)
    piece = _piece(slip.basis.piece, rules.law)
    if piece is not None:
        texts = (one.text for one in rules.law.meant(piece))
        allowed = rules.layouts.items_for(slip.information, *texts)
    if not slip.items or not allowed.issuperset(slip.items):
        return Problem(
            ErrorType.ITEMS_NOT_PERMITTED,
            detail="an item is not part of what this row and piece let ask for",
            detail_ja="求める項目が、根拠となる規定の情報の範囲を超えています",
            nearest=slip.basis.permission,
        )
    return None


def _piece(reference: str | None, law: Law) -> Piece | None:
    if reference is None:
        return None
    parts = [part if part != "-" else None for part in (reference + "/-/-").split("/")[:3]]
    return law.piece(parts[0] or "", parts[1], parts[2])


def _rows(piece: Piece, law: Law) -> tuple[str, ...]:
    return tuple(row for one in (piece, *law.meant(piece)) for row in one.rows)


def _no_right(detail: str) -> Problem:
    return Problem(ErrorType.NOT_PERMITTED, detail=detail)


def party(entry: Entry) -> Party:
    """The institution as the law sees it: its roles and named qualifications."""
    return Party(frozenset(entry.roles), frozenset(entry.qualifications))


def _assessments(directory: Directory, inquirer: Entry, target: Entry, day: date) -> Problem | None:
    for side in (inquirer, target):
        assessment = directory.oversight.assessments.get(side.id)
        if assessment is None or not assessment.in_force(day):
            return Problem(
                ErrorType.PIA_NOT_PUBLISHED,
                detail=f"{side.id} has no privacy impact assessment in force",
                detail_ja=f"{side.name}の特定個人情報保護評価が公表されていません",
                ground="番号法28条6項",
            )
    return None


@dataclass(frozen=True, slots=True)
class Stamps:
    """Both operators' stamps on one slip, verified and agreeing with it."""

    first: Stamp
    second: Stamp


def check_stamp(signed: Signed, number: int, accepted: Accepted, directory: Directory) -> Stamp | Problem:
    """Verify that operator `number` signed this stamp for this very slip."""
    operator = directory.operator(number)
    try:
        stamp = stamp_codec.decode(signed.body)
    except MalformedError:
        return Problem(ErrorType.STAMP_INVALID, detail=f"stamp {number} cannot be read")
    verdict = jws.verify_detached(
        signed.body, signed.jws, lambda kid: operator.sign_key if kid == operator.id else None
    )
    rows = len(accepted.slip.codes.rows)
    parts = [stamp.target, *([stamp.ledger] if stamp.ledger else [])]
    if (
        isinstance(verdict, Problem)
        or (stamp.v, stamp.operator) != (VERSION, number)
        or stamp.slip != accepted.digest
        or stamp.tx != accepted.slip.tx
        or (stamp.row, stamp.snapshot) != (accepted.slip.basis.permission, accepted.slip.basis.snapshot)
        or stamp.commit != accepted.commit
        or any(len(part.xs) != rows for part in parts)
        or (stamp.ledger is None) != (not needs_ledger(accepted))
    ):
        return Problem(ErrorType.STAMP_INVALID, detail=f"stamp {number} does not belong to this slip")
    return stamp


def needs_ledger(accepted: Accepted) -> bool:
    """Whether a slip is also converted for the ledger: all but acquisition and disclosure."""
    return accepted.slip.kind is Verb.INQUIRE and "ledger" not in accepted.target.services


def check_stamps(first: Signed, second: Signed, accepted: Accepted, directory: Directory) -> Stamps | Problem:
    """Verify both operators' stamps on a slip."""
    one = check_stamp(first, 1, accepted, directory)
    if isinstance(one, Problem):
        return one
    two = check_stamp(second, 2, accepted, directory)
    return two if isinstance(two, Problem) else Stamps(one, two)


def check_receipt(signed: Signed | None, accepted: Accepted, directory: Directory) -> Receipt | Problem:
    """Verify the ledger's receipt: no provision without a record on the person."""
    ledger = directory.service("ledger")
    missing = Problem(ErrorType.RECEIPT_MISSING, detail="no valid receipt of the ledger for this slip")
    if signed is None:
        return missing
    try:
        receipt = receipt_codec.decode(signed.body)
    except MalformedError:
        return missing
    verdict = jws.verify_detached(
        signed.body, signed.jws, lambda kid: ledger.sign_key if kid == ledger.id else None
    )
    same = (
        receipt.slip == accepted.digest
        and receipt.commit == accepted.commit
        and receipt.tx == accepted.slip.tx
    )
    return receipt if same and not isinstance(verdict, Problem) else missing
