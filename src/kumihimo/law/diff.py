"""How the exchange table changed between two days: the widening and narrowing of use, by lineage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from kumihimo.law.model import Row

_CELLS = ("item", "inquirer", "affair", "provider", "information")


@dataclass(frozen=True, slots=True)
class Change:
    """One permission as it stood on the earlier and on the later day."""

    before: Row
    after: Row

    @property
    def information_added(self) -> tuple[str, ...]:
        """Kinds of information that may be asked now and could not before."""
        return tuple(name for name in self.after.names if name not in self.before.names)

    @property
    def information_removed(self) -> tuple[str, ...]:
        """Kinds of information that could be asked before and may not now."""
        return tuple(name for name in self.before.names if name not in self.after.names)

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of the row whose words differ."""
        return tuple(cell for cell in _CELLS if getattr(self.before, cell) != getattr(self.after, cell))

    def document(self) -> dict[str, object]:
        """The change as plain data, with both rows and their legal reference."""
        return {
            "before": row_document(self.before),
            "after": row_document(self.after),
            "cells": list(self.cells),
            "information_added": list(self.information_added),
            "information_removed": list(self.information_removed),
        }


@dataclass(frozen=True, slots=True)
class Widening:
    """What may be asked on the later day that could not before, and the reverse.

    The later day's rows are ``new``, ``unchanged`` and the afters of ``amended`` and ``continued``; the
    earlier day's are ``ended``, ``unchanged`` and their befores. ``continued`` changed only in wording or
    number; ``amended`` changed in substance at least once in between.
    """

    start: date
    end: date
    new: tuple[Row, ...]
    amended: tuple[Change, ...]
    continued: tuple[Change, ...]
    unchanged: tuple[Row, ...]
    ended: tuple[Row, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows fall under each heading, and how many were in force on both days."""
        return {
            "new": len(self.new),
            "amended": len(self.amended),
            "continued": len(self.continued),
            "unchanged": len(self.unchanged),
            "ended": len(self.ended),
        }

    def document(self) -> dict[str, object]:
        """The difference as plain data, for auditors (P-04)."""
        return {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "counts": self.counts,
            "new": [row_document(row) for row in self.new],
            "amended": [change.document() for change in self.amended],
            "continued": [change.document() for change in self.continued],
            "ended": [row_document(row) for row in self.ended],
        }


def row_document(row: Row) -> dict[str, object]:
    """A row as plain data, with the place in the statute and the revisions that brought and ended it."""
    return {
        "id": row.id,
        "citation": row.citation,
        "item": row.item,
        "inquirer": row.inquirer,
        "affair": row.affair,
        "provider": row.provider,
        "information": row.information,
        "names": list(row.names),
        "detail_article": row.detail_article,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        "lineage": row.lineage,
        "amends": row.amends,
        "amended_by": row.amended_by,
        "ended_by": row.ended_by,
    }


def widening(
    before: Iterable[Row], after: Iterable[Row], ever: Mapping[str, Row], start: date, end: date
) -> Widening:
    """Compare the tables of two days by following each row of the later one back to the earlier day."""
    if start > end:
        raise ValueError("the earlier day comes first")
    old = {row.id: row for row in before}
    new: list[Row] = []
    unchanged: list[Row] = []
    changed: dict[bool, list[Change]] = {False: [], True: []}
    for row in after:
        found, amended = _origin(row, old, ever)
        if found is None:
            new.append(row)
        elif found.id == row.id:
            unchanged.append(row)
        else:
            changed[amended].append(Change(found, row))
    kept = {row.id for row in unchanged} | {c.before.id for changes in changed.values() for c in changes}
    return Widening(
        start=start,
        end=end,
        new=tuple(new),
        amended=tuple(changed[True]),
        continued=tuple(changed[False]),
        unchanged=tuple(unchanged),
        ended=tuple(row for row in old.values() if row.id not in kept),
    )


def _origin(row: Row, old: Mapping[str, Row], ever: Mapping[str, Row]) -> tuple[Row | None, bool]:
    """The row of the earlier table from which this one came, and whether its substance changed on the way."""
    here, amended = row, False
    while here.id not in old:
        earlier = here.lineage or here.amends
        if earlier is None:
            return None, False
        amended = amended or here.lineage is None
        here = ever[earlier]
    return here, amended
