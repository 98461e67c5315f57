"""The layouts cover the law in force, are sound JSON Schemas, and check documents without telling values."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import jsonschema_rs
import pytest

from kumihimo.exchange.layouts import Layout, layouts
from kumihimo.law import law

TODAY = date(2026, 6, 14)
LAYOUTS = layouts()
EVERY = list(LAYOUTS)
ROWS = law().rows(TODAY)
TERMS = {term for row in ROWS for term in row.info_types}
PHRASES = {phrase for row in ROWS for phrase in row.info_other}
CHILD_ALLOWANCE = "児童手当関係情報"
LOCAL_TAX = "地方税関係情報"
KEY = r"[a-z][a-z0-9_]*"


def named(layout: Layout) -> str:
    return layout.slug


def properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property of a schema, nested ones too."""
    for key, inner in schema.get("properties", {}).items():
        yield key, inner
        yield from properties(inner)
    if "items" in schema:
        yield from properties(schema["items"])


def blank(schema: Mapping[str, Any]) -> object:
    """A value that fits an item's schema."""
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        return [blank(schema["items"])]
    if kind == "object":
        return {key: blank(schema["properties"][key]) for key in schema["required"]}
    if kind == "string" and "pattern" in schema:
        return {
            "^[0-9]{4}-(0[1-9]|1[0-2])$": "2026-06",
            "^[0-9]{6}$": "131016",
            "^[0-9]{7}$": "0000123",
            "^[0-9]{4}$": "0001",
            "^[0-9]{3}$": "001",
            "^[0-9]{6,8}$": "01130012",
            "^[A-Z]{2}[0-9]{8}[A-Z]{2}$": "AB12345678CD",
        }[schema["pattern"]]
    if kind == "string":
        return "2026-06-14" if schema.get("format") == "date" else "あ"
    return {"integer": schema.get("minimum", 0), "boolean": True}[kind]


def document(layout: Layout) -> dict[str, object]:
    return {key: blank(item.schema) for key, item in layout.items.items()}


def test_every_information_name_of_the_rows_in_force_has_a_layout() -> None:
    assert LAYOUTS.uncovered(ROWS) == ()
    assert len(TERMS) == 24
    assert len(PHRASES) == 59
    assert set(LAYOUTS.informations()) == TERMS | PHRASES


def test_every_defined_information_term_of_the_table_in_force_has_a_layout() -> None:
    defined = {
        term.term
        for term in law().terms(TODAY)
        if term.type == "information" and term.law == "order 9 (table)"
    }
    assert defined <= set(LAYOUTS.informations())


def test_a_name_without_a_layout_is_told_not_passed_over() -> None:
    old = law().rows(date(2020, 1, 1))
    assert "戦傷病者戦没者遺族等援護関係情報" in LAYOUTS.uncovered(old)
    assert LAYOUTS.get("戦傷病者戦没者遺族等援護関係情報", 1) is None


def test_a_layout_is_found_by_name_and_version() -> None:
    assert LAYOUTS.get(CHILD_ALLOWANCE, 1) is LAYOUTS.latest(CHILD_ALLOWANCE)
    assert LAYOUTS.get(CHILD_ALLOWANCE, 2) is None
    assert LAYOUTS.latest("知られない情報") is None


