"""The pages of an institution's gateway: the clerk's desk and the office API, in one application."""

from typing import cast

from litestar import Litestar
from litestar.datastructures import State

from kumihimo.exchange.gateway import Gateway
from kumihimo.exchange.office import Office
from kumihimo.node import AsgiApp


def desk_pages(gateway: Gateway) -> AsgiApp:
    """The application that serves an institution's own people and systems."""
    return cast(AsgiApp, Litestar(route_handlers=[Office], state=State({"gateway": gateway})))
