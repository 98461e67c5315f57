"""The entries of an institution's log, for those who watch over it: witnesses, the commission, the ledger.

Hashes of the log are public; its entries are for the parties and auditors. Here an institution hands them to
the directory's services that need them, and to nobody else.
"""

from base64 import b64encode
from collections.abc import Mapping

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.log import LogReader
from kumihimo.node.handlers import Handler, Message, Reply
from kumihimo.node.institution import Institution
from kumihimo.node.known_logs import watches

MOST = 1000
_BYTES = 4 * 1024 * 1024  # of entries in one answer; at least one entry is given whatever its length


class _Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    start: int
    end: int


_range = msgspec.json.Decoder(_Range)


def log_entries(institution: Institution) -> Mapping[str, Handler]:
    """The signed handler `log/entries`: {"start":a,"end":b} → {"start":a,"entries":[base64, …]}.

    At most 1,000 entries and 4 MiB at once; fewer come back where that or the log ends. Refused with
    `not-permitted` to everybody who does not watch, and with `malformed` or `too-large`.
    """

    async def entries(message: Message) -> Reply:
        wanted = _wanted(message)
        if isinstance(wanted, Problem):
            return Reply.of(wanted)
        async with institution.db.read() as conn:
            end = min(wanted.end, await LogReader.size(conn))
            found = await LogReader.entries(conn, wanted.start, end) if wanted.start < end else []
        document = {"start": wanted.start, "entries": [b64encode(one).decode() for one in _fitting(found)]}
        return Reply(200, msgspec.json.encode(document))

    return {"log/entries": entries}


def _wanted(message: Message) -> _Range | Problem:
    if message.sender is None or not watches(message.sender):
        return Problem(
            ErrorType.NOT_PERMITTED,
            detail="entries of a log are for witnesses, the commission and the ledger",
            detail_ja="記録の内容を読めるのは証人、個人情報保護委員会、記録台帳だけです",
        )
    try:
        wanted = _range.decode(message.body)
    except msgspec.MsgspecError:
        return Problem(ErrorType.MALFORMED, detail="log/entries takes a start and an end")
    if not 0 <= wanted.start <= wanted.end < 1 << 62:
        return Problem(ErrorType.MALFORMED, detail="start and end are indexes in this order")
    if wanted.end - wanted.start > MOST:
        return Problem(ErrorType.TOO_LARGE, detail=f"at most {MOST} entries at once")
    return wanted


def _fitting(entries: list[bytes]) -> list[bytes]:
    """As many entries, from the first, as fit into one answer."""
    total = 0
    for place, entry in enumerate(entries):
        total += len(entry)
        if total > _BYTES and place:
            return entries[:place]
    return entries
