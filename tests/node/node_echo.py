"""Institutions with a room that answers what it was sent, for tests of messages between them."""

import secrets
from contextlib import asynccontextmanager

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.node import JournalBusy, JournalUnavailable, Reply, Room, hosting


def nonce():
    return secrets.token_urlsafe(16)


async def open_echo(institution):
    """A room that answers what it was sent, and fails in every way it is told to."""

    async def echo(message):
        return Reply(
            200,
            msgspec.json.encode({"from": message.sender.id, "nonce": message.nonce, "n": len(message.body)}),
        )

    async def refuse(message):
        return Reply.of(Problem(ErrorType.NO_RECORD, detail="nobody of that code"))

    async def fail(message):
        kinds = {b"busy": JournalBusy, b"away": JournalUnavailable, b"bug": KeyError}
        raise kinds[message.body]("123456789012 must not be told")

    async def service(message):
        return Reply(200, institution.directory.current.service("ledger").id.encode())

    async def show(message):
        return Reply(200, message.path.encode(), "text/plain")

    async def pages(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": scope["root_path"][1:].encode()})

    return Room(
        "echo",
        exchange={"echo": echo, "refuse": refuse, "fail": fail, "service": service},
        open={"shown/": show},
        pages=pages,
    )


@asynccontextmanager
async def two_institutions(ground, *, near=False, **options):
    settings = [await ground.institution("asker", ("echo",)), await ground.institution("other", ("echo",))]
    ground.publish()
    async with hosting(settings, rooms=lambda _: open_echo, near=near, **options) as institutions:
        yield institutions
