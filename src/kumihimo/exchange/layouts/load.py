"""Reads the layout files of the package: one JSON Schema per information type, and the named items."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import jsonschema_rs

from kumihimo.exchange.layouts.matter import Vocabulary, without_brackets
from kumihimo.exchange.layouts.model import Item, Layout

type Document = Mapping[str, Any]

NAMED = "named-items"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def read_documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each data file: the slug before the version in its name, and its content."""
    folder = files("kumihimo.exchange.layouts") / "data"
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".json"):
            yield entry.name.partition(".")[0], json.loads(entry.read_text("utf-8"))


def layout_of(slug: str, document: Document) -> Layout:
    """The layout a JSON Schema describes; the schema is compiled here, once."""
    return Layout(
        slug=slug,
        information=document["x-information"],
        title_en=document["x-title-en"],
        version=document["x-version"],
        source=document["x-source"],
        replaces=document["x-replaces"],
        items={key: _item(key, schema) for key, schema in document["properties"].items()},
        schema=document,
        _validator=jsonschema_rs.Draft202012Validator(dict(document), validate_formats=True),
    )


def vocabulary_of(document: Document) -> Vocabulary:
    """The names of a defined information type: the whole of it, and its narrower matters."""
    properties: Mapping[str, Document] = document["properties"]
    names: dict[str, set[str]] = {document["x-information"]: set(properties)}
    for whole in document.get("x-whole", ()):
        names[without_brackets(whole)] = set(properties)
    for matter, spellings in document.get("x-matters", {}).items():
        belonging = {key for key, schema in properties.items() if matter in schema.get("x-matters", ())}
        for spelling in spellings:
            names.setdefault(spelling, set()).update(belonging)
    return Vocabulary(names)


def named_layouts(document: Document) -> Iterator[Layout]:
    """The layouts of the phrases outside defined terms: each item is a named piece of one common shape."""
    for phrase in document["phrases"]:
        yield layout_of(phrase["slug"], _phrase_schema(document, phrase))


def named_vocabulary(document: Document) -> Vocabulary:
    """The names of all named items together."""
    names: dict[str, set[str]] = {}
    for key, item in document["items"].items():
        for spelling in item["names"]:
            names.setdefault(spelling, set()).add(key)
    return Vocabulary(names)


def _phrase_schema(document: Document, phrase: Document) -> Document:
    return {
        "$schema": DIALECT,
        "$id": f"urn:kumihimo:layout:{phrase['slug']}:v{document['x-version']}",
        "title": phrase["information"],
        "x-title-en": phrase["x-title-en"],
        "x-information": phrase["information"],
        "x-version": document["x-version"],
        "x-source": document["x-source"],
        "x-replaces": document["x-replaces"],
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _named_item(document, key) for key in phrase["items"]},
    }


def _named_item(document: Document, key: str) -> Document:
    described = {name: value for name, value in document["items"][key].items() if name != "names"}
    return {**described, **document["shape"]}


def _item(key: str, schema: Document) -> Item:
    return Item(
        key=key,
        label=schema["title"],
        label_en=schema["x-title-en"],
        schema=schema,
        basis=schema["x-basis"],
        matters=tuple(schema.get("x-matters", ())),
        locating=schema.get("x-locating", False),
        beyond_definition=schema.get("x-beyond-definition", False),
    )
