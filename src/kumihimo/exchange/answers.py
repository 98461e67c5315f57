"""Answers as the inquirer takes them: verified against the slip, and kept with all papers as evidence."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.envelopes import AnswerEnvelope, Form
from kumihimo.exchange.gates import Accepted
from kumihimo.exchange.layouts import Layouts
from kumihimo.exchange.slip import Answer, MalformedError, Outcome, Signed, answer_codec
from kumihimo.messages import jws


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came back: the signed answer, its items (null unless provided), and the name of the exchange."""

    tx: str
    answer: Answer
    items: Mapping[str, object] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """A slip on its way with everything needed to bring it again; kept sealed."""

    slip: Signed
    target_box: bytes = field(repr=False)
    ledger_box: bytes | None = field(repr=False)
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All papers of a finished exchange; kept sealed, verifiable by anyone who has the directory."""

    slip: Signed
    first: Signed
    second: Signed
    receipt: Signed | None
    answer: Signed
    items: bytes | None = field(repr=False)
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stamped:
    """The papers a slip has collected before it reaches the provider."""

    first: Signed
    second: Signed
    receipt: Signed | None


papers_form = Form(Papers)
evidence_form = Form(Evidence)


def verify_answer(envelope: AnswerEnvelope, accepted: Accepted) -> Answer | Problem:
    """Verify that the provider signed this answer to this slip, sealed items included."""
    try:
        answer = answer_codec.decode(envelope.answer.body)
    except MalformedError:
        return Problem(ErrorType.MALFORMED, detail="the answer cannot be read")
    target = accepted.target
    verdict = jws.verify_detached(
        envelope.answer.body, envelope.answer.jws, lambda kid: target.sign_key if kid == target.id else None
    )
    if isinstance(verdict, Problem):
        return verdict
    sealed = hashlib.sha256(envelope.sealed).digest() if envelope.sealed is not None else None
    if answer.slip != accepted.digest or answer.tx != accepted.slip.tx or answer.sealed != sealed:
        return Problem(ErrorType.SIGNATURE_INVALID, detail="the answer belongs to another slip")
    if (answer.outcome is Outcome.PROVIDED) != (sealed is not None):
        return Problem(ErrorType.MALFORMED, detail="items come with an answer that provides, and only then")
    return answer


def problem_of(answer: Answer) -> Problem | None:
    """The refusal an answer carries; a reason that is newer than this program is `unknown`."""
    if answer.problem is None:
        return None
    return Problem(ErrorType(answer.problem) if answer.problem in ErrorType else ErrorType.UNKNOWN)


def read_items(
    plain: bytes, answer: Answer, accepted: Accepted, layouts: Layouts
) -> Mapping[str, object] | Problem:
    """Read the opened items: each asked one is there, or named as withheld or absent, and in its form."""
    try:
        items = msgspec.json.decode(plain, type=dict[str, object])
    except msgspec.MsgspecError:
        return Problem(ErrorType.LAYOUT_UNSUPPORTED, detail="the items cannot be read")
    slip = accepted.slip
    layout = layouts.get(slip.information, slip.layout)
    expected = set(slip.items) - set(answer.withheld) - set(answer.absent)
    if set(items) != expected or (layout is not None and layout.validate(items)):
        return Problem(ErrorType.LAYOUT_UNSUPPORTED, detail="the items do not follow the layout")
    return items
