"""A layout and its items as values, and the check of a document against it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import jsonschema_rs

type Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a layout (項目): what may be asked for singly and is named on a slip.

    ``key`` is the ASCII name on the wire, ``basis`` the article the item stands on, ``matters`` the narrower
    matters of the detail articles it belongs to. ``locating`` items tell where a person is and are withheld
    for a protected person (支援措置). ``beyond_definition`` marks an item that the definition of the
    information type in the order does not itself name.
    """

    key: str
    label: str
    label_en: str
    schema: Schema = field(repr=False)
    basis: str = ""
    matters: tuple[str, ...] = ()
    locating: bool = False
    beyond_definition: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One information type in one version: the items an answer may carry and their form.

    ``replaces`` names the documents that count as filed when it is provided (番号法22条2項). ``schema`` is
    the JSON Schema (2020-12). Amounts are yen, dates ISO text, months ``YYYY-MM``.
    """

    slug: str
    information: str
    title_en: str
    version: int
    source: str
    replaces: str
    items: Mapping[str, Item] = field(repr=False)
    schema: Schema = field(repr=False)
    _validator: jsonschema_rs.Draft202012Validator = field(repr=False, compare=False)

    @property
    def locating(self) -> frozenset[str]:
        """The items that tell where the person is."""
        return frozenset(key for key, item in self.items.items() if item.locating)

    def validate(
        self, document: Mapping[str, object], items: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Where a document departs from the layout: JSON pointers, never values; empty if it follows it.

        An answer may carry fewer items than the layout has, so absence at the top is a fault only when the
        ``items`` asked for are given: then exactly these must be there. A key unknown to the layout is shown
        as ``*``, because whoever sent it chose its name.
        """
        plain = dict(document)
        faults = set[str]()
        if not self._validator.is_valid(plain):
            faults = {_pointer(error) for error in self._validator.iter_errors(plain)}
        if items is not None:
            asked = frozenset(items)
            faults |= {f"/{key}" for key in asked - document.keys()}
            faults |= {f"/{key}" for key in document.keys() & self.items.keys() - asked}
        return tuple(sorted(faults))


def _pointer(error: jsonschema_rs.ValidationError) -> str:
    path = [str(step) for step in error.instance_path]
    if error.kind.name == "required":
        path.append(str(error.kind.as_dict()["property"]))
    elif error.kind.name == "additionalProperties":
        path.append("*")
    return "".join(f"/{step}" for step in path)
