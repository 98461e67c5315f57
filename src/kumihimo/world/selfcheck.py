"""One lawful inquiry, made whenever the nation opens: if it fails, the nation is not open."""

import time
from collections.abc import Mapping
from typing import Any

from kumihimo.base import JST, Problem, system_clock
from kumihimo.exchange import layouts
from kumihimo.law import law
from kumihimo.world.cast import Case, cases, load_cast
from kumihimo.world.founding import current_directory
from kumihimo.world.nation import Nation
from kumihimo.world.office import Office


class SelfCheckError(Exception):
    """The self-check was refused; the message carries the problem."""


def find_case(
    nation: Nation, inquirer: str, provider: str, information: str, item: str | None = None
) -> Case:
    """The first lawful question between two institutions about an information type."""
    directory = current_directory(nation.places)
    today = system_clock().astimezone(JST).date()
    asking, giving = directory[inquirer], directory[provider]
    found = next(cases(law(), layouts(), asking, giving, information, today, item), None)
    if found is None:
        raise SelfCheckError(f"the law lets {inquirer} ask {provider} nothing about {information}")
    return found


async def ask_one(
    office: Office, case: Case, provider: str, subject: str, /, **more: object
) -> Mapping[str, Any] | Problem:
    """Ask one lawful question through an office's API."""
    body = {
        "subject": subject,
        "to": provider,
        "permission": case.permission,
        "information": case.information,
        "items": case.items,
        "piece": case.piece,
        **more,
    }
    return await office.post("inquiries", body)


async def self_check(nation: Nation) -> float:
    """Ask the pension service about one resident of 千代田区; give the milliseconds it took."""
    case = find_case(nation, "muni-131016", "nenkin", "年金給付関係情報")
    cast = load_cast(nation.places)
    common = cast["muni-131016"].keys() & cast["nenkin"].keys()
    office = nation.office("muni-131016")
    try:
        started = time.perf_counter()
        answer = await ask_one(office, case, "nenkin", cast["muni-131016"][min(common)])
        took = (time.perf_counter() - started) * 1000
    finally:
        await office.close()
    if isinstance(answer, Problem):
        raise SelfCheckError(f"the self-check was refused: {answer.title}: {answer.detail}")
    return took
