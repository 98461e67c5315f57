import pytest
from codes_nation import Nation


@pytest.fixture
def nation() -> Nation:
    return Nation()
