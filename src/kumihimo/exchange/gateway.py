"""An institution's exchange room, put together: its gateway, or its operator's desk, and their handlers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import OperatorKey, OperatorNumber
from kumihimo.exchange.acquiring import Acquirer
from kumihimo.exchange.approvals import Approvals
from kumihimo.exchange.correction_desk import CorrectionDesk
from kumihimo.exchange.counts import gateway_counts, showing
from kumihimo.exchange.envelopes import answer_form, signed_form
from kumihimo.exchange.gates import Rules
from kumihimo.exchange.inquirer import Inquirer
from kumihimo.exchange.layouts import layouts
from kumihimo.exchange.operator import Operator
from kumihimo.exchange.promises import Promises
from kumihimo.exchange.provider import Provider
from kumihimo.exchange.reconciling import NoticeDesk
from kumihimo.exchange.registers import Registers
from kumihimo.exchange.slip import Signed
from kumihimo.exchange.writes import Writes
from kumihimo.law import law
from kumihimo.node import AsgiApp, Entry, Handler, Institution, Message, Reply, Room


@dataclass(frozen=True, slots=True)
class Gateway:
    """What an office's systems and desks use of the exchange."""

    institution: Institution
    rules: Rules
    inquirer: Inquirer
    provider: Provider
    approvals: Approvals
    acquirer: Acquirer
    notices: NoticeDesk
    corrections: CorrectionDesk

    def handlers(self) -> dict[str, Handler]:
        """The desks other institutions may come to."""
        return {
            "inquire": answering(self.provider.answer),
            "acquired": answering(self._acquired),
            "later": answering(self._later),
            "reconciliation-notice": answering(self.notices.take),
            "correction-notice": answering(self.corrections.take),
        }

    async def _acquired(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        taken = await self.acquirer.take_from(sender, body)
        return taken if isinstance(taken, Problem) else msgspec.json.encode(taken)

    async def _later(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        envelope = answer_form.read(body)
        if isinstance(envelope, Problem) or sender is None:
            return envelope if isinstance(envelope, Problem) else Problem(ErrorType.UNAUTHENTICATED)
        taken = await self.inquirer.take_later(envelope, sender)
        return taken if isinstance(taken, Problem) else b"{}"


def open_gateway(institution: Institution) -> Gateway:
    """Build the gateway of an institution over its own journal, register and directory."""
    rules, writes = Rules(law(), layouts()), Writes.register(institution)
    Promises(institution).register()
    provider = Provider(
        institution=institution,
        rules=rules,
        registers=Registers.of(institution.settings.provides),
        writes=writes,
    )
    return Gateway(
        institution=institution,
        rules=rules,
        inquirer=Inquirer(institution, rules, writes),
        provider=provider,
        approvals=Approvals(provider),
        acquirer=Acquirer(institution, rules, writes),
        notices=NoticeDesk.open(institution),
        corrections=CorrectionDesk.open(institution),
    )


def gateway_room(name: str, gateway: Gateway, pages: AsgiApp) -> Room:
    """A room around a gateway: its handlers and pages, and its unfinished inquiries taken up again."""
    institution = gateway.institution
    resuming = asyncio.create_task(gateway.inquirer.run(), name=f"{institution.settings.id} resume")

    async def close() -> None:
        resuming.cancel()
        await asyncio.gather(resuming, return_exceptions=True)

    counts = showing(lambda: gateway_counts(institution))
    return Room(name, exchange=gateway.handlers(), open={"counts": counts}, pages=pages, close=close)


def open_operator(institution: Institution, number: OperatorNumber) -> Operator:
    """Build an operator's desk; its secret and the keys it shares must be among the institution's keys."""
    secret = institution.keys.operator
    if secret is None:
        raise ValueError(f"{institution.settings.id} is to be operator {number} but has no operator secret")
    return Operator(
        number=number,
        key=OperatorKey(number, secret),
        peers=institution.keys.peers,
        institution=institution,
        rules=Rules(law(), layouts()),
        writes=Writes.register(institution),
    )


def answering(handle: Callable[[bytes, Entry | None], Awaitable[bytes | Problem]]) -> Handler:
    """A handler for the host from a desk that gives bytes or a refusal."""

    async def handler(message: Message) -> Reply:
        result = await handle(message.body, message.sender)
        return Reply.of(result) if isinstance(result, Problem) else Reply(200, result)

    return handler


def stamping(handle: Callable[[bytes, Entry | None], Awaitable[Signed | Problem]]) -> Handler:
    """A handler for the host from a desk that gives a signed paper or a refusal."""

    async def handle_bytes(body: bytes, sender: Entry | None) -> bytes | Problem:
        result = await handle(body, sender)
        return result if isinstance(result, Problem) else signed_form.write(result)

    return answering(handle_bytes)
