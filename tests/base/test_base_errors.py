"""The error vocabulary: complete in both languages, and the same after a journey over the wire."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.base.error_types import WORDS

PUBLISHED = [
    "not-permitted",
    "items-not-permitted",
    "basis-not-in-force",
    "pia-not-published",
    "institution-unknown",
    "institution-suspended",
    "code-not-acquired",
    "code-epoch-retired",
    "no-record",
    "pending-approval",
    "person-protected",
    "layout-unsupported",
    "signature-invalid",
    "stamp-invalid",
    "proof-invalid",
    "receipt-missing",
    "replayed",
    "expired",
    "malformed",
    "too-large",
    "provider-unavailable",
    "busy",
    "clock-skew",
    "not-found",
    "unauthenticated",
    "unknown",
    "declined",
]


def test_no_published_error_type_was_dropped_or_renamed():
    assert set(PUBLISHED) <= set(ErrorType)


@pytest.mark.parametrize("kind", ErrorType)
def test_every_refusal_says_what_and_what_next_in_both_languages(kind):
    problem = Problem(kind)
    assert 400 <= problem.status < 600
    assert problem.title.isascii()
    assert problem.remedy.isascii()
    assert problem.remedy.endswith(".")
    assert not problem.title_ja.isascii()
    assert problem.remedy_ja.endswith("。")


def test_titles_tell_the_types_apart():
    assert len({words.title for words in WORDS.values()}) == len(ErrorType)
    assert len({words.title_ja for words in WORDS.values()}) == len(ErrorType)


def test_a_type_brings_its_legal_ground_unless_another_is_given():
    assert Problem(ErrorType.PIA_NOT_PUBLISHED).ground == "番号法28条6項・21条2項"
    assert Problem(ErrorType.NOT_PERMITTED, ground="番号法19条9号").ground == "番号法19条9号"
    assert Problem(ErrorType.MALFORMED).ground == ""


@given(
    st.builds(
        Problem,
        st.sampled_from(ErrorType),
        detail=st.text(),
        detail_ja=st.text(),
        ground=st.text(),
        nearest=st.none() | st.text(min_size=1),
        reference=st.text(),
    )
)
def test_a_problem_is_the_same_after_a_journey(problem):
    assert Problem.from_document(json.loads(json.dumps(problem.document()))) == problem


def test_a_document_leaves_empty_members_out():
    document = Problem(ErrorType.BUSY).document()
    assert document["type"] == "urn:kumihimo:error:busy"
    assert document["status"] == 503
    assert set(document) == {"type", "title", "title_ja", "status", "remedy", "remedy_ja"}


@given(
    st.none()
    | st.integers()
    | st.lists(st.text())
    | st.dictionaries(
        st.sampled_from(["type", "detail", "ground", "nearest", "x"]), st.text() | st.integers() | st.none()
    )
)
def test_a_document_nobody_understands_is_an_unknown_fault(document):
    assert Problem.from_document(document).type is ErrorType.UNKNOWN


def test_a_sender_cannot_put_words_into_our_mouth():
    problem = Problem.from_document(
        {
            "type": "urn:kumihimo:error:busy",
            "title": "Call this number",
            "remedy": "Send your PIN",
            "status": 200,
        }
    )
    assert problem == Problem(ErrorType.BUSY)
    assert problem.status == 503
