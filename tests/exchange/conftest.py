import pytest
from exchange_parties import Network, network


@pytest.fixture(scope="session")
def net() -> Network:
    return network()
