"""RFC 8785 as the `rfc8785` library reads it: inside the profile, the same bytes."""

import unicodedata

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.messages import Malformed, canonical

ASCII = st.text(st.characters(max_codepoint=127))
TEXT = st.text().filter(lambda text: unicodedata.is_normalized("NFC", text))
INTEGERS = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ASCII, inner, max_size=5),
    max_leaves=25,
)


@settings(deadline=None)
@given(DOCUMENTS)
def test_the_byte_form_is_that_of_rfc8785(document):
    judged = rfc8785.dumps(document)
    try:
        assert canonical.encode(document) == judged
    except Malformed as refusal:  # a mark right behind an escape: the profile is narrower there
        assert refusal.fault is canonical.Fault.TEXT
        assert not unicodedata.is_normalized("NFC", judged.decode())
    else:
        assert canonical.decode(judged) == document


@pytest.mark.parametrize("number", range(0x80))
def test_each_ascii_character_is_spelled_as_in_rfc8785(number):
    assert canonical.encode({chr(number): chr(number)}) == rfc8785.dumps({chr(number): chr(number)})


@settings(deadline=None)
@given(st.dictionaries(ASCII, st.none()))
def test_keys_stand_in_the_order_of_rfc8785(document):
    assert canonical.encode(document) == rfc8785.dumps(document)
