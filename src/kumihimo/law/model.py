"""The words of the law as values: rows of the tables, bodies, terms, and the answer to a question."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

type TableName = Literal["o9", "t2"]
type AffairTable = Literal["t1", "o8"]


class RefusalReason(StrEnum):
    """Why the law does not permit an exchange; the wire words are append-only."""

    NO_SUCH_ITEM = "no-such-item"  # no table ever had an affair of this number
    NO_SUCH_ROW = "no-such-row"  # no row ever had this permission id
    NOT_IN_FORCE = "not-in-force"  # it exists, but not on this day
    INQUIRER_NOT_ENTITLED = "inquirer-not-entitled"
    INFORMATION_NOT_NAMED = "information-not-named"  # no row of the affair names it
    PROVIDER_NOT_NAMED = "provider-not-named"  # another body provides it
    QUALIFICATION_MISSING = "qualification-missing"  # the role fits, the words that narrow it are not shown
    ITEMS_NOT_NAMED = "items-not-named"  # a piece of the detail articles that the row does not cover


@dataclass(frozen=True, slots=True)
class Row:
    """One permission of the exchange table: who may ask whom, for which affair, for what information.

    ``valid_from`` is the first day in force, ``valid_to`` the first day no longer in force (``None``: in
    force). ``item`` and ``seq`` are the numbers at ``valid_from``; only ``id`` identifies the row for good.
    Basis: 番号法19条8号; table of article 2 of 令和6年デジタル庁・総務省令第9号 (``o9``), 別表第二 before
    2024-05-27 (``t2``).
    """

    id: str
    item: str
    seq: int
    inquirer: str
    affair: str
    provider: str
    information: str
    info_types: tuple[str, ...]
    info_other: tuple[str, ...]
    detail_article: str | None
    valid_from: date
    valid_to: date | None
    lineage: str | None
    amends: str | None
    amended_by: str
    ended_by: str | None
    old_item: str | None = None

    @property
    def table(self) -> TableName:
        """The table the row stands in: the order in force (``o9``) or the repealed 別表第二 (``t2``)."""
        return "o9" if self.id.startswith("o9/") else "t2"

    @property
    def names(self) -> tuple[str, ...]:
        """Each kind of information the row permits: defined terms, then phrases that are no term."""
        return self.info_types + self.info_other

    @property
    def citation(self) -> str:
        """Where the row stands, as a Japanese lawyer cites it; true for the days the row is in force."""
        place = self.item.replace("-", "の")
        if self.table == "o9":
            return f"令和6年デジタル庁・総務省令第9号第2条の表 {place}の項"
        return f"番号法別表第二 {place}の項"

    def in_force(self, on: date) -> bool:
        """Whether the row is law on that day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Part:
    """One numbered part (号) of a quasi-statutory affair."""

    no: str
    text: str


@dataclass(frozen=True, slots=True)
class Affair:
    """One affair for which a body may use individual numbers (別表, 準法定事務; 番号法9条1項)."""

    id: str
    item: str
    user: str
    affair: str
    valid_from: date
    valid_to: date | None
    lineage: str | None
    amends: str | None
    amended_by: str
    ended_by: str | None
    table: str = "命令第8号"
    parts: tuple[Part, ...] = ()

    def in_force(self, on: date) -> bool:
        """Whether the affair stands in the table on that day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Term:
    """A word the law defines (定義語), with the days between which it had this wording."""

    term: str
    type: Literal["information", "body", "other"]
    definition: str
    law: str
    defined_at: str
    since: date
    until: date | None

    def in_force(self, on: date) -> bool:
        """Whether the definition stands on that day."""
        return self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Role:
    """An elementary kind of body the law knows; ``is_a`` names the wider kind it belongs to."""

    id: str
    name: str
    kind: Literal["state", "agency", "local", "insurer", "pension", "association", "open"]
    is_a: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words by which a row names bodies, resolved into roles and the words that narrow them."""

    phrase: str
    any_of: tuple[str, ...]
    restriction: str | None
    mechanical: bool

    @property
    def qualification(self) -> str | None:
        """The words a body must be shown to satisfy besides its role; ``None`` if the role is enough."""
        return self.restriction or (None if self.mechanical else self.phrase)


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of a law as promulgated, by its e-Gov revision id."""

    id: str
    in_force_from: date
    replaced_same_day_by: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The exchange table as it stood under one revision; ``hash`` is SHA-256 (hex) over its rows in order."""

    hash: str
    revision: str
    in_force_from: date
    table: TableName
    rows: int


@dataclass(frozen=True, slots=True)
class Party:
    """An institution as the law sees it: its roles, and what it has been shown to be besides.

    A qualification is the exact words of a restriction, its short id (``q-…``), or a whole phrase of the
    table that describes the institution.
    """

    roles: frozenset[str] = frozenset()
    qualifications: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Permitted:
    """The law permits the exchange: the row that says so and the snapshot of the table it stands in."""

    row: Row
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Refused:
    """The law does not permit the exchange: why, and the row that comes closest (``None``: there is none)."""

    reason: RefusalReason
    nearest: Row | None
