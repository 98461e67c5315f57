"""The people a clerk may look for: those of this institution's own register, by its own numbers."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from asyncpg import Record

from kumihimo.exchange.registers import query_text
from kumihimo.node import AnyConnection, InstitutionSettings

MOST = 20
_BY_NUMBER = """
SELECT subject, '' AS name, '' AS kana, NULL::date AS birth, '' AS address, false AS removed
FROM exchange.person_code
WHERE ($1::text IS NULL OR starts_with(subject, $1)) AND $2::date IS NULL
    AND ($3::text[] IS NULL OR subject = ANY($3))
ORDER BY subject
LIMIT $4
"""
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the institution's own register names them; no name where it keeps only numbers."""

    subject: str = field(repr=False)
    name: str = field(repr=False)
    kana: str = field(repr=False)
    birth: date | None = field(repr=False)
    address: str = field(repr=False)
    removed: bool


@dataclass(frozen=True, slots=True)
class People:
    """Finds people by the query its settings name (`[options.exchange] people`), else by number."""

    query: str
    by_name: bool

    @classmethod
    def of(cls, settings: InstitutionSettings) -> "People":
        """The people of an institution; raise `QueryMissingError` for a name without a file."""
        name = str(settings.option("exchange", "people", ""))
        return cls(query_text(name) if name else _BY_NUMBER, bool(name))

    async def find(self, conn: AnyConnection, words: str, birth: date | None) -> Sequence[Known]:
        """People whose name, kana or number begins with or holds the words; one more than `MOST` at most."""
        text = folded(words) or None
        return [_known(row) for row in await conn.fetch(self.query, text, birth, None, MOST + 1)]

    async def named(self, conn: AnyConnection, subjects: Sequence[str]) -> Mapping[str, Known]:
        """The people behind this institution's own numbers."""
        rows = await conn.fetch(self.query, None, None, list(subjects), len(subjects))
        return {row["subject"]: _known(row) for row in rows}


def folded(words: str) -> str:
    """A name as it is compared: no spaces, one width, capitals, katakana."""
    return "".join(unicodedata.normalize("NFKC", words).split()).upper().translate(_HIRAGANA)


def _known(row: Record) -> Known:
    return Known(
        subject=row["subject"],
        name=row["name"],
        kana=row["kana"],
        birth=row["birth"],
        address=row["address"] or "",
        removed=row["removed"],
    )
