"""Who is who on the stage of the miniature nation: for demonstrations, drills and benches only.

No institution has this table, and none could make it: it joins the addressee numbers of different
institutions. Only the stage manager, who drew the residents, knows it (`cast.json` in the data folder).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from kumihimo.exchange import Layouts, party
from kumihimo.law import Law, Permitted, Piece
from kumihimo.node import Entry
from kumihimo.world.founding import Places


@dataclass(frozen=True, slots=True)
class Case:
    """A lawful question: the row, the piece of the procedure that names it, and the items it lets ask for."""

    permission: str
    information: str
    piece: str | None
    items: tuple[str, ...]


def save_cast(places: Places, cast: Mapping[str, Mapping[int, str]]) -> None:
    """Write down each institution's addressee numbers by place in the population."""
    (places.root / "cast.json").write_bytes(msgspec.json.encode(cast))


def load_cast(places: Places) -> Mapping[str, Mapping[int, str]]:
    """Read the cast of a settled nation."""
    return msgspec.json.decode((places.root / "cast.json").read_bytes(), type=dict[str, dict[int, str]])


def cases(
    law: Law,
    layouts: Layouts,
    inquirer: Entry,
    provider: Entry,
    information: str,
    on: date,
    item: str | None = None,
) -> Iterator[Case]:
    """The lawful questions one institution may ask another about an information type on a day."""
    asking, giving = party(inquirer), party(provider)
    layout = layouts.latest(information)
    if layout is None:
        return
    for row in law.options(asking, on):
        if (item is not None and row.item != item) or information not in row.names:
            continue
        if not isinstance(law.permits(row.id, asking, giving, information, on), Permitted):
            continue
        for piece in pieces_of(law, row.item, row.id):
            items = layouts.items_for(information, *(one.text for one in law.meant(piece)))
            if items:
                yield Case(row.id, information, piece.reference, tuple(sorted(items)))


def pieces_of(law: Law, item: str, permission: str) -> Iterator[Piece]:
    """The pieces of an affair's procedures that a permission covers."""
    for procedure in law.procedures(item):
        for piece in procedure.pieces:
            if permission in piece.rows:
                yield piece
