"""The commission's word is obeyed: a suspension and a withdrawn assessment stop the very next question."""

import secrets
from collections.abc import Callable

from kumihimo.base import ErrorType, system_clock
from kumihimo.cli.demo.acts_family import TAX
from kumihimo.cli.demo.messenger import bring_to_operator, renewed, sign_slip
from kumihimo.cli.demo.stage import CHIYODA, OSAKA, NotHeldError, Stage, answered, refusal
from kumihimo.cli.running import today
from kumihimo.node import Oversight
from kumihimo.oversight import lift, publish_assessment, suspend, withdraw_assessment
from kumihimo.world import served_directory

type Change = Callable[[Oversight], Oversight]


async def suspension(stage: Stage) -> str:
    """A suspended institution is asked nothing until the suspension is lifted."""
    return await _stop_and_go(
        stage,
        lambda standing: suspend(standing, OSAKA, "demonstration", system_clock()),
        lambda standing: lift(standing, OSAKA, system_clock()),
        ErrorType.INSTITUTION_SUSPENDED,
    )


async def assessment(stage: Stage) -> str:
    """Without a privacy impact assessment in force, nothing is exchanged with the institution (28条6項)."""
    before = served_directory(stage.nation.places)[1].assessments[OSAKA]
    return await _stop_and_go(
        stage,
        lambda standing: withdraw_assessment(standing, OSAKA, today(), system_clock()),
        lambda standing: publish_assessment(
            standing, OSAKA, before.published, before.valid_until, system_clock()
        ),
        ErrorType.PIA_NOT_PUBLISHED,
    )


async def _stop_and_go(stage: Stage, stop: Change, go: Change, kind: ErrorType) -> str:
    tax = stage.asked.get(TAX.name)
    if tax is None:
        raise NotHeldError("the question about taxes, on which this step stands, was not answered")
    nation = stage.nation
    stopped = await nation.decree(stop(served_directory(nation.places)[1]))
    try:
        refusal(await stage.ask(CHIYODA, OSAKA, tax.case, tax.person), kind)
        slip = renewed(tax.kept.slip, secrets.token_bytes(16))
        refusal(await bring_to_operator(nation, CHIYODA, sign_slip(nation, slip), slip.tx), kind)
    finally:
        restored = await nation.decree(go(served_directory(nation.places)[1]))
    answered(await stage.ask(CHIYODA, OSAKA, tax.case, tax.person))
    return f"directory {stopped}: refused by the gateway and by the operator; directory {restored}: answered"
