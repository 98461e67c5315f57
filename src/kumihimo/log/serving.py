"""The log as files anyone may fetch: C2SP tlog-tiles paths, answered from the database."""

from dataclasses import dataclass

from kumihimo.log.reader import LogConnection, LogReader
from kumihimo.log.tiles import parse_path


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of the log: its bytes, their media type, and whether they may be cached for ever."""

    body: bytes
    content_type: str
    immutable: bool


async def serve(conn: LogConnection, path: str, *, entries: bool = False) -> Resource | None:
    """The file at `checkpoint`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`; None if there is none.

    Entry bundles are for the parties and auditors: they are served only where `entries` says so.
    """
    if path == "checkpoint":
        note = await LogReader.checkpoint(conn)
        return None if note is None else Resource(note.encode(), "text/plain; charset=utf-8", False)
    tile = parse_path(path)
    if tile is None or (tile.level is None and not entries):
        return None
    if tile.level is None:
        body = await LogReader.bundle(conn, tile.n, tile.width)
    else:
        body = await LogReader.tile(conn, tile.level, tile.n, tile.width)
    return None if body is None else Resource(body, "application/octet-stream", True)
