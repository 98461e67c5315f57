"""What names a person, and what opens a box, is never shown by accident."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback

import msgspec
import pytest
import structlog

from kumihimo.base import (
    AddresseeNumber,
    IndividualNumber,
    InvalidIdentifier,
    ResidentCode,
    Secret,
)

GUARDED = {
    "123456789018": IndividualNumber("123456789018"),
    "12345678903": ResidentCode("12345678903"),
    "123456789012345": AddresseeNumber("123456789012345"),
    "key material": Secret(b"key material"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    held: object


def ways_to_print(value):
    yield repr(value)
    yield str(value)
    yield f"{value}"
    yield f"{value!r}"
    yield f"{value!s:>40}"
    yield f"{value:>40}"
    yield "%s %r" % (value, value)  # noqa: UP031 - the old way must be safe too
    yield "{} {!r}".format(value, value)  # noqa: UP032
    yield repr([value])
    yield repr({value: value})
    yield repr(Envelope(value))
    yield repr(dataclasses.asdict(Envelope(value)))
    yield str(ValueError(value))
    yield repr(ValueError("no such person", value))
    yield "".join(traceback.format_exception(KeyError(value)))
    yield json.dumps({"held": value}, default=str)


@pytest.mark.parametrize("text", GUARDED)
def test_no_way_of_printing_shows_the_digits(text):
    shown = list(ways_to_print(GUARDED[text]))
    assert all("****" in line for line in shown)
    assert not any(text in line for line in shown)


@pytest.mark.parametrize("text", GUARDED)
def test_logs_never_show_the_digits(text):
    value, stream = GUARDED[text], io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("secrecy")
    logger.addHandler(handler)
    logger.error("refused %s %r %s", value, value, Envelope(value))
    try:
        raise LookupError(value)
    except LookupError:
        logger.exception("not found")
    structlog.wrap_logger(
        structlog.PrintLogger(stream), processors=[structlog.processors.JSONRenderer(default=repr)]
    ).error("refused", held=value, envelope=Envelope(value))
    assert text not in stream.getvalue()
    assert "****" in stream.getvalue()


@pytest.mark.parametrize("text", GUARDED)
def test_nothing_guarded_is_pickled_or_serialised(text):
    value = GUARDED[text]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(Envelope(value), protocol)
        assert text not in str(caught.value)
    with pytest.raises(TypeError):
        msgspec.json.encode({"held": value})
    with pytest.raises(TypeError):
        json.dumps({"held": value})


@pytest.mark.parametrize("text", GUARDED)
def test_a_guarded_value_has_no_dictionary_to_look_into(text):
    with pytest.raises(TypeError):
        vars(GUARDED[text])


@pytest.mark.parametrize("text", GUARDED)
def test_a_copy_is_the_same_value_still_guarded(text):
    assert copy.deepcopy(GUARDED[text]) == GUARDED[text]
    assert repr(copy.deepcopy(GUARDED[text])) == repr(GUARDED[text])


@pytest.mark.parametrize("text", ["123456789010", "1234567890ab", "12345678901"])
def test_a_refused_text_is_not_repeated_in_the_error(text):
    with pytest.raises(InvalidIdentifier) as caught:
        IndividualNumber.parse(text)
    assert text not in "".join(traceback.format_exception_only(caught.value))
    assert text not in repr(caught.value)


def test_a_secret_gives_its_bytes_only_by_name():
    secret = Secret(bytearray(b"key material"))
    assert secret.reveal() == b"key material"
    assert secret == Secret(b"key material")
    assert secret != Secret(b"other material")
    assert secret != b"key material"
    assert len({secret, Secret(b"key material")}) == 1
