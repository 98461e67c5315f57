"""One byte form: what is outside it is refused with its fault, and nothing else ever comes out."""

import enum
import unicodedata
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_parties import DOCUMENT

from kumihimo.messages import Fault, Malformed, canonical

TEXT = st.text().filter(lambda text: unicodedata.is_normalized("NFC", text))
INTEGERS = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
LEAVES = st.none() | st.booleans() | INTEGERS | TEXT
ANY_VALUE = st.recursive(
    LEAVES | st.text() | st.floats() | st.integers() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


def fault_of(data: bytes, limit: int = canonical.MAX_BYTES) -> Fault:
    with pytest.raises(Malformed) as caught:
        canonical.decode(data, limit)
    return caught.value.fault


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.SYNTAX),
        (b"{", Fault.SYNTAX),
        (b"NaN", Fault.SYNTAX),
        (b"1 2", Fault.SYNTAX),
        (b"\xef\xbb\xbf1", Fault.SYNTAX),
        (b"[1,]", Fault.SYNTAX),
        (b'"\xff"', Fault.SYNTAX),
        (b'"\xed\xa0\x80"', Fault.SYNTAX),
        (b'"\\ud800"', Fault.SYNTAX),
        (b'"\\udc00\\ud800"', Fault.SYNTAX),
        (b'"\xc0\xaf"', Fault.SYNTAX),
        (b'"\x01"', Fault.SYNTAX),
        (b"1.0", Fault.NUMBER),
        (b"-0.0", Fault.NUMBER),
        (b"1e2", Fault.NUMBER),
        (b'{"a":[0.5]}', Fault.NUMBER),
        (b"9007199254740992", Fault.NUMBER),
        (b"-9007199254740992", Fault.NUMBER),
        (b"123456789012345678901234567890", Fault.NUMBER),
        (b"-0", Fault.SPELLING),
        (b" 1", Fault.SPELLING),
        (b'{"a": 1}', Fault.SPELLING),
        (b'{"b":1,"a":1}', Fault.SPELLING),
        (b'{"a":1,"a":1}', Fault.SPELLING),
        (b'{"a":1,"a":2}', Fault.SPELLING),
        (b'"\\u0041"', Fault.SPELLING),
        (b'"\\/"', Fault.SPELLING),
        (b'"\\u000A"', Fault.SPELLING),
        (b'"\\u00e9"', Fault.SPELLING),
        ('{"é":1}'.encode(), Fault.KEY),
        (b'[{"a":{"\xe3\x81\x82":1}}]', Fault.KEY),
        ('"e\u0301"'.encode(), Fault.TEXT),
        ('"か\u3099"'.encode(), Fault.TEXT),
        ('"\u212b"'.encode(), Fault.TEXT),
    ],
)
def test_bytes_outside_the_form_are_refused_with_their_fault(data, fault):
    assert fault_of(data) is fault


def test_values_stand_in_sixteen_objects_and_arrays_and_no_more():
    inside = lambda levels, value: b"[" * levels + value + b"]" * levels  # noqa: E731
    assert canonical.encode(canonical.decode(inside(16, b"1"))) == inside(16, b"1")
    assert fault_of(inside(17, b"1")) is Fault.DEPTH
    assert fault_of(b'{"a":' * 17 + b"1" + b"}" * 17) is Fault.DEPTH
    assert fault_of(inside(400_000, b"")) is Fault.DEPTH


def test_the_size_limit_is_the_callers():
    assert canonical.decode(b'"abc"', limit=5) == "abc"
    assert fault_of(b'"abcd"', limit=5) is Fault.SIZE
    assert fault_of(b"1" + b" " * canonical.MAX_BYTES) is Fault.SIZE


@pytest.mark.parametrize("number", [b"9" * 500_000, b"1e300", b"1e9999999", b"0." + b"3" * 500_000])
def test_a_number_that_is_dear_to_convert_is_refused_unconverted(number):
    assert fault_of(number) is Fault.NUMBER
    assert fault_of(b"[" + number + b",") is Fault.NUMBER


class Colour(enum.StrEnum):
    RED = "red"


class Label(str):
    __slots__ = ()


def test_tuples_are_lists_and_enums_are_their_text():
    assert canonical.encode({"b": (1, Colour.RED), "a": None}) == b'{"a":null,"b":[1,"red"]}'


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (b"bytes", Fault.KIND),
        (date(2026, 6, 14), Fault.KIND),
        ({1, 2}, Fault.KIND),
        (msgspec.Raw(b"1.5"), Fault.KIND),
        (Label("text"), Fault.KIND),
        (1.0, Fault.NUMBER),
        (float("nan"), Fault.NUMBER),
        (1 << 53, Fault.NUMBER),
        ({1: 2}, Fault.KEY),
        ({None: 2}, Fault.KEY),
        ({"é": 2}, Fault.KEY),
        ({"\ud800": 2}, Fault.KEY),
        ("\ud800", Fault.TEXT),
        (["e\u0301"], Fault.TEXT),
    ],
)
def test_values_outside_the_form_are_not_written(value, fault):
    with pytest.raises(Malformed) as caught:
        canonical.encode(value)
    assert caught.value.fault is fault


def test_a_value_that_contains_itself_is_not_written():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(Malformed):
        canonical.encode(loop)


def test_a_refusal_names_the_rule_and_never_the_content():
    with pytest.raises(Malformed) as caught:
        canonical.decode('{"name":"千代田 e\u0301"}'.encode())
    assert str(caught.value) == Fault.TEXT


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_written_or_malformed(data):
    try:
        value = canonical.decode(data)
    except Malformed:
        return
    assert canonical.encode(value) == data


@settings(deadline=None)
@given(ANY_VALUE)
def test_any_value_is_written_to_be_read_back_or_malformed(value):
    try:
        data = canonical.encode(value)
    except Malformed:
        return
    assert canonical.decode(data) == value


@settings(deadline=None)
@given(st.data())
def test_a_damaged_document_is_another_document_or_malformed(data):
    written = bytearray(canonical.encode(DOCUMENT))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != written[place]))
    try:
        assert canonical.decode(bytes(written)) != DOCUMENT
    except Malformed:
        assert bytes(written) != canonical.encode(DOCUMENT)


@settings(deadline=None)
@given(st.integers(0, 300))
def test_a_truncated_document_is_malformed(length):
    written = canonical.encode(DOCUMENT)
    with pytest.raises(Malformed):
        canonical.decode(written[: min(length, len(written) - 1)])
