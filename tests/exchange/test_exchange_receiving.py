"""The receiver's side: boxes and conversions that are not exactly right give nobody's code, not another's."""

import os
from dataclasses import replace

import pytest
from exchange_parties import CITY, OTHER_CITY, PENSION, Network, Papers

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    LEDGER_BOX,
    TARGET_BOX,
    Box,
    Conditions,
    Opening,
    Sealed,
    box_codec,
    check_stamps,
    digest,
    open_box,
    slip_codec,
    stamp_codec,
    take_codes,
)
from kumihimo.exchange.gates import Stamps
from kumihimo.messages import boxes

ALICE, BOB = os.urandom(32), os.urandom(32)


@pytest.fixture(scope="module")
def papers(net) -> Papers:
    return net.ask(ALICE)


@pytest.fixture(scope="module")
def stamps(net, papers) -> Stamps:
    checked = check_stamps(*net.stamps(papers), net.accepted(papers), net.directory)
    assert isinstance(checked, Stamps)
    return checked


def opened(net: Network, papers: Papers, box: bytes, at: str = PENSION, **more: object):
    given = {"info": TARGET_BOX, "named": papers.slip.sealed.target, **more}
    return open_box(net.desk(at), net.accepted(papers), box, **given)


def taken(net: Network, papers: Papers, stamps: Stamps, box: Box, *, at: str = PENSION, ledger: bool = False):
    return take_codes(net.desk(at), net.accepted(papers), stamps, box, ledger=ledger)


def box_of(net: Network, papers: Papers) -> Box:
    box = opened(net, papers, papers.target_box)
    assert isinstance(box, Box)
    return box


def problem(result: object) -> ErrorType | None:
    return result.type if isinstance(result, Problem) else None


def sealed_anew(net: Network, papers: Papers, plain: bytes, to: str = PENSION, **more: object):
    """The slip with another box for its provider, named on it and signed as usual."""
    given = {"info": TARGET_BOX, "aad": papers.slip.tx, **more}
    box = boxes.seal(net.directory.entries[to].box_public, plain, **given)
    slip = replace(papers.slip, sealed=replace(papers.slip.sealed, target=digest(box)))
    return replace(papers, slip=slip, signed=net.sign(CITY, slip_codec.encode(slip)), target_box=box), box


def test_provider_and_ledger_get_their_own_code_of_the_same_person(net, papers, stamps):
    codes = taken(net, papers, stamps, box_of(net, papers))
    assert codes == (net.code(ALICE, PENSION),)
    ledger_box = opened(
        net, papers, papers.ledger_box, at="ledger", info=LEDGER_BOX, named=papers.slip.sealed.ledger
    )
    assert isinstance(ledger_box, Box)
    assert taken(net, papers, stamps, ledger_box, at="ledger", ledger=True) == (net.code(ALICE, "ledger"),)


def test_an_institution_acquires_its_code_and_no_other(net):
    papers = net.delivery_of_codes(BOB)
    stamps = check_stamps(*net.stamps(papers), net.accepted(papers), net.directory)
    assert isinstance(stamps, Stamps)
    box = opened(net, papers, papers.target_box, at=CITY)
    assert taken(net, papers, stamps, box, at=CITY) == (net.code(BOB, CITY),)


def test_a_box_the_slip_does_not_name_is_malformed(net, papers):
    other = net.ask(ALICE).target_box
    for box in (other, papers.ledger_box, papers.target_box + b"x", papers.target_box[:-1], b""):
        assert problem(opened(net, papers, box)) is ErrorType.MALFORMED
    assert problem(opened(net, papers, papers.target_box, named=None)) is ErrorType.MALFORMED


def test_a_box_sealed_to_somebody_else_cannot_be_opened(net, papers):
    content = box_codec.encode(box_of(net, papers))
    for to in (OTHER_CITY, "ledger", "digital", CITY):
        wrong, box = sealed_anew(net, papers, content, to=to)
        assert problem(opened(net, wrong, box)) is ErrorType.MALFORMED


def test_a_box_for_another_purpose_or_slip_cannot_be_opened(net, papers):
    content = box_codec.encode(box_of(net, papers))
    for more in ({"info": LEDGER_BOX}, {"info": b""}, {"aad": os.urandom(16)}, {"aad": b""}):
        wrong, box = sealed_anew(net, papers, content, **more)
        assert problem(opened(net, wrong, box)) is ErrorType.MALFORMED


@pytest.mark.parametrize("plain", [b"", b"{}", b"\xff" * 9, b"[" * 9999, b'{"openings":[]}'])
def test_a_box_with_other_content_is_malformed(net, papers, plain):
    wrong, box = sealed_anew(net, papers, plain)
    assert problem(opened(net, wrong, box)) is ErrorType.MALFORMED


def test_a_box_for_another_number_of_persons_is_malformed(net, papers):
    opening = box_of(net, papers).openings[0]
    for openings in ((), (opening, opening)):
        content = box_codec.encode(Box(openings=openings, conditions=Conditions()))
        wrong, box = sealed_anew(net, papers, content)
        assert problem(opened(net, wrong, box)) is ErrorType.MALFORMED


