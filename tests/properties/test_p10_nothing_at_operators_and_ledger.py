"""P-10: operators and ledger hold no payload, no individual number, no number or code of anybody's people.

Searched, after every lawful question was asked and answered: each table of their databases, the files of
these databases after a checkpoint (dead rows and indexes included), their folders, all logs, and the memory
of their processes. The same search finds all of it where it lawfully is: the search does find.

The write-ahead log is left out: the miniature nation has one PostgreSQL server for all, whose log holds the
writes of every institution. Where each institution runs its own server, its log holds what its files hold.
"""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from secrets_search import Needles, can_search, files, memory
from stolen_nation import KEEPERS, Robbed, leaves, spread

from kumihimo.world import Nation

pytestmark = pytest.mark.nation

FIRST = 8  # codes of each institution that are searched for; all would take minutes in memory


@pytest.fixture(scope="session")
def needles(robbed: Robbed) -> Needles:
    values = {str(leaf) for asked in robbed.asked for leaf in leaves(asked.items)}
    secret = {value for value in values if value.encode() not in robbed.published}
    persons = robbed.population.persons
    digits = {value for value in secret if value.isdigit() and len(value) >= 7}
    digits |= {person.number.reveal() for person in persons}
    digits |= {person.resident_code.reveal() for person in persons}
    digits |= {subject for subjects in robbed.cast.values() for subject in subjects.values()}
    codes = {code for name in robbed.cast for code in list(robbed.codes(name).values())[:FIRST]}
    words = {value for value in secret if can_search(value)}
    assert len(words) > 40
    assert len(codes) > 50
    return Needles(frozenset(words), frozenset(digits), frozenset(codes))


def numbers_of(robbed: Robbed) -> set[str]:
    return {person.number.reveal() for person in robbed.population.persons}


def tables_of(robbed: Robbed, institution: str) -> bytes:
    values = (value for table in robbed.databases[institution] for _, value in table.values())
    return b"\0".join(part for value in values for part in spread(value))


@pytest.fixture(scope="session")
def checkpointed(robbed: Robbed) -> Nation:
    """The nation, with everything its databases hold written to their files."""

    async def checkpoint() -> None:
        conn = await asyncpg.connect(robbed.nation.server.owner_dsn)
        await conn.execute("CHECKPOINT")
        await conn.close()

    asyncio.run(checkpoint())
    return robbed.nation


async def files_of(nation: Nation, institution: str) -> bytes:
    """The files of an institution's database, and its folder of settings and keys."""
    rows = await nation.rows(institution, "SELECT oid FROM pg_database WHERE datname = current_database()")
    places = nation.places
    return files([places.postgres / "base" / str(rows[0]["oid"]), places.institution(institution)])


def memory_of(robbed: Robbed, node: str) -> Iterator[bytes]:
    try:
        yield from memory(robbed.nation.processes.pids()[node])
    except PermissionError:
        pytest.skip("this machine does not let a process read the memory of its children")


def test_p10_no_table_of_operators_and_ledger_holds_payload_or_numbers(
    robbed: Robbed, needles: Needles
) -> None:
    for keeper in KEEPERS.values():
        assert needles.found(tables_of(robbed, keeper)) == set(), keeper
    elsewhere: set[str | bytes] = set()
    for name in robbed.cast:
        elsewhere |= needles.found(tables_of(robbed, name))
    assert elsewhere >= needles.raw
    assert len(elsewhere & needles.words) > len(needles.words) * 0.9


async def test_p10_no_file_of_operators_and_ledger_holds_payload_or_numbers(
    checkpointed: Nation, needles: Needles
) -> None:
    for keeper in KEEPERS.values():
        assert needles.found(await files_of(checkpointed, keeper)) == set(), keeper
    elsewhere = needles.found(await files_of(checkpointed, "muni-271004"))
    assert len(elsewhere & needles.words) > 10
    assert len(elsewhere & needles.raw) == FIRST


def test_p10_no_memory_of_operators_and_ledger_holds_payload_or_numbers(
    robbed: Robbed, needles: Needles
) -> None:
    for node in KEEPERS:
        for region in memory_of(robbed, node):
            assert needles.found(region) == set(), node
    elsewhere = {one for region in memory_of(robbed, "others") for one in needles.found(region)}
    assert elsewhere & needles.words
    assert elsewhere & needles.digits & numbers_of(robbed)


def test_p10_no_log_of_any_node_or_of_the_server_names_a_person(robbed: Robbed, needles: Needles) -> None:
    places = robbed.nation.places
    logs = files([places.root / "logs", places.postgres / "log"])
    assert b"database system is ready" in logs
    assert b'"event"' in logs
    assert needles.found(logs) == set()


def test_p10_individual_numbers_stand_in_no_table_of_anybody(robbed: Robbed, needles: Needles) -> None:
    """Numbering keeps them sealed; the others keep none."""
    for name in robbed.databases:
        assert not needles.found(tables_of(robbed, name)) & numbers_of(robbed), name
