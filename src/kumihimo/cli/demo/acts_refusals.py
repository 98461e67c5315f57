"""What the desks refuse: no row, an item too many, a used name for another slip, a changed slip."""

import secrets
from dataclasses import replace

from kumihimo.base import ErrorType, Problem
from kumihimo.cli.demo.acts_family import TAX
from kumihimo.cli.demo.messenger import bring_to_operator, renewed, sign_slip
from kumihimo.cli.demo.stage import CHIYODA, OSAKA, Asked, NotHeldError, Stage, hold, refusal
from kumihimo.exchange import Signed, layouts, signed_form
from kumihimo.law import law
from kumihimo.world import Case

_UNNAMED = "生活保護関係情報"


def _before(stage: Stage) -> Asked:
    asked = stage.asked.get(TAX.name)
    if asked is None:
        raise NotHeldError("the question about taxes, on which this step stands, was not answered")
    return asked


async def no_row(stage: Stage) -> str:
    """A question no row names is refused, by one's own gateway and by the operator's desk."""
    tax = _before(stage)
    layout = layouts().latest(_UNNAMED)
    items = tuple(layout.items)[:3] if layout else ()
    case = Case(tax.case.permission, _UNNAMED, None, items)
    own = await stage.ask(CHIYODA, OSAKA, case, tax.person)
    slip = replace(renewed(tax.kept.slip, secrets.token_bytes(16)), information=_UNNAMED, items=items)
    slip = replace(slip, basis=replace(slip.basis, piece=None))
    forced = await bring_to_operator(stage.nation, CHIYODA, sign_slip(stage.nation, slip), slip.tx)
    for answer in (own, forced):
        problem = refusal(answer, ErrorType.NOT_PERMITTED)
        nearest = law().row(problem.nearest or "")
        hold(nearest is not None, "the refusal names no nearest row")
    return f"{_UNNAMED}: refused by the gateway and by the operator; nearest row {tax.case.permission}"


async def item_too_many(stage: Stage) -> str:
    """One item beyond what the piece of the detail article names is refused, at both desks."""
    tax = _before(stage)
    layout = layouts().latest(tax.case.information)
    beyond = sorted(set(layout.items) - set(tax.case.items)) if layout else []
    hold(beyond, "the piece names every item of the layout")
    items = (*tax.case.items, beyond[0])
    own = await stage.ask(CHIYODA, OSAKA, replace(tax.case, items=items), tax.person)
    slip = replace(renewed(tax.kept.slip, secrets.token_bytes(16)), items=items)
    forced = await bring_to_operator(stage.nation, CHIYODA, sign_slip(stage.nation, slip), slip.tx)
    for answer in (own, forced):
        refusal(answer, ErrorType.ITEMS_NOT_PERMITTED)
    return f"{beyond[0]} is not part of piece {tax.case.piece}: refused by the gateway and by the operator"


async def replay(stage: Stage) -> str:
    """The very same bytes again get the very same stamp: a retry changes nothing."""
    tax = _before(stage)
    again = await bring_to_operator(stage.nation, CHIYODA, tax.kept.papers.slip, tax.kept.slip.tx)
    stamp = again if isinstance(again, Problem) else signed_form.read(again)
    if isinstance(stamp, Problem):
        raise NotHeldError(f"refused: {stamp.type}: {stamp.detail}")
    hold(stamp == tax.kept.papers.first, "another stamp came for the same bytes")
    rows = await stage.nation.rows("digital", "SELECT 1 FROM exchange.stamp WHERE tx = $1", tax.kept.slip.tx)
    hold(len(rows) == 1, "the operator stamped twice")
    return f"same bytes, same stamp: log index {tax.kept.first.log.index} once"


async def other_bytes(stage: Stage) -> str:
    """Other bytes under a used transaction name are refused."""
    tax = _before(stage)
    slip = replace(renewed(tax.kept.slip, tax.kept.slip.tx), case="another case")
    answer = await bring_to_operator(stage.nation, CHIYODA, sign_slip(stage.nation, slip), slip.tx)
    refusal(answer, ErrorType.REPLAYED)
    return "another slip, well signed, under the same transaction name: replayed"


async def tampered(stage: Stage) -> str:
    """A slip changed after signing, or brought by somebody else, is refused and leaves a trace."""
    tax, before = _before(stage), await _refusals(stage)
    slip = renewed(tax.kept.slip, secrets.token_bytes(16))
    honest = sign_slip(stage.nation, slip)
    changed = sign_slip(stage.nation, replace(slip, case="changed")).body
    forged = Signed(body=changed, jws=honest.jws)
    refusal(await bring_to_operator(stage.nation, CHIYODA, forged, slip.tx), ErrorType.SIGNATURE_INVALID)
    refusal(await bring_to_operator(stage.nation, "kenpo", honest, slip.tx), ErrorType.SIGNATURE_INVALID)
    after = await _refusals(stage)
    hold(after == before + 2, f"{after - before} refusals left a trace instead of 2")
    return "one byte changed: refused; brought by another institution: refused; both traced without a person"


async def _refusals(stage: Stage) -> int:
    rows = await stage.nation.rows("digital", "SELECT count(*) AS n FROM exchange.refusal")
    return int(rows[0]["n"])
