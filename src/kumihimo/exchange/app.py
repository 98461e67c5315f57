"""Opens the exchange room of an institution: an operator's desk where settings say so, else a gateway."""

import asyncio

from kumihimo.codes import OperatorNumber
from kumihimo.exchange.desk import desk_pages
from kumihimo.exchange.gateway import open_gateway, open_operator, stamping
from kumihimo.node import Institution, Room


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    numbers: tuple[OperatorNumber, ...] = (1, 2)
    for number in numbers:
        if f"operator-{number}" in institution.settings.services:
            operator = open_operator(institution, number)
            return Room("exchange", exchange={"stamp": stamping(operator.stamp)})
    gateway = open_gateway(institution)
    tasks = (
        asyncio.create_task(gateway.courier.run(), name=f"{institution.settings.id} courier"),
        asyncio.create_task(gateway.inquirer.resume(), name=f"{institution.settings.id} resume"),
    )

    async def close() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return Room("exchange", exchange=gateway.handlers(), pages=desk_pages(gateway), close=close)
