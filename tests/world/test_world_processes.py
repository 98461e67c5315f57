"""A nation whose node cannot start says so soon, and why."""

import time

import pytest

from kumihimo.world import NodeFailedError
from kumihimo.world.processes import READY_SECONDS, Node, Processes


async def test_a_node_that_cannot_start_is_reported_with_its_last_words(tmp_path):
    node = Node("broken", (tmp_path / "nowhere.toml",), tmp_path / "broken.log")
    processes = Processes([node], lambda _: None)
    started = time.monotonic()
    try:
        with pytest.raises(NodeFailedError, match=r"broken does not start: .*nowhere\.toml: cannot be read"):
            await processes.start()
    finally:
        await processes.stop()
    assert time.monotonic() - started < READY_SECONDS / 2
    assert processes.pids() == {}
