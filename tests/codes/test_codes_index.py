"""The index audit: an honest ledger convinces, and no other label can be shown for an event."""

import os
from dataclasses import dataclass, fields, replace
from itertools import combinations

import pytest
from codes_nation import Nation
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import (
    GENERATOR,
    Domain,
    IndexEvent,
    IndexProof,
    InstitutionCode,
    check_index,
    multiply,
    prove_index,
    random_scalar,
)
from kumihimo.codes.conversion import PEDERSEN
from kumihimo.codes.group import ORDER, add, multiply_base, scalar_multiply
from kumihimo.codes.keys import receive_blind

CITY, LEDGER = Domain("jp/muni/131016", 2), Domain("jp/ledger", 1)
EVENT_FIELDS = [one.name for one in fields(IndexEvent)]
SHOWN_FIELDS = [one.name for one in fields(IndexProof)]


@dataclass
class Book:
    """A ledger at the level of codes: its keys, and the events it can prove."""

    nation: Nation
    secret: bytes

    @property
    def public(self) -> dict[str, bytes]:
        return {**self.nation.commitments(LEDGER), "key": multiply_base(self.secret)}

    def event(self, code: InstitutionCode) -> tuple[IndexEvent, dict[str, bytes], InstitutionCode]:
        made = self.nation.exchange(CITY, LEDGER, [code])
        (row,) = made.asked.rows
        (own,) = made.received()
        event = IndexEvent(
            tx=made.tx,
            source=CITY,
            target=LEDGER,
            d1=made.asked.d1,
            d2=made.asked.d2,
            x0=row.x0,
            cb=row.cb,
            x1=made.first.xs[0],
            proof1=made.first.proof,
            x2=made.second.xs[0],
            proof2=made.second.proof,
        )
        return event, {"b": row.b, "r": row.r}, own

    def prove(self, event: IndexEvent, opening: dict[str, bytes], **other: bytes) -> IndexProof:
        keys = {**self.nation.keys(LEDGER), **self.nation.commitments(LEDGER), "secret": self.secret}
        return prove_index(event, **{**keys, **opening, **other})

    def check(self, event: IndexEvent, shown: IndexProof, **other: bytes) -> Problem | None:
        return check_index(event, shown, **{**self.public, **other})


@pytest.fixture
def book(nation) -> Book:
    return Book(nation, random_scalar())


@pytest.fixture
def codes(nation) -> tuple[InstitutionCode, ...]:
    return nation.acquire([os.urandom(32), os.urandom(32)], CITY)


def refused(outcome) -> bool:
    return isinstance(outcome, Problem) and outcome.type is ErrorType.PROOF_INVALID


def test_an_honest_proof_convinces_and_shows_the_index_element_of_the_person(book, codes):
    event, opening, own = book.event(codes[0])
    shown = book.prove(event, opening)
    assert book.check(event, shown) is None
    assert shown.index == multiply(book.secret, own.element)


def test_two_events_of_a_person_show_one_index_element_and_of_two_persons_two(book, codes):
    shown = [book.prove(*book.event(code)[:2]) for code in (codes[0], codes[0], codes[1])]
    assert shown[0].index == shown[1].index != shown[2].index
    for one, other in combinations(shown, 2):
        assert not {one.w, one.v1, one.v2, one.c1, one.c2} & {other.w, other.v1, other.v2, other.c1, other.c2}


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16))
def test_every_person_in_every_transaction_can_be_proved(rho, tx):
    nation = Nation()
    book = Book(nation, random_scalar())
    (code,) = nation.acquire([rho], CITY)
    event, opening, own = book.event(code)
    shown = book.prove(event, opening)
    assert book.check(event, shown) is None
    assert shown.index == multiply(book.secret, own.element)
    assert refused(book.check(replace(event, tx=tx), shown))


@pytest.mark.parametrize("name", EVENT_FIELDS)
def test_every_altered_value_of_the_event_is_refused(book, codes, name):
    event, opening, _ = book.event(codes[0])
    shown = book.prove(event, opening)
    for value in _others(getattr(event, name)):
        assert refused(book.check(replace(event, **{name: value}), shown)), value


@pytest.mark.parametrize("name", SHOWN_FIELDS)
def test_every_altered_value_of_the_proof_is_refused(book, codes, name):
    event, opening, _ = book.event(codes[0])
    shown = book.prove(event, opening)
    for value in _others(getattr(shown, name)):
        assert refused(book.check(event, replace(shown, **{name: value}))), value


