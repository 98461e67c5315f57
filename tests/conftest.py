"""What all tests share: one running nation for those that ask for it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kumihimo.world import Nation

sys.path.insert(0, str(Path(__file__).parent))

from nation_thread import running_nation


@pytest.fixture(scope="session")
def nation() -> Iterator[Nation]:
    """A nation of 150 synthetic residents, shared by the tests that only ask and look."""
    with running_nation(residents=150) as opened:
        yield opened
