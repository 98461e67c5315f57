"""All layouts the package carries, found by the name the law uses for the information."""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from kumihimo.exchange.layouts.load import (
    NAMED,
    layout_of,
    named_layouts,
    named_vocabulary,
    read_documents,
    vocabulary_of,
)
from kumihimo.exchange.layouts.matter import Narrowing, Vocabulary, longest_first, matters_of, split
from kumihimo.exchange.layouts.model import Layout
from kumihimo.law import Law, Piece, Row


class Layouts:
    """The catalogue of layouts: every information name of the order in force, by name and version.

    A defined term (児童手当関係情報) has a JSON Schema of its own; a phrase outside the defined terms has the
    pieces of the detail articles as its items.
    """

    def __init__(self, found: Iterable[tuple[Layout, Vocabulary]]) -> None:
        self._layouts: dict[tuple[str, int], Layout] = {}
        self._latest: dict[str, tuple[Layout, Vocabulary]] = {}
        for layout, vocabulary in found:
            self._layouts[layout.information, layout.version] = layout
            newest = self._latest.get(layout.information)
            if newest is None or newest[0].version < layout.version:
                self._latest[layout.information] = layout, vocabulary
        self._words = longest_first(name for _, known in self._latest.values() for name in known.names)
        self._narrowings = lru_cache(maxsize=8192)(self._narrow)

    def get(self, information: str, version: int) -> Layout | None:
        """The layout of an information name in a version; ``None`` if there is none."""
        return self._layouts.get((information, version))

    def latest(self, information: str) -> Layout | None:
        """The newest layout of an information name."""
        found = self._latest.get(information)
        return found[0] if found else None

    def informations(self) -> tuple[str, ...]:
        """Every information name that has a layout."""
        return tuple(self._latest)

    def __iter__(self) -> Iterator[Layout]:
        return iter(self._layouts.values())

    def items_for(self, information: str, *piece_texts: str) -> frozenset[str]:
        """The items that a piece of the detail articles allows of an information type; pure in the texts.

        All items if it names the type as a whole; only those of the named matters if it names narrower ones;
        none if it names matter of another type; all if its words are not in the data (see `unresolved`).
        A reference (前号に掲げる情報) names nothing itself: give the texts of the pieces it means as well, as
        `items_of` does.
        """
        return frozenset[str]().union(*(self.narrow(information, text).items for text in piece_texts))

    def items_of(self, information: str, piece: Piece, law: Law) -> frozenset[str]:
        """The items that a piece of the law allows, the pieces it refers to included."""
        return self.items_for(information, piece.text, *(meant.text for meant in law.meant(piece)))

    def narrow(self, information: str, piece_text: str) -> Narrowing:
        """The same for one text, with the answer whether its words are in the data."""
        return self._narrowings(information, piece_text)

    def _narrow(self, information: str, piece_text: str) -> Narrowing:
        found = self._latest.get(information)
        if found is None:
            return Narrowing(frozenset(), resolved=False)
        layout, vocabulary = found
        named: frozenset[str] = frozenset()
        for matter in matters_of(piece_text):
            words = split(matter, vocabulary.words) or split(matter, self._words)
            if words is None:
                return Narrowing(frozenset(layout.items), resolved=False)
            named |= vocabulary.items(words)
        return Narrowing(named & layout.items.keys(), resolved=True)

    def uncovered(self, rows: Iterable[Row]) -> tuple[str, ...]:
        """The information names of these rows of law that have no layout."""
        return tuple(sorted({name for row in rows for name in row.names} - self._latest.keys()))

    def unresolved(self, law: Law) -> tuple[str, ...]:
        """The pieces of the detail articles whose words are not in the data, by reference (``108/1/イ``)."""
        return tuple(
            piece.reference
            for procedure in law.procedures()
            for piece in procedure.pieces
            if not self._reads(law, piece)
        )

    def _reads(self, law: Law, piece: Piece) -> bool:
        rows = (row for permission in piece.rows if (row := law.row(permission)))
        others = {phrase for row in rows for phrase in row.info_other}
        if not all(self.narrow(name, piece.text).resolved for name in (*piece.types, *others)):
            return False
        if piece.types:
            return all(self.items_of(term, piece, law) for term in piece.types)
        return any(self.items_of(phrase, piece, law) for phrase in others)

    def beyond_definition(self) -> tuple[tuple[str, str], ...]:
        """Items that the definition of their information type does not itself name: (information, key)."""
        return tuple(
            (layout.information, key)
            for layout in self
            for key, item in layout.items.items()
            if item.beyond_definition
        )


@cache
def layouts() -> Layouts:
    """The layouts of the package; read and compiled once, then kept."""
    found: list[tuple[Layout, Vocabulary]] = []
    for slug, document in read_documents():
        if slug == NAMED:
            vocabulary = named_vocabulary(document)
            found.extend((layout, vocabulary) for layout in named_layouts(document))
        else:
            found.append((layout_of(slug, document), vocabulary_of(document)))
    return Layouts(found)
