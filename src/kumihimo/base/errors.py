"""Refusals as values: what was refused, on which ground, and what to do next (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass

from kumihimo.base.error_types import WORDS, ErrorType

_URN = "urn:kumihimo:error:"


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal with its reason, returned as a value and sent as an RFC 9457 problem document.

    `detail` and `detail_ja` say what is particular to this case and never hold a value about a person.
    `ground` is the provision that compels the refusal (the type's own where none is given), `nearest`
    the stable id of the law row that came closest, `reference` what to quote to the operator.
    """

    type: ErrorType
    detail: str = ""
    detail_ja: str = ""
    ground: str = ""
    nearest: str | None = None
    reference: str = ""

    def __post_init__(self) -> None:
        if not self.ground:
            object.__setattr__(self, "ground", WORDS[self.type].ground)

    @property
    def status(self) -> int:
        """The HTTP status this refusal travels under; never 2xx."""
        return WORDS[self.type].status

    @property
    def title(self) -> str:
        """What was refused, in English; the same for every refusal of this type."""
        return WORDS[self.type].title

    @property
    def title_ja(self) -> str:
        """What was refused, in Japanese."""
        return WORDS[self.type].title_ja

    @property
    def remedy(self) -> str:
        """What to do next, in English."""
        return WORDS[self.type].remedy

    @property
    def remedy_ja(self) -> str:
        """What to do next, in Japanese."""
        return WORDS[self.type].remedy_ja

    def document(self) -> dict[str, object]:
        """The problem document (application/problem+json), with empty members left out."""
        members: dict[str, object] = {
            "type": _URN + self.type,
            "title": self.title,
            "title_ja": self.title_ja,
            "status": self.status,
            "detail": self.detail,
            "detail_ja": self.detail_ja,
            "ground": self.ground,
            "remedy": self.remedy,
            "remedy_ja": self.remedy_ja,
            "nearest": self.nearest,
            "reference": self.reference,
        }
        return {name: value for name, value in members.items() if value}

    @classmethod
    def from_document(cls, document: object) -> "Problem":
        """Read a problem document somebody else wrote; what cannot be read becomes `unknown`.

        Titles and remedies are ours, never the sender's: only the particulars are taken over.
        """
        if not isinstance(document, Mapping):
            return cls(ErrorType.UNKNOWN, detail="the refusal could not be read")
        return cls(
            _type_of(document.get("type")),
            detail=_text(document, "detail"),
            detail_ja=_text(document, "detail_ja"),
            ground=_text(document, "ground"),
            nearest=_text(document, "nearest") or None,
            reference=_text(document, "reference"),
        )


def _type_of(urn: object) -> ErrorType:
    name = urn.removeprefix(_URN) if isinstance(urn, str) and urn.startswith(_URN) else ""
    return ErrorType(name) if name in ErrorType else ErrorType.UNKNOWN


def _text(document: Mapping[object, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
