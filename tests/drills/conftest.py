"""One nation for all drills, its parties in processes of their own; every drill leaves it as it found it."""

from collections.abc import Iterator

import pytest
from drill_nation import APART, Lawful, lawful
from nation_thread import running_nation

from kumihimo.world import Nation


@pytest.fixture(scope="session")
def nation() -> Iterator[Nation]:
    with running_nation(residents=120, nodes=APART) as opened:
        yield opened


@pytest.fixture(scope="session")
def question(nation: Nation) -> Lawful:
    return lawful(nation, "muni-131016", "nenkin", "年金給付関係情報")
