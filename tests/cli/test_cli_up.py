"""`kumihimo up` opens a founded nation again, says where its pages are, stays, and stops in good order."""

import asyncio
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from kumihimo.cli.running import find_running
from kumihimo.world import Places, open_nation

pytestmark = pytest.mark.nation


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A nation that was founded, settled and closed."""
    folder = tmp_path_factory.mktemp("nation") / "nation"

    async def found():
        nation = await open_nation(folder, lambda *_: None, residents=60, seed=5, throwaway=True)
        await nation.close()

    asyncio.run(found())
    return folder


def test_up_stays_until_ctrl_c_and_data_survive(root):
    heads = []
    for _ in range(2):
        up = subprocess.Popen(
            [str(Path(sys.executable).parent / "kumihimo"), "up", "--nation", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            told = []
            for line in up.stderr:
                told.append(line)
                if "Ctrl-C" in line:
                    break
            text = "".join(told)
            assert "The nation is open" in text
            addresses = re.findall(r"http://\S+", text)
            assert len(addresses) == 4
            for address in addresses:
                assert urllib.request.urlopen(address, timeout=20).status == 200
            running = find_running(Places(root))
            assert running is not None
            assert running.settled
            rows = asyncio.run(running.rows("muni-131016", "SELECT count(*) AS n FROM exchange.inquiry"))
            heads.append(rows[0]["n"])
        finally:
            up.send_signal(signal.SIGINT)
            _, rest = up.communicate(timeout=60)
        assert up.returncode == 0, rest
        assert "Traceback" not in rest
        assert find_running(Places(root)) is None
    assert heads == [1, 2]
