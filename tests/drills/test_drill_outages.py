"""A party is away, stands still, or cannot write: a plain refusal in time, nothing half done, and back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest
from drill_books import check_order, read_books, settled
from drill_nation import Lawful, ask, ask_until_answered, held_down, lawful, stopped

from kumihimo.base import ErrorType, Problem
from kumihimo.world import Nation, current_directory

pytestmark = [pytest.mark.drill, pytest.mark.nation]

PATIENCE = 15.0  # seconds until a clerk is told, at the latest
type Fault = Callable[[Nation, str], AbstractAsyncContextManager[None]]


async def refused_plainly(nation: Nation, question: Lawful, away: str) -> bytes:
    """Ask in vain; who is away is named with the next step, in time; gives the tx of the inquiry."""
    started = time.monotonic()
    answer = await ask(nation, question)
    assert time.monotonic() - started < PATIENCE
    assert isinstance(answer, Problem)
    assert answer.type is ErrorType.PROVIDER_UNAVAILABLE
    desk = current_directory(nation.places)[away]
    assert desk.name in answer.detail_ja
    assert desk.name_en in answer.detail
    assert "しばらくしてから" in answer.remedy_ja
    assert "Try again later" in answer.remedy
    return await latest(nation, question.inquirer)


async def latest(nation: Nation, inquirer: str) -> bytes:
    """The last inquiry of an office; its refusal is on record there."""
    rows = await nation.rows(
        inquirer, "SELECT tx, state, problem FROM exchange.inquiry ORDER BY opened_at DESC LIMIT 1"
    )
    assert (rows[0]["state"], rows[0]["problem"]) == ("abandoned", "provider-unavailable")
    return bytes(rows[0]["tx"])


async def written(nation: Nation, institution: str, table: str, tx: bytes) -> bool:
    return bool(await nation.rows(institution, f"SELECT FROM {table} WHERE tx = $1", tx))


@pytest.mark.parametrize("fault", [stopped, held_down])
async def test_a_provider_that_is_away_is_named_in_time_while_others_answer(
    nation: Nation, question: Lawful, fault: Fault
) -> None:
    others = lawful(nation, "muni-271004", "accounts", "公的給付支給等口座登録簿関係情報")
    async with fault(nation, "nenkin"):
        refusal = asyncio.create_task(refused_plainly(nation, question, "nenkin"))
        for _ in range(5):
            assert not isinstance(await ask(nation, others), Problem)
        tx = await refusal
        assert not await written(nation, "nenkin", "exchange.answer", tx)
    answer = await ask_until_answered(nation, question)
    assert answer["outcome"] == "provided"


async def test_without_the_ledger_there_is_no_answer(nation: Nation, question: Lawful) -> None:
    async with held_down(nation, "ledger"):
        tx = await refused_plainly(nation, question, "ledger")
        assert await written(nation, "jlis", "exchange.stamp", tx)
        assert not await written(nation, "nenkin", "exchange.answer", tx)
    await ask_until_answered(nation, question)
    assert not await written(nation, "nenkin", "exchange.answer", tx)


@pytest.mark.parametrize("operator", ["digital", "jlis"])
async def test_without_an_operator_nothing_is_recorded_and_nothing_is_answered(
    nation: Nation, question: Lawful, operator: str
) -> None:
    async with held_down(nation, operator):
        tx = await refused_plainly(nation, question, operator)
        assert not await written(nation, "ledger", "ledger.event", tx)
        assert not await written(nation, "nenkin", "exchange.answer", tx)
    await ask_until_answered(nation, question)


async def as_owner(nation: Nation, *statements: str) -> None:
    conn = await asyncpg.connect(nation.server.owner_dsn)
    try:
        for statement in statements:
            await conn.execute(statement)
    finally:
        await conn.close()


def ended(login: str) -> str:
    return f"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = '{login}'"


@asynccontextmanager
async def shut_out(nation: Nation, institution: str) -> AsyncIterator[None]:
    """PostgreSQL takes no connection of this institution, and has cut those it had."""
    login = "k_" + institution.replace("-", "_")
    await as_owner(nation, f"ALTER ROLE {login} CONNECTION LIMIT 0", ended(login))
    try:
        yield
    finally:
        await as_owner(nation, f"ALTER ROLE {login} CONNECTION LIMIT -1")


@asynccontextmanager
async def read_only(nation: Nation, institution: str) -> AsyncIterator[None]:
    """PostgreSQL lets this institution read, and refuses every write, as on a disk that is full."""
    login = "k_" + institution.replace("-", "_")
    await as_owner(nation, f"ALTER ROLE {login} SET default_transaction_read_only = on", ended(login))
    try:
        yield
    finally:
        await as_owner(nation, f"ALTER ROLE {login} RESET default_transaction_read_only", ended(login))


@pytest.mark.parametrize(
    ("institution", "fault"), [("nenkin", read_only), ("ledger", shut_out), ("digital", read_only)]
)
async def test_a_desk_whose_store_refuses_acknowledges_nothing_and_recovers(
    nation: Nation, question: Lawful, institution: str, fault: Fault
) -> None:
    async with fault(nation, institution):
        tx = await refused_plainly(nation, question, institution)
        assert not await written(nation, "nenkin", "exchange.answer", tx)
        if institution != "nenkin":
            assert not await written(nation, "ledger", "ledger.event", tx)
    answer = await ask_until_answered(nation, question)
    assert answer["outcome"] == "provided"


@pytest.mark.parametrize("fault", [shut_out, read_only])
async def test_an_office_whose_own_store_refuses_sends_nothing_out(
    nation: Nation, question: Lawful, fault: Fault
) -> None:
    stamps = "SELECT count(*) FROM exchange.stamp"
    before = await nation.rows("digital", stamps)
    async with fault(nation, "muni-131016"):
        answer = await ask(nation, question)
        assert isinstance(answer, Problem)
        assert answer.type is ErrorType.PROVIDER_UNAVAILABLE
        assert answer.detail == "this office's own store is away"
    assert await nation.rows("digital", stamps) == before
    answer = await ask_until_answered(nation, question)
    assert answer["outcome"] == "provided"


async def test_after_all_outages_the_books_agree(nation: Nation) -> None:
    await settled(nation)
    check_order(await read_books(nation))
