"""Gates 1 to 5: every slip that is not exactly lawful gets exactly its own refusal."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_parties import CITY, NOW, OTHER_CITY, PENSION, PENSIONS, Network, Papers

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import (
    ACQUIRE_RIGHT,
    DISCLOSE_RIGHT,
    Accepted,
    Mark,
    Sealed,
    Sender,
    Signed,
    Verb,
    digest,
    layouts,
    slip_codec,
)
from kumihimo.exchange.gates import still_standing
from kumihimo.law import law
from kumihimo.node import Assessment
from kumihimo.world import cases

DAY = NOW.date()


def refused(net: Network, papers: Papers | Signed, **more: object) -> Problem:
    verdict = net.check(papers, **more)
    assert isinstance(verdict, Problem), "a slip passed that must not"
    return verdict


def test_a_lawful_slip_passes_and_is_named_by_its_digest(net):
    papers = net.ask()
    accepted = net.check(papers, sender=net.directory.entries[CITY])
    assert isinstance(accepted, Accepted)
    assert (accepted.slip, accepted.digest) == (papers.slip, digest(papers.signed.body))
    assert (accepted.inquirer.id, accepted.target.id) == (CITY, PENSION)


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: b"",
        lambda body: b"garbage",
        lambda body: b"\xff" * 40,
        lambda body: body[:-1],
        lambda body: body + b" ",
        lambda body: b"[" + body + b"]",
        lambda body: body.replace(b'"case"', b' "case"'),
        lambda body: body.replace(b'"v":1', b'"v":1.0'),
        lambda body: body.replace(b'"v":1', b'"v":1,"v":1'),
        lambda body: body.replace(b'"v":1', b'"v":1,"w":1'),
        lambda body: body.replace(b'"kind":"inquire"', b'"kind":"update"'),
        lambda body: body.replace(b'"case":"case-1"', b'"case":"\\u0063ase-1"'),
        lambda body: body.replace(b'"case":"case-1"', '"case":"か\u3099"'.encode()),
        lambda body: body.replace(b'"case":"case-1"', b'"case":"' + b"a" * 300_000 + b'"'),
        lambda body: b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_bytes_that_are_not_the_one_form_of_a_slip_are_malformed(net, broken):
    body = broken(net.ask().signed.body)
    assert refused(net, net.sign(CITY, body)).type is ErrorType.MALFORMED


def codes(net: Network, **changes: object):
    return {"codes": replace(net.ask().slip.codes, **changes)}


@pytest.mark.parametrize(
    "changes",
    [
        lambda net: {"v": 2},
        lambda net: {"tx": os.urandom(15)},
        lambda net: {"salt": b""},
        lambda net: {"sealed": Sealed(target=b"short", ledger=None)},
        lambda net: codes(net, d1=os.urandom(31)),
        lambda net: codes(net, d2=os.urandom(33)),
        lambda net: codes(net, rows=()),
        lambda net: codes(net, rows=net.ask().slip.codes.rows * 2),
        lambda net: codes(net, rows=(replace(net.ask().slip.codes.rows[0], x0=b"x"),)),
        lambda net: codes(net, rows=(replace(net.ask().slip.codes.rows[0], cb=b""),)),
        lambda net: codes(net, source_epoch=-1),
        lambda net: codes(net, target_epoch=2**32),
        lambda net: codes(net, ledger_epoch=-(10**30)),
        lambda net: {"expires": int(NOW.timestamp() * 1000) + 60_001},
        lambda net: {"expires": int(NOW.timestamp() * 1000)},
        lambda net: {"case": "x" * 257},
        lambda net: {"items": ("x" * 257,)},
        lambda net: {"sender": Sender(institution=CITY, office="x" * 257, operator="")},
        lambda net: {"sender": Sender(institution=CITY, office="課\0", operator="")},
        lambda net: {"items": ("\0",)},
        lambda net: {"mark": Mark(ground="x" * 257, until="2026-12-31")},
        lambda net: {"mark": Mark(ground="\0", until="2026-12-31")},
        lambda net: {"mark": Mark(ground="番号法23条2項", until="")},
        lambda net: {"mark": Mark(ground="番号法23条2項", until="20261231")},
        lambda net: {"mark": Mark(ground="番号法23条2項", until="2026-02-30")},
    ],
)
def test_lengths_and_bounds_out_of_range_are_malformed(net, changes):
    assert refused(net, net.ask(**changes(net))).type is ErrorType.MALFORMED


def test_a_delivery_of_codes_carries_at_most_a_thousand_persons(net):
    papers = net.delivery_of_codes(os.urandom(32))
    rows = papers.slip.codes.rows
    many = replace(papers.slip, codes=replace(papers.slip.codes, rows=rows * 1000))
    assert isinstance(net.check(net.sign("numbering", slip_codec.encode(many))), Accepted)
    more = replace(papers.slip, codes=replace(papers.slip.codes, rows=rows * 1001))
    assert refused(net, net.sign("numbering", slip_codec.encode(more))).type is ErrorType.MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "muni-999999"},
        {"to": CITY},
        {"to": ""},
        {"sender": Sender(institution="muni-999999", office="", operator="")},
    ],
)
def test_a_slip_from_or_to_nobody_of_the_directory_is_refused(net, changes):
    papers = net.ask()
    signed = net.sign(CITY, slip_codec.encode(replace(papers.slip, **changes)))
    assert refused(net, signed).type is ErrorType.INSTITUTION_UNKNOWN


def test_only_the_inquirer_itself_brings_its_slip(net):
    for other in (OTHER_CITY, PENSION, "digital"):
        verdict = refused(net, net.ask(), sender=net.directory.entries[other])
        assert verdict.type is ErrorType.SIGNATURE_INVALID


def test_a_slip_signed_anew_changed_or_for_others_is_not_the_inquirers(net):
    papers = net.ask()
    body = papers.signed.body
    other = net.sign(OTHER_CITY, body)
    assert refused(net, other).type is ErrorType.INSTITUTION_UNKNOWN
    pretended = replace(net.sign(CITY, body + b" "), body=body)
    assert refused(net, pretended).type is ErrorType.SIGNATURE_INVALID
    changed = slip_codec.encode(replace(papers.slip, salt=os.urandom(16)))
    assert refused(net, replace(papers.signed, body=changed)).type is ErrorType.SIGNATURE_INVALID


@pytest.mark.parametrize("signature", ["", "..", "a..b", "x" * 10_000, "é..é"])
def test_a_signature_of_another_form_is_malformed(net, signature):
    assert refused(net, replace(net.ask().signed, jws=signature)).type is ErrorType.MALFORMED


@pytest.mark.parametrize("side", [CITY, PENSION])
def test_a_suspended_side_is_out_of_every_exchange(net, side):
    directory = net.overseen(suspended={side: "漏えい"})
    verdict = refused(net, net.ask(), directory=directory)
    assert verdict.type is ErrorType.INSTITUTION_SUSPENDED
    assert side in verdict.detail
    assert verdict.remedy_ja


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        (timedelta(seconds=31), ErrorType.CLOCK_SKEW),
        (timedelta(minutes=5), ErrorType.CLOCK_SKEW),
        (timedelta(days=3650), ErrorType.CLOCK_SKEW),
        (timedelta(seconds=-61), ErrorType.EXPIRED),
        (timedelta(minutes=-5), ErrorType.EXPIRED),
    ],
)
def test_a_clock_that_is_off_is_told_so(net, apart, expected):
    verdict = refused(net, net.ask(), now=NOW - apart)
    assert verdict.type is expected
    assert verdict.remedy
    assert verdict.remedy_ja


@pytest.mark.parametrize("seconds", [-30, 0, 59, 60])
def test_a_slip_lives_a_minute_and_half_a_minute_of_skew_is_forgiven(net, seconds):
    assert isinstance(net.check(net.ask(), now=NOW + timedelta(seconds=seconds)), Accepted)


@pytest.mark.parametrize("time", [-(10**30), 10**30, -(2**63), 2**63])
def test_a_time_out_of_all_calendars_is_a_refusal_and_no_fault(net, time):
    verdict = refused(net, net.ask(time=time, expires=time + 1))
    assert verdict.type in {ErrorType.EXPIRED, ErrorType.CLOCK_SKEW, ErrorType.MALFORMED}


def basis(net: Network, **changes: object):
    return {"basis": replace(net.ask().slip.basis, **changes)}


def repealed() -> str:
    return next(row.id for row in law().rows(DAY - timedelta(days=2000)) if law().row(row.id) is not None)


@pytest.mark.parametrize("snapshot", ["", "0" * 64, law().snapshot(DAY - timedelta(days=900)).hash])
def test_a_slip_under_another_version_of_the_law_is_refused(net, snapshot):
    verdict = refused(net, net.ask(**basis(net, snapshot=snapshot)))
    assert verdict.type is ErrorType.BASIS_NOT_IN_FORCE


def test_a_row_that_is_no_longer_in_force_permits_nothing(net):
    verdict = refused(net, net.ask(**basis(net, permission=repealed(), piece=None)))
    assert verdict.type is ErrorType.BASIS_NOT_IN_FORCE


@pytest.mark.parametrize("permission", ["", "o9/999/1@2024-05-27", "o9", "'; DROP TABLE law; --", "x" * 5000])
def test_a_row_that_never_was_permits_nothing(net, permission):
    verdict = refused(net, net.ask(**basis(net, permission=permission, piece=None)))
    assert verdict.type is ErrorType.NOT_PERMITTED


def test_the_right_row_between_the_wrong_parties_names_the_nearest_row(net):
    permission = net.ask().slip.basis.permission
    reverse = refused(net, net.ask(inquirer=PENSION, to=CITY))
    assert (reverse.type, reverse.nearest) == (ErrorType.NOT_PERMITTED, permission)
    wrong_provider = refused(net, net.ask(to=OTHER_CITY))
    assert (wrong_provider.type, wrong_provider.nearest) == (ErrorType.NOT_PERMITTED, permission)


@pytest.mark.parametrize("information", ["住民票関係情報", "年金", "", "年金給付関係情報 "])
def test_a_row_permits_its_own_information_only(net, information):
    assert refused(net, net.ask(information=information)).type is ErrorType.NOT_PERMITTED


def test_a_piece_must_be_of_a_procedure_that_asks_under_the_row(net):
    own = net.ask().slip.basis.piece
    asks_else = next(
        piece.reference
        for row in law().rows(DAY)
        for procedure in law().procedures(row.item)
        for piece in procedure.pieces
        if piece.reference != own and net.ask().slip.basis.permission not in piece.rows
    )
    for piece in (asks_else, "", "/", "44/999/ム", "44//", own + "x", "a" * 5000, "44/1/ム/extra/parts"[:4]):
        verdict = refused(net, net.ask(**basis(net, piece=piece)))
        assert verdict.type is ErrorType.NOT_PERMITTED, piece


def test_an_item_too_many_or_none_is_refused(net):
    items = net.ask().slip.items
    for asked in ((*items, "address"), (), ("個人番号",), ("",)):
        assert refused(net, net.ask(items=asked)).type is ErrorType.ITEMS_NOT_PERMITTED, asked


def test_an_item_of_the_layout_outside_the_piece_is_refused(net):
    narrow = next(
        (question, outside)
        for question in questions(net, CITY, OTHER_CITY)
        if (outside := set(layouts().latest(question.information).items) - set(question.items))
    )
    question, outside = narrow
    papers = net.papers(net.code(os.urandom(32), CITY), question, to=OTHER_CITY)
    assert isinstance(net.check(papers), Accepted)
    for item in sorted(outside)[:3]:
        asked = net.papers(net.code(os.urandom(32), CITY), question, to=OTHER_CITY, items=(item,))
        verdict = refused(net, asked)
        assert (verdict.type, verdict.nearest) == (ErrorType.ITEMS_NOT_PERMITTED, question.permission)


def questions(net: Network, inquirer: str, provider: str):
    entries = net.directory.entries
    for layout in layouts():
        yield from cases(law(), layouts(), entries[inquirer], entries[provider], layout.information, DAY)


@pytest.mark.parametrize("layout", [0, 2, -1, 10**30])
def test_a_layout_nobody_published_is_refused(net, layout):
    assert refused(net, net.ask(layout=layout)).type is ErrorType.LAYOUT_UNSUPPORTED


@pytest.mark.parametrize("side", [CITY, PENSION])
@pytest.mark.parametrize(
    "assessment",
    [
        None,
        Assessment(DAY + timedelta(days=1), DAY + timedelta(days=900)),
        Assessment(DAY - timedelta(days=900), DAY - timedelta(days=1)),
        Assessment(DAY - timedelta(days=9), DAY + timedelta(days=900), withdrawn=DAY),
    ],
    ids=["missing", "future", "outdated", "withdrawn"],
)
def test_without_an_assessment_in_force_on_both_sides_nothing_is_exchanged(net, side, assessment):
    verdict = refused(net, net.ask(), directory=net.assessed(side, assessment))
    assert verdict.type is ErrorType.PIA_NOT_PUBLISHED
    assert side in verdict.detail
    assert verdict.ground == "番号法28条6項"


@pytest.mark.parametrize("side", [CITY, PENSION])
def test_what_was_let_through_is_looked_at_again_before_it_is_answered_later(net, side):
    accepted = net.accepted(net.ask())
    assert still_standing(accepted, net.directory, NOW) is None
    assert still_standing(accepted, net.directory, NOW + timedelta(days=30)) is None
    suspended = still_standing(accepted, net.overseen(suspended={side: "x"}), NOW)
    assert suspended is not None
    assert suspended.type is ErrorType.INSTITUTION_SUSPENDED
    lapsed = still_standing(accepted, net.directory, NOW + timedelta(days=2000))
    assert lapsed is not None
    assert lapsed.type is ErrorType.PIA_NOT_PUBLISHED


def test_the_last_day_of_an_assessment_still_counts(net):
    ends_today = Assessment(DAY - timedelta(days=9), DAY)
    assert isinstance(net.check(net.ask(), directory=net.assessed(CITY, ends_today)), Accepted)


def test_codes_are_made_by_numbering_only(net):
    rho = os.urandom(32)
    assert isinstance(net.check(net.delivery_of_codes(rho)), Accepted)
    for other in (CITY, "portal", "ledger"):
        papers = net.delivery_of_codes(rho, inquirer=other, to=PENSION)
        assert refused(net, papers).type is ErrorType.NOT_PERMITTED
    asked = net.ask(**basis(net, permission=ACQUIRE_RIGHT, piece=None))
    assert refused(net, asked).type is ErrorType.NOT_PERMITTED
    table_row = net.delivery_of_codes(rho, basis=net.ask().slip.basis)
    assert refused(net, table_row).type is ErrorType.NOT_PERMITTED


def test_only_the_disclosure_system_reads_the_ledger_and_only_own_records(net):
    rho = os.urandom(32)
    assert isinstance(net.check(net.look_at_own_records(rho)), Accepted)
    wrong = [
        net.look_at_own_records(rho, inquirer=CITY),
        net.look_at_own_records(rho, inquirer="digital"),
        net.look_at_own_records(rho, to=CITY),
        net.look_at_own_records(rho, information=PENSIONS),
        net.look_at_own_records(rho, basis=net.ask().slip.basis),
        net.ask(to="ledger"),
        net.ask(**basis(net, permission=DISCLOSE_RIGHT, piece=None)),
    ]
    for papers in wrong:
        assert refused(net, papers).type is ErrorType.NOT_PERMITTED


def test_the_first_gate_that_fails_is_the_one_that_is_named(net):
    everything = net.ask(v=2, information="?", **basis(net, snapshot="?", permission="?"))
    late, suspended = NOW + timedelta(hours=1), net.overseen(suspended={CITY: "x"}, assessments={})
    assert refused(net, everything, directory=suspended, now=late).type is ErrorType.MALFORMED
    unlawful = net.ask(information="?", **basis(net, permission="?"))
    stranger = net.directory.entries[OTHER_CITY]
    order = [
        ({"sender": stranger, "directory": suspended, "now": late}, ErrorType.SIGNATURE_INVALID),
        ({"directory": suspended, "now": late}, ErrorType.INSTITUTION_SUSPENDED),
        ({"directory": net.overseen(assessments={}), "now": late}, ErrorType.EXPIRED),
        ({"directory": net.overseen(assessments={})}, ErrorType.NOT_PERMITTED),
    ]
    for more, expected in order:
        assert refused(net, unlawful, **more).type is expected
    assert refused(net, net.ask(), directory=net.overseen(assessments={})).type is ErrorType.PIA_NOT_PUBLISHED


def test_an_inquiry_is_not_turned_into_a_delivery_of_codes(net):
    papers = net.ask()
    signed = net.sign(CITY, slip_codec.encode(replace(papers.slip, kind=Verb.ACQUIRE)))
    assert refused(net, signed).type is ErrorType.NOT_PERMITTED


def test_no_refusal_repeats_what_an_inquirer_wrote_about_a_person(net):
    told = "山田太郎123456789018"
    slips = [
        net.ask(case=told * 20),
        net.ask(items=(told,)),
        net.ask(information=told),
        net.ask(**basis(net, permission=told)),
        net.ask(**basis(net, piece=told)),
        net.ask(sender=Sender(institution=CITY, office=told * 20, operator=told)),
    ]
    for papers in slips:
        document = str(refused(net, papers).document())
        assert "山田" not in document
        assert "123456789018" not in document
