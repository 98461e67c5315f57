"""Answers: what a provider gives of what it found, and what an inquirer believes of what it gets."""

import os
from dataclasses import replace

import msgspec
import pytest
from exchange_desks import answer_envelope
from exchange_parties import CITY, OTHER_CITY, PENSION, Papers

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Answer, Given, Mark, Outcome, answer_codec, layouts
from kumihimo.exchange.answers import read_items, verify_answer
from kumihimo.exchange.office import given_document
from kumihimo.exchange.provider import Person, select_items

FLAG = Mark(ground="番号法23条2項", until="2099-01-01")
FOUND = {"name": "見本 花子", "address": "架空台1-2-3", "born_on": "1990-01-01"}
LOCATING = frozenset({"address"})


def person(*flags: str) -> Person:
    return Person("100000000000001", dict.fromkeys(flags, FLAG))


def select(asked: tuple[str, ...], who: Person, approved: bool = False):
    return select_items(asked, FOUND, LOCATING, who, approved=approved)


def test_only_what_was_asked_is_given():
    verdict = select(("name",), person())
    assert (verdict.outcome, verdict.items, verdict.withheld) == (
        Outcome.PROVIDED,
        {"name": "見本 花子"},
        (),
    )


def test_what_the_register_does_not_keep_is_named_as_absent():
    verdict = select(("name", "shoe_size"), person())
    assert (verdict.items, verdict.absent) == ({"name": "見本 花子"}, ("shoe_size",))


def test_where_a_protected_person_lives_is_held_back_by_name():
    verdict = select(("name", "address"), person("protected"))
    assert (verdict.outcome, verdict.withheld) == (Outcome.PROVIDED, ("address",))
    assert verdict.items == {"name": "見本 花子"}


def test_a_question_for_nothing_but_the_whereabouts_of_a_protected_person_is_refused():
    verdict = select(("address",), person("protected"))
    assert (verdict.outcome, verdict.problem) == (Outcome.REFUSED, ErrorType.PERSON_PROTECTED)
    assert verdict.items is None


def test_a_human_may_give_what_protection_holds_back():
    verdict = select(("address",), person("protected"), approved=True)
    assert verdict.items == {"address": "架空台1-2-3"}


def test_a_withheld_person_is_answered_and_the_fact_withheld():
    for asked in (("name",), ("address",)):
        verdict = select(asked, person("withheld", "protected"))
        assert verdict.withhold == FLAG


def test_persons_and_items_do_not_show_in_representations():
    verdict = select(("name", "address"), person())
    assert "見本" not in repr(verdict)
    assert "100000000000001" not in repr(person())


@pytest.fixture(scope="module")
def papers(net) -> Papers:
    return net.ask(items=("pension_total_per_year", "next_payment_on"))


@pytest.fixture(scope="module")
def accepted(net, papers):
    return net.accepted(papers)


def is_problem(result: object, *types: ErrorType) -> bool:
    return isinstance(result, Problem) and result.type in types


def test_a_providers_answer_to_this_slip_is_believed(net, papers, accepted):
    for items in ({"pension_total_per_year": 1, "next_payment_on": "2026-08-14"}, None):
        assert isinstance(verify_answer(answer_envelope(net, papers, items), accepted), Answer)


@pytest.mark.parametrize("by", [CITY, OTHER_CITY, "digital", "ledger"])
def test_nobody_answers_for_the_provider(net, papers, accepted, by):
    envelope = answer_envelope(net, papers, {}, by=by)
    assert is_problem(verify_answer(envelope, accepted), ErrorType.INSTITUTION_UNKNOWN)
    own = answer_envelope(net, papers, {})
    pretended = replace(envelope, answer=replace(envelope.answer, jws=own.answer.jws))
    assert is_problem(verify_answer(pretended, accepted), ErrorType.SIGNATURE_INVALID)


def test_an_answer_to_another_slip_is_not_believed(net, papers, accepted):
    other = net.ask(items=papers.slip.items)
    assert is_problem(verify_answer(answer_envelope(net, other, {}), accepted), ErrorType.SIGNATURE_INVALID)
    for changes in ({"slip": bytes(32)}, {"tx": bytes(16)}, {"sealed": bytes(32)}, {"sealed": None}):
        envelope = answer_envelope(net, papers, {}, **changes)
        assert is_problem(verify_answer(envelope, accepted), ErrorType.SIGNATURE_INVALID)


def test_items_come_with_an_answer_that_provides_and_only_then(net, papers, accepted):
    for items, outcome in (
        ({}, Outcome.REFUSED),
        ({}, Outcome.PENDING),
        (None, Outcome.PROVIDED),
    ):
        envelope = answer_envelope(net, papers, items, outcome=outcome)
        assert is_problem(verify_answer(envelope, accepted), ErrorType.MALFORMED)


def test_items_of_another_answer_are_not_taken(net, papers, accepted):
    envelope = answer_envelope(net, papers, {"pension_total_per_year": 1})
    other = answer_envelope(net, papers, {"pension_total_per_year": 2})
    swapped = replace(envelope, sealed=other.sealed)
    assert is_problem(verify_answer(swapped, accepted), ErrorType.SIGNATURE_INVALID)
    assert is_problem(verify_answer(replace(envelope, sealed=None), accepted), ErrorType.SIGNATURE_INVALID)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"[]"])
def test_an_answer_that_cannot_be_read_is_malformed(net, papers, accepted, body):
    envelope = answer_envelope(net, papers, None)
    unread = replace(envelope, answer=net.sign(PENSION, body))
    assert is_problem(verify_answer(unread, accepted), ErrorType.MALFORMED)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"pension_total_per_year":"many","next_payment_on":"2026-08-14"}',
        b'{"pension_total_per_year":1}',
        b'{"pension_total_per_year":1,"next_payment_on":"2026-08-14","payments":[]}',
        b'{"pension_total_per_year":1,"next_payment_on":"2026-08-14","secret":1}',
    ],
)
def test_items_that_are_not_the_ones_asked_in_their_layout_are_not_taken(net, papers, accepted, plain):
    answer = answer_codec.decode(answer_envelope(net, papers, None).answer.body)
    assert is_problem(read_items(plain, answer, accepted, layouts()), ErrorType.LAYOUT_UNSUPPORTED)


def test_items_asked_are_there_or_named_as_missing(net, papers, accepted):
    answer = answer_codec.decode(answer_envelope(net, papers, None).answer.body)
    whole = {"pension_total_per_year": 780_900, "next_payment_on": "2026-08-14"}
    assert read_items(msgspec.json.encode(whole), answer, accepted, layouts()) == whole
    part = {"pension_total_per_year": 780_900}
    for named in ({"withheld": ("next_payment_on",)}, {"absent": ("next_payment_on",)}):
        said = replace(answer, **named)
        assert read_items(msgspec.json.encode(part), said, accepted, layouts()) == part
        lied = read_items(msgspec.json.encode(whole), said, accepted, layouts())
        assert is_problem(lied, ErrorType.LAYOUT_UNSUPPORTED)


def test_a_reason_nobody_here_knows_is_shown_as_unknown(net, papers, accepted):
    """The list of reasons only grows: a provider may be ahead of us."""
    envelope = answer_envelope(net, papers, None, problem="reason-of-2031")
    answer = verify_answer(envelope, accepted)
    assert isinstance(answer, Answer)
    document = given_document(Given(tx=os.urandom(16).hex(), answer=answer, items=None))
    assert document["problem"]["type"] == "urn:kumihimo:error:unknown"
