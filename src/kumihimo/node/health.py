"""Whether an institution can do its duty now, and what everybody may read of it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from kumihimo.base import JST
from kumihimo.law import law
from kumihimo.log import LogReader, serve
from kumihimo.node.handlers import Handler, Message, Reply
from kumihimo.node.institution import Institution

_PROBE = b"kumihimo health"
_NOT_FOUND = Reply(404, b"", "text/plain; charset=utf-8")


async def health(institution: Institution) -> dict[str, bool]:
    """Each thing an institution needs, and whether it has it now.

    It can sign; its database answers; its journal writes, and with it its log; the directory in use has not
    expired and knows this institution by the key it signs with; a snapshot of the law is in force today.
    """
    sign = institution.keys.sign
    own = institution.directory.current.verify_key(institution.settings.id)
    return {
        "sign": sign.verify_key.verify(sign.sign(_PROBE), _PROBE),
        "database": await institution.db.alive(),
        "journal": institution.journal.connected,
        "directory": institution.directory.fresh,
        "known": own is not None and own.text == sign.verify_key.text,
        "law": _law_in_force(institution.clock()),
    }


async def healthy(institution: Institution) -> bool:
    """Whether the institution has all it needs."""
    return all((await health(institution)).values())


def open_resources(institution: Institution) -> Mapping[str, Handler]:
    """What every institution shows to everybody: health, metrics, its log, and the directory it uses."""

    async def show_health(_: Message) -> Reply:
        checks = await health(institution)
        ok = all(checks.values())
        document = {
            "ok": ok,
            "institution": institution.settings.id,
            "checks": checks,
            "directory_serial": institution.directory.current.serial,
            "journal_waiting": institution.journal.waiting,
        }
        return Reply(200 if ok else 503, msgspec.json.encode(document))

    async def show_metrics(_: Message) -> Reply:
        return Reply(200, institution.metrics.text(), "text/plain; version=0.0.4; charset=utf-8")

    async def show_log(message: Message) -> Reply:
        async with institution.db.read() as conn:
            resource = await serve(conn, message.path.removeprefix("log/"))
        if resource is None:
            return _NOT_FOUND
        age = "public, max-age=31536000, immutable" if resource.immutable else "no-cache"
        return Reply(200, resource.body, resource.content_type, (("cache-control", age),))

    async def show_cosigned(_: Message) -> Reply:
        async with institution.db.read() as conn:
            cosigned = await LogReader.cosigned(conn, second=True)
        if cosigned is None:
            return _NOT_FOUND
        return Reply(200, cosigned[1].encode(), "text/plain; charset=utf-8", (("cache-control", "no-cache"),))

    async def show_directory(message: Message) -> Reply:
        view = institution.directory
        tag = (("etag", view.etag),)
        if not view.document:
            return _NOT_FOUND
        if message.headers.get("if-none-match") == view.etag:
            return Reply(304, b"", headers=tag)
        return Reply(200, view.document, headers=tag)

    return {
        "health": show_health,
        "metrics": show_metrics,
        "log/": show_log,
        "cosigned": show_cosigned,
        "directory": show_directory,
    }


def _law_in_force(now: datetime) -> bool:
    return bool(law().snapshot(now.astimezone(JST).date()).hash)