@pytest.mark.parametrize(
    "opening",
    [
        Opening(b=bytes(32), r=bytes(32)),
        Opening(b=b"", r=b""),
        Opening(b=b"\xff" * 32, r=b"\xff" * 32),
        Opening(b=os.urandom(31), r=os.urandom(33)),
        Opening(b=b"\x07" + bytes(31), r=b"\x09" + bytes(31)),
    ],
)
def test_an_opening_that_does_not_open_the_commitment_is_proof_invalid(net, papers, stamps, opening):
    box = replace(box_of(net, papers), openings=(opening,))
    assert problem(taken(net, papers, stamps, box)) is ErrorType.PROOF_INVALID


def test_openings_of_another_slip_are_proof_invalid(net, papers, stamps):
    box = box_of(net, net.ask(ALICE))
    assert problem(taken(net, papers, stamps, box)) is ErrorType.PROOF_INVALID


def changed_parts(net: Network, papers: Papers, stamps: Stamps):
    """Every wrong conversion an operator could sign."""
    other_papers = net.ask(BOB)
    other = check_stamps(*net.stamps(other_papers), net.accepted(other_papers), net.directory)
    assert isinstance(other, Stamps)
    first, second = stamps.first, stamps.second
    assert first.ledger
    flipped = bytes([second.target.proof[0] ^ 1]) + second.target.proof[1:]
    yield "another person's rows", replace(stamps, second=replace(second, target=other.second.target))
    yield "another person's first", replace(stamps, first=replace(first, target=other.first.target))
    yield (
        "both of another",
        Stamps(replace(first, target=other.first.target), replace(second, target=other.second.target)),
    )
    yield (
        "the ledger's conversion",
        Stamps(replace(first, target=first.ledger), replace(second, target=second.ledger)),
    )
    for name, change in (
        ("flipped proof", {"proof": flipped}),
        ("no proof", {"proof": b""}),
        ("long proof", {"proof": second.target.proof + b"x"}),
        ("zero proof", {"proof": bytes(64)}),
        ("identity", {"xs": (bytes(32),)}),
        ("not an element", {"xs": (b"\xff" * 32,)}),
        ("short element", {"xs": (b"x",)}),
        ("unconverted", {"xs": first.target.xs}),
    ):
        yield name, replace(stamps, second=replace(second, target=replace(second.target, **change)))
        yield name, replace(stamps, first=replace(first, target=replace(first.target, **change)))


def test_a_wrong_conversion_never_gives_a_code(net, papers, stamps):
    box = box_of(net, papers)
    tried = 0
    for name, wrong in changed_parts(net, papers, stamps):
        if wrong == stamps:
            continue
        result = taken(net, papers, wrong, box)
        assert problem(result) in {ErrorType.PROOF_INVALID, ErrorType.MALFORMED}, name
        tried += 1
    assert tried >= 18


def test_another_institution_makes_nothing_of_a_stamped_slip(net, papers, stamps):
    box = box_of(net, papers)
    for thief in (OTHER_CITY, "numbering", "portal"):
        assert problem(taken(net, papers, stamps, box, at=thief)) is ErrorType.PROOF_INVALID


def test_a_slip_of_one_epoch_is_not_read_in_another(net, papers, stamps):
    accepted = net.accepted(papers)
    box = box_of(net, papers)
    for change, expected in (
        ({"source_epoch": 1}, ErrorType.PROOF_INVALID),
        ({"target_epoch": 1}, ErrorType.CODE_EPOCH_RETIRED),
    ):
        slip = replace(papers.slip, codes=replace(papers.slip.codes, **change))
        result = take_codes(net.desk(PENSION), replace(accepted, slip=slip), stamps, box, ledger=False)
        assert problem(result) is expected


def test_stamps_without_a_conversion_for_the_ledger_give_it_nothing(net, papers, stamps):
    bare = Stamps(replace(stamps.first, ledger=None), replace(stamps.second, ledger=None))
    result = taken(net, papers, bare, box_of(net, papers), at="ledger", ledger=True)
    assert problem(result) is ErrorType.STAMP_INVALID


def test_a_person_cannot_be_swapped_between_provider_and_ledger(net):
    """X0 and Cb stand once in the slip: a box with Bob's opening opens nothing of Alice's slip."""
    alice, bob = net.ask(ALICE), net.ask(BOB)
    stamps = check_stamps(*net.stamps(alice), net.accepted(alice), net.directory)
    assert isinstance(stamps, Stamps)
    ledger_box = boxes.seal(
        net.directory.entries["ledger"].box_public,
        box_codec.encode(
            Box(
                openings=(Opening(b=bob.blinded.rows[0].b, r=bob.blinded.rows[0].r),), conditions=Conditions()
            )
        ),
        info=LEDGER_BOX,
        aad=alice.slip.tx,
    )
    sealed = Sealed(target=alice.slip.sealed.target, ledger=digest(ledger_box))
    slip = replace(alice.slip, sealed=sealed)
    swapped = replace(alice, slip=slip, signed=net.sign(CITY, slip_codec.encode(slip)))
    box = opened(net, swapped, ledger_box, at="ledger", info=LEDGER_BOX, named=sealed.ledger)
    assert isinstance(box, Box)
    assert problem(taken(net, swapped, stamps, box, at="ledger", ledger=True)) is ErrorType.PROOF_INVALID


def test_secrets_of_a_delivery_do_not_show_in_its_representation(net, papers):
    box = box_of(net, papers)
    assert box.openings[0].b.hex() not in repr(box)
    assert repr(box.openings[0].b) not in repr(box)
    stamp = stamp_codec.decode(net.stamp(1, papers).body)
    assert stamp.target.xs[0] != net.code(ALICE, PENSION).element