@pytest.mark.parametrize("at", range(5))
def test_every_part_of_the_proof_string_is_bound(book, codes, at):
    event, opening, _ = book.event(codes[0])
    shown = book.prove(event, opening)
    for part in (random_scalar(), bytes(32), ORDER.to_bytes(32, "little"), b"\xff" * 32):
        proof = shown.proof[: at * 32] + part + shown.proof[at * 32 + 32 :]
        assert refused(book.check(event, replace(shown, proof=proof)))
    part = int.from_bytes(shown.proof[at * 32 : at * 32 + 32], "little") + ORDER
    proof = shown.proof[: at * 32] + part.to_bytes(32, "little") + shown.proof[at * 32 + 32 :]
    assert refused(book.check(event, replace(shown, proof=proof))), "a second spelling of the same scalar"


@pytest.mark.parametrize("name", ["s1", "s2", "key"])
def test_another_public_key_refuses_the_proof(book, codes, name):
    event, opening, _ = book.event(codes[0])
    shown = book.prove(event, opening)
    for value in _others(book.public[name]):
        assert refused(book.check(event, shown, **{name: value}))


@pytest.mark.parametrize("name", ["b", "r", "k1", "k2", "secret"])
def test_a_ledger_with_another_secret_convinces_nobody(book, codes, name):
    event, opening, _ = book.event(codes[0])
    assert refused(book.check(event, book.prove(event, {**opening, name: random_scalar()})))


def test_a_ledger_cannot_show_another_persons_label_for_an_event(book, codes):
    event, opening, _ = book.event(codes[0])
    other, other_opening, _ = book.event(codes[1])
    shown, foreign = book.prove(event, opening), book.prove(other, other_opening)
    assert refused(book.check(event, foreign))
    assert refused(book.check(event, replace(shown, index=foreign.index)))
    forged = book.prove(replace(event, x2=other.x2), opening)
    assert refused(book.check(event, forged))
    assert refused(book.check(replace(event, x2=other.x2), forged)), "operator 2 proved another element"


def test_a_ledger_cannot_show_another_events_evidence_of_the_same_person(book, codes):
    event, _, _ = book.event(codes[0])
    other, other_opening, _ = book.event(codes[0])
    assert refused(book.check(event, book.prove(other, other_opening)))


def test_a_ledger_cannot_choose_another_w_although_it_knows_its_distance_from_the_commitment(book, codes):
    # Cb - W is a multiple of H' for every W = Cb - r'·H'; what refuses such a W is K_L = z·V2.
    event, opening, _ = book.event(codes[0])
    other = random_scalar()
    minus = scalar_multiply((ORDER - 1).to_bytes(32, "little"), other)
    w = add(event.cb, multiply(minus, PEDERSEN))
    k1, k2 = book.nation.keys(LEDGER).values()
    c1, c2 = receive_blind(k1, 1, event.tx), receive_blind(k2, 2, event.tx)
    v1 = multiply(c1, w)
    v2 = multiply(c2, v1)
    forged = replace(book.prove(event, {**opening, "r": other}), w=w, v1=v1, v2=v2)
    assert refused(book.check(event, forged))


def test_a_ledger_cannot_scale_the_label_by_a_blind_of_its_own(book, codes):
    # Another c1 with its own C1 is consistent in itself; π1 is what ties C1 to the signed slip.
    event, opening, _ = book.event(codes[0])
    assert refused(book.check(event, book.prove(event, opening, k1=os.urandom(32))))
    assert refused(book.check(event, book.prove(event, opening, k2=os.urandom(32))))


def test_a_proof_holds_under_the_published_key_it_was_made_with_only(book, codes):
    event, opening, _ = book.event(codes[0])
    other = random_scalar()
    shown = book.prove(event, opening, secret=other)
    assert refused(book.check(event, shown))
    assert book.check(event, shown, key=multiply_base(other)) is None


def test_the_proof_holds_in_its_own_context_only(book, codes):
    event, opening, _ = book.event(codes[0])
    shown = book.prove(event, opening)
    for source in (Domain(CITY.label, CITY.epoch + 1), Domain("jp/muni/131024", CITY.epoch), LEDGER):
        assert refused(book.check(replace(event, source=source), shown))


def _others(value):
    if isinstance(value, Domain):
        return [Domain(value.label, value.epoch + 1), Domain(value.label + "x", value.epoch)]
    flipped = [bytes([*value[:at], value[at] ^ 1, *value[at + 1 :]]) for at in (0, len(value) - 1)]
    lengths = [value[:-1], value + b"\x00", b""]
    points = [GENERATOR, bytes(32), b"\xff" * 32, multiply_base(random_scalar())] if len(value) == 32 else []
    return [*flipped, *lengths, *points]
