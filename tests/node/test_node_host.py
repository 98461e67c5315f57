"""An institution says honestly whether it can do its duty, keeps its secrets, and stops when told."""

import asyncio
import json
import signal
import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from node_parties import until

from kumihimo.node import (
    SettingsError,
    create_keys,
    health,
    healthy,
    hosting,
    load_keys,
    save_pair,
    save_peers,
)
from kumihimo.node.telemetry import REFUSED, refuse_personal


async def test_health_is_true_with_all_and_names_what_is_missing(ground):
    settings = await ground.institution("digital")
    ground.publish()
    async with hosting([settings]) as [institution], httpx.AsyncClient() as client:
        assert await healthy(institution)
        url = f"{settings.base_url}/o/health"
        answer = await client.get(url)
        assert answer.status_code == 200
        assert answer.json() == {
            "ok": True,
            "institution": "digital",
            "checks": dict.fromkeys(("sign", "database", "journal", "directory", "known", "law"), True),
            "directory_serial": 1,
            "journal_waiting": 0,
        }
        expired = replace(institution.directory.current, expires=datetime.now(UTC) - timedelta(seconds=1))
        institution.directory.set(expired)
        answer = await client.get(url)
        assert answer.status_code == 503
        assert answer.json()["checks"]["directory"] is False
        assert answer.json()["checks"]["database"] is True


async def test_health_is_false_while_the_database_is_gone_and_true_again_after(ground):
    settings = await ground.institution("digital")
    ground.publish()
    async with hosting([settings]) as [institution]:
        login = settings.runtime.database.split("//")[1].split(":")[0]
        admin = await ground.admin()
        await admin.execute(f"ALTER DATABASE {login} ALLOW_CONNECTIONS false")
        await ground.end_backends(settings.runtime.database)
        await until(lambda: not institution.journal.connected)
        checks = await health(institution)
        assert (checks["database"], checks["journal"]) == (False, False)
        assert (checks["sign"], checks["directory"]) == (True, True)
        await admin.execute(f"ALTER DATABASE {login} ALLOW_CONNECTIONS true")
        await admin.close()
        async with asyncio.timeout(10):
            while not await healthy(institution):  # noqa: ASYNC110 nobody announces health
                await asyncio.sleep(0.05)


async def test_an_institution_missing_from_the_directory_is_not_healthy(ground):
    settings = await ground.institution("digital")
    ground.entries.clear()
    ground.publish()
    async with hosting([settings]) as [institution]:
        checks = await health(institution)
        assert checks["directory"] and not checks["known"]


async def test_a_directory_that_appears_later_is_fetched_from_its_address(ground):
    server, reader = await ground.institution("digital"), await ground.institution("muni-131016")
    url = f"{server.base_url}/o/directory"
    reader = replace(reader, runtime=replace(reader.runtime, directory_file=None, directory=(url,)))
    async with hosting([server, reader]) as [_, institution]:
        assert institution.directory.current.serial == 0
        ground.publish()
        await until(lambda: institution.directory.current.serial == 1)
        ground.publish(suspended={"digital": "incident"})
        await until(lambda: "digital" in institution.directory.current.oversight.suspended)
        ground.serial = 1
        ground.publish()
        await asyncio.sleep(0.1)
        assert institution.directory.current.serial == 2


async def test_institutions_of_one_process_share_one_port(ground):
    one, other = await ground.institution("one"), await ground.institution("other")
    other = replace(other, runtime=replace(other.runtime, port=1))
    with pytest.raises(SettingsError, match="share host and port"):
        async with hosting([one, other]):
            pass


async def test_a_port_that_is_taken_is_an_error_before_anything_is_served(ground):
    settings = await ground.institution("digital")
    before = asyncio.all_tasks()
    with socket.create_server(("127.0.0.1", ground.port)), pytest.raises(OSError, match="in use"):
        async with hosting([settings]):
            pass
    assert asyncio.all_tasks() <= before


async def test_a_process_announces_itself_and_stops_when_told(ground):
    settings = await ground.institution("digital")
    ground.publish()
    runtime = settings.runtime
    (ground.folder / "digital.toml").write_text(
        'id = "digital"\nname = "x"\nname_en = "x"\nnumber = "1"\n'
        'domain = "jp/digital"\nbody = "x"\nrooms = []\n'
    )
    (ground.folder / "run.toml").write_text(
        f'institution = "digital.toml"\nbase_url = "{runtime.base_url}"\ndatabase = "{runtime.database}"\n'
        f'keys = "digital"\nroot_1 = "{runtime.root_1}"\nroot_2 = "{runtime.root_2}"\n'
        f'commission = "{runtime.commission}"\ndirectory_file = "directory.json"\nport = {runtime.port}\n'
    )
    command = [sys.executable, "-m", "kumihimo.node", "--settings", str(ground.folder / "run.toml")]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    line = await asyncio.wait_for(process.stderr.readline(), 20)
    assert json.loads(line) == {"ready": ["digital"], "port": runtime.port}
    second = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, told = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 2
    assert b"another process writes the journal" in told
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0


def test_keys_are_made_once_and_for_their_owner_only(tmp_path):
    create_keys(tmp_path, operator=True)
    keys = load_keys(tmp_path, "digital")
    assert {path.name for path in tmp_path.iterdir()} == {
        "sign.key",
        "box.key",
        "vault.key",
        "note.key",
        "msk.key",
    }
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    create_keys(tmp_path, operator=True)
    assert load_keys(tmp_path, "digital").sign.verify_key == keys.sign.verify_key
    assert keys.note.name == "kumihimo.example/digital"


def test_shared_keys_are_read_back_and_never_printed(tmp_path):
    create_keys(tmp_path)
    save_pair(tmp_path, {1: b"\xaa" * 32, 2: b"\xbb" * 32})
    save_peers(tmp_path, {"muni-131016": b"\xcc" * 32})
    keys = load_keys(tmp_path, "digital")
    assert keys.pair == {1: b"\xaa" * 32, 2: b"\xbb" * 32}
    assert keys.peers == {"muni-131016": b"\xcc" * 32}
    assert keys.operator is None
    assert repr(keys) == "Keys()"


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33])
def test_a_wrong_key_file_is_named(tmp_path, text):
    create_keys(tmp_path)
    (tmp_path / "box.key").write_text(text)
    with pytest.raises(SettingsError, match=r"box\.key: a key is 32 bytes in hex"):
        load_keys(tmp_path, "digital")


def test_a_key_others_may_read_and_a_missing_one_are_refused(tmp_path):
    create_keys(tmp_path)
    (tmp_path / "sign.key").chmod(0o640)
    with pytest.raises(SettingsError, match=r"sign\.key: others may read"):
        load_keys(tmp_path, "digital")
    (tmp_path / "sign.key").unlink()
    with pytest.raises(SettingsError, match=r"sign\.key: key file cannot be read"):
        load_keys(tmp_path, "digital")


@pytest.mark.parametrize(
    "value",
    [
        "123456789012",
        123456789012,
        "resident 12345678901 moved",
        "宛名123456789012345",
        b"bytes",
        ["x"],
        {"a": 1},
    ],
)
def test_a_log_line_refuses_what_may_name_a_person(value):
    assert refuse_personal(None, "info", {"event": "x", "seen": value})["seen"] == REFUSED


@pytest.mark.parametrize("value", ["muni-131016", 200, 1.5, None, True, "a1b2c3d4e5f60718", "1763874000"])
def test_a_log_line_keeps_plain_words(value):
    assert refuse_personal(None, "info", {"event": "x", "seen": value})["seen"] == value
