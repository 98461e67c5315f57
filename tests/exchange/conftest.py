import pytest
from exchange_client import setting, stage
from exchange_parties import Network, network

__all__ = ["setting", "stage"]


@pytest.fixture(scope="session")
def net() -> Network:
    return network()
