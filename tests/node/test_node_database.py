"""Migrations run once, in order, whoever starts first; applied ones never change."""

import asyncio
import sys

import pytest

from kumihimo.node import Database, MigrationError, migrate
from kumihimo.node.database import connect


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A room that exists only in this test, with a folder of migrations."""
    folder = tmp_path / "room_of_test"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder / "migrations"
    sys.modules.pop("room_of_test", None)


async def test_migrations_run_in_order_and_once(ground, package):
    (package / "0001_first.sql").write_text("CREATE TABLE a (n int); INSERT INTO a VALUES (1);")
    (package / "0002_second.sql").write_text("UPDATE a SET n = n + 1;")
    conn = await connect(await ground.database(), name="test")
    assert await migrate(conn, "room_of_test") == 2
    assert await migrate(conn, "room_of_test") == 0
    (package / "0003_third.sql").write_text("UPDATE a SET n = n * 10;")
    assert await migrate(conn, "room_of_test") == 1
    assert await conn.fetchval("SELECT n FROM a") == 20
    await conn.close()


async def test_processes_that_start_at_once_migrate_once(ground, package):
    (package / "0001_first.sql").write_text(
        "CREATE TABLE a (n int); SELECT pg_sleep(0.1); INSERT INTO a VALUES (1);"
    )
    dsn = await ground.database()
    conns = await asyncio.gather(*(connect(dsn, name="test") for _ in range(6)))
    done = await asyncio.gather(*(migrate(conn, "room_of_test") for conn in conns))
    assert sorted(done) == [0, 0, 0, 0, 0, 1]
    assert await conns[0].fetchval("SELECT count(*) FROM a") == 1
    await asyncio.gather(*(conn.close() for conn in conns))


async def test_a_migration_that_fails_leaves_nothing(ground, package):
    (package / "0001_first.sql").write_text("CREATE TABLE a (n int);")
    (package / "0002_second.sql").write_text("SELECT no_such_function();")
    conn = await connect(await ground.database(), name="test")
    with pytest.raises(Exception, match="no_such_function"):
        await migrate(conn, "room_of_test")
    assert await conn.fetchval("SELECT to_regclass('a')") is None
    await conn.close()


async def test_a_changed_migration_and_a_gap_are_refused(ground, package):
    (package / "0001_first.sql").write_text("CREATE TABLE a (n int);")
    conn = await connect(await ground.database(), name="test")
    await migrate(conn, "room_of_test")
    (package / "0001_first.sql").write_text("CREATE TABLE a (n bigint);")
    with pytest.raises(MigrationError, match="another text"):
        await migrate(conn, "room_of_test")
    (package / "0003_late.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="should be number 0002"):
        await migrate(conn, "room_of_test")
    await conn.close()


async def test_a_reader_leaves_no_transaction_open(ground):
    db = await Database.open(await ground.database(), name="test", size=1)
    async with db.read() as conn:
        await conn.execute("BEGIN")
    async with db.read() as conn:
        assert not conn.is_in_transaction()
        assert await conn.fetchval("SHOW timezone") == "UTC"
    assert await db.alive()
    await db.close()
