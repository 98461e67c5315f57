"""What a piece of the detail articles names, read from its text alone.

The detail articles (令和6年デジタル庁・総務省令第9号3条以下) say of each piece whose data it is and
which matter: 「当該児童に係る市町村民税に関する情報」. The matter is compared, word by word, with the
names the layouts list. Only a text that known names and joining words use up wholly counts as read:
nothing is guessed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CONCERNING = "に係る"
_REFERENCE = "に掲げる情報"
_NEXT = re.compile("(?<=情報)(?:及び|又は|若しくは|並びに)")
_ENDINGS = ("に関する情報", "に係る情報")
_JOINING = ("、", "又は", "若しくは", "及び", "の支給", "の実施")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a piece allows of one information type: the items, and whether the text could be read.

    ``resolved`` false means that the words are not in the data; then all items of the type stand, and
    ``kumihimo check`` lists the piece.
    """

    items: frozenset[str]
    resolved: bool


def without_brackets(text: str) -> str:
    """A statute's text without what stands in （brackets）, nested ones too."""
    kept, depth = [], 0
    for character in text:
        depth += character == "（"
        if depth == 0:
            kept.append(character)
        depth -= character == "）"
    return "".join(kept)


def matters_of(piece_text: str) -> tuple[str, ...]:
    """The matters a piece names: what follows each person concerned, without 「に関する情報」.

    A reference to other pieces (前号に掲げる情報) names no matter of its own.
    """
    parts = _NEXT.split(without_brackets(piece_text))
    return tuple(_matter(part) for part in parts if not part.endswith(_REFERENCE))


def _matter(part: str) -> str:
    for ending in _ENDINGS:
        part = part.removesuffix(ending)
    return part.rpartition(_CONCERNING)[2]


class Vocabulary:
    """The names by which the detail articles call the items of one layout (or of several that share them)."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self.names = {name: frozenset(items) for name, items in names.items()}
        self.words = longest_first(self.names)

    def items(self, words: Iterable[str]) -> frozenset[str]:
        """The items that these words name here; none for a word of another vocabulary."""
        return frozenset[str]().union(*(self.names.get(word, ()) for word in words))


def longest_first(names: Iterable[str]) -> tuple[str, ...]:
    """The words to read with: the longest first, so that a name is never cut short by a shorter one."""
    return tuple(sorted({*names, *_JOINING}, key=len, reverse=True))


def split(matter: str, words: Iterable[str]) -> frozenset[str] | None:
    """The names a matter is made of; ``None`` if some of its text is neither a name nor a joining word."""
    found, rest = set(), matter
    while rest:
        word = next((word for word in words if rest.startswith(word)), None)
        if word is None:
            return None
        found.add(word)
        rest = rest.removeprefix(word)
    return frozenset(found.difference(_JOINING)) or None