@pytest.mark.parametrize("layout", EVERY, ids=named)
def test_each_layout_is_a_valid_closed_json_schema(layout: Layout) -> None:
    schema = dict(layout.schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(schema)
    assert schema["additionalProperties"] is False
    assert schema["$id"] == f"urn:kumihimo:layout:{layout.slug}:v{layout.version}"


@pytest.mark.parametrize("layout", EVERY, ids=named)
def test_each_item_and_each_choice_has_its_label_in_both_languages(layout: Layout) -> None:
    assert layout.information == layout.schema["title"]
    assert layout.title_en.isascii()
    assert layout.source
    assert layout.replaces
    for key, schema in properties(layout.schema):
        assert schema["title"], key
        assert not schema["title"].isascii(), key
        assert schema["x-title-en"].isascii(), key
        choices = {str(choice) for choice in schema.get("enum", ()) if choice is not None}
        assert choices == set(schema.get("x-labels", {})), key
        for label in schema.get("x-labels", {}).values():
            assert label["ja"], key
            assert label["en"].isascii(), key
    assert all(item.basis for item in layout.items.values())


def test_the_slugs_are_unique_and_the_keys_are_snake_case() -> None:
    slugs = [layout.slug for layout in EVERY]
    assert len(set(slugs)) == len(slugs) == 83
    keys = [key for layout in EVERY for key, _ in properties(layout.schema)]
    assert all(jsonschema_rs.is_valid({"pattern": f"^{KEY}$"}, key) for key in keys)


@pytest.mark.parametrize("term", sorted(TERMS))
def test_a_defined_type_has_real_content(term: str) -> None:
    layout = LAYOUTS.latest(term)
    assert layout is not None
    assert 6 <= len(layout.items) <= 21


@pytest.mark.parametrize("layout", EVERY, ids=named)
def test_no_item_carries_a_number_of_the_person(layout: Layout) -> None:
    for key, schema in properties(layout.schema):
        words = f"{key} {schema['title']} {schema['x-title-en']}".lower()
        assert not any(word in words for word in ("個人番号", "住民票コード", "符号", "宛名番号"))
        assert not any(word in words for word in ("individual number", "my_number", "resident code"))
    twelve_digits = "000000000000"
    assert not any(
        "pattern" in schema and jsonschema_rs.is_valid({"pattern": schema["pattern"]}, twelve_digits)
        for _, schema in properties(layout.schema)
    )


def test_amounts_are_whole_yen() -> None:
    amounts = [
        schema
        for layout in EVERY
        for key, schema in properties(layout.schema)
        if key == "amount" or key.endswith(("_levy", "amount_per_month"))
    ]
    assert len(amounts) > 50
    for schema in amounts:
        kind = schema["type"]
        assert "integer" in kind
        assert "number" not in kind
        assert schema["x-unit"] == "yen"


@pytest.mark.parametrize("layout", EVERY, ids=named)
def test_a_full_document_follows_its_layout_and_no_unknown_key_does(layout: Layout) -> None:
    full = document(layout)
    assert layout.validate(full) == ()
    assert layout.validate(full, full.keys()) == ()
    assert layout.validate({**full, "個人番号": "x"}) == ("/*",)


def test_a_wrong_type_is_found_by_its_path_and_its_value_is_not_told() -> None:
    layout = LAYOUTS.latest(LOCAL_TAX)
    assert layout is not None
    secret = "とても秘密"
    faults = layout.validate(
        {
            "fiscal_year": secret,
            "total_income": 1.5,
            "tax_class": 5,
            "assessed_on": "2026-02-30",
            "incomes": [{"kind": "salary", "amount": secret}],
        }
    )
    assert faults == ("/assessed_on", "/fiscal_year", "/incomes/0/amount", "/tax_class", "/total_income")


def test_a_missing_or_foreign_key_inside_a_list_is_found() -> None:
    layout = LAYOUTS.latest(LOCAL_TAX)
    assert layout is not None
    assert layout.validate({"incomes": [{"kind": "salary"}]}) == ("/incomes/0/amount",)
    assert layout.validate({"incomes": [{"kind": "salary", "amount": 1, "secret": 2}]}) == ("/incomes/0/*",)


def test_an_answer_carries_exactly_the_items_asked_for() -> None:
    layout = LAYOUTS.latest(CHILD_ALLOWANCE)
    assert layout is not None
    answer = {"status": "receiving", "amount_per_month": 10_000}
    assert layout.validate(answer) == ()
    assert layout.validate(answer, ["status", "amount_per_month"]) == ()
    assert layout.validate(answer, ["status", "amount_per_month", "payments"]) == ("/payments",)
    assert layout.validate(answer, ["status"]) == ("/amount_per_month",)
    assert layout.validate({}, ["status"]) == ("/status",)


def test_the_account_layout_holds_only_what_the_act_lets_be_provided() -> None:
    layout = LAYOUTS.latest("公的給付支給等口座登録簿関係情報")
    assert layout is not None
    allowed = tuple(f"第三条第三項第{number}号" for number in "一二三")
    assert all(item.basis.endswith(allowed) for item in layout.items.values())


def test_items_that_tell_where_a_person_is_are_marked() -> None:
    layout = LAYOUTS.latest("住民票関係情報")
    assert layout is not None
    assert layout.locating == {"address", "municipality_code", "previous_address", "moved_out_to"}
    addresses = [item for every in EVERY for item in every.items.values() if "address" in item.key]
    assert len(addresses) > 4
    unmarked = {item.key for item in addresses if not item.locating}
    assert unmarked == {"address_since"}


def test_items_beyond_the_definition_of_their_type_are_listed() -> None:
    beyond = LAYOUTS.beyond_definition()
    assert {information for information, _ in beyond} == {"住民票関係情報"}
    layout = LAYOUTS.latest("住民票関係情報")
    assert layout is not None
    within = [item for item in layout.items.values() if not item.beyond_definition]
    assert len(within) == 6
    assert all("第七条第四号" in item.basis for item in within)
