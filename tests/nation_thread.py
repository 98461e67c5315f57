"""Opens a throw-away nation in a background thread, so that any test may use it from its own event loop."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kumihimo.world import NODES, Nation, open_nation


@contextmanager
def running_nation(
    residents: int, seed: int = 7, nodes: Mapping[str, tuple[str, ...]] = NODES
) -> Iterator[Nation]:
    """A nation of its own ports and data folder, with its processes watched, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="nation", daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory(prefix="kumihimo-") as folder:
        opening = open_nation(
            Path(folder) / "nation",
            lambda *_: None,
            residents=residents,
            seed=seed,
            throwaway=True,
            nodes=nodes,
        )
        nation = asyncio.run_coroutine_threadsafe(opening, loop).result(180)
        try:
            yield nation
        finally:
            asyncio.run_coroutine_threadsafe(nation.close(), loop).result(60)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
