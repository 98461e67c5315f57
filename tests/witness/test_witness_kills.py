"""A witness killed between requests has lost nothing it signed."""

import asyncio
import json
import random
import signal
import sys

import httpx
import pytest
from witness_parties import PaperLog, know, witness

LOG = PaperLog.of("operator", 2000)
FORK = LOG.forked(0)
TRIALS = 6


def written(ground, settings):
    """The settings as the files a process is started with."""
    runtime = settings.runtime
    (ground.folder / "own.toml").write_text(
        f'id = "{settings.id}"\nname = "x"\nname_en = "x"\nnumber = "1"\n'
        f'domain = "jp/x"\nbody = "x"\nrooms = ["witness"]\nservices = ["witness"]\n'
    )
    (ground.folder / "run.toml").write_text(
        f'institution = "own.toml"\nbase_url = "{runtime.base_url}"\ndatabase = "{runtime.database}"\n'
        f'keys = "{settings.id}"\nroot_1 = "{runtime.root_1}"\nroot_2 = "{runtime.root_2}"\n'
        f'commission = "{runtime.commission}"\ndirectory_file = "directory.json"\nport = {runtime.port}\n'
    )
    return ground.folder / "run.toml"


async def started(file):
    command = [sys.executable, "-m", "kumihimo.node", "--settings", str(file)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        async for line in process.stderr:
            if line.startswith(b'{"ready"'):
                assert json.loads(line)["ready"]
                return process
    raise AssertionError("the witness did not start")


async def grow(client, url, known):
    """Bring ever longer checkpoints until the witness is gone; the size it signed last."""
    signed = known
    try:
        while known < len(LOG.entries):
            answer = await client.post(url, content=LOG.request(known, known + 1))
            assert answer.status_code == 200
            known = signed = known + 1
    except httpx.TransportError:
        pass
    return signed


@pytest.mark.drill
async def test_whatever_a_killed_witness_signed_it_still_knows(ground):
    settings, draw = await witness(ground, "univ"), random.Random(5)
    know(ground, LOG)
    ground.publish()
    file, url = written(ground, settings), f"{settings.base_url}/o/add-checkpoint"
    signed = 0
    for _ in range(TRIALS):
        process = await started(file)
        async with httpx.AsyncClient(timeout=20) as client:
            answer = await client.post(url, content=LOG.request(len(LOG.entries), len(LOG.entries)))
            known = int(answer.text)
            assert known in (signed, signed + 1)  # the last one may have been kept, and its answer lost
            if known:
                forked = await client.post(url, content=FORK.request(known, known, ()))
                assert forked.status_code == 409
            growing = asyncio.create_task(grow(client, url, known))
            await asyncio.sleep(draw.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
            await process.wait()
            signed = await growing
    assert signed > TRIALS
