"""Stamps and receipts: each is good for the one slip it names, from the one who may give it."""

import os
from dataclasses import replace

import pytest
from exchange_parties import CITY, PENSION, Network, Papers

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Receipt, Signed, check_stamps, receipt_codec, stamp_codec
from kumihimo.exchange.gates import Stamps, check_receipt


@pytest.fixture(scope="module")
def papers(net) -> Papers:
    return net.ask()


@pytest.fixture(scope="module")
def stamps(net, papers) -> tuple[Signed, Signed]:
    return net.stamps(papers)


def verdict(net: Network, papers: Papers, first: Signed, second: Signed) -> Stamps | Problem:
    return check_stamps(first, second, net.accepted(papers), net.directory)


def is_invalid(result: object) -> bool:
    return isinstance(result, Problem) and result.type is ErrorType.STAMP_INVALID


def again(net: Network, signed: Signed, by: str, **changes: object) -> Signed:
    stamp = replace(stamp_codec.decode(signed.body), **changes)
    return net.sign(by, stamp_codec.encode(stamp))


def test_both_operators_stamps_on_a_slip_are_accepted(net, papers, stamps):
    assert isinstance(verdict(net, papers, *stamps), Stamps)


def test_stamps_do_not_change_places(net, papers, stamps):
    first, second = stamps
    assert is_invalid(verdict(net, papers, second, first))
    assert is_invalid(verdict(net, papers, first, first))
    assert is_invalid(verdict(net, papers, second, second))


def test_a_stamp_of_another_slip_of_the_same_question_is_refused(net, papers, stamps):
    other = net.stamps(net.ask())
    assert is_invalid(verdict(net, papers, other[0], stamps[1]))
    assert is_invalid(verdict(net, papers, stamps[0], other[1]))


@pytest.mark.parametrize("by", [CITY, PENSION, "jlis", "ledger", "numbering"])
def test_the_first_stamp_comes_from_operator_1(net, papers, stamps, by):
    assert is_invalid(verdict(net, papers, again(net, stamps[0], by), stamps[1]))


def test_operator_1_cannot_stamp_for_operator_2(net, papers, stamps):
    assert is_invalid(verdict(net, papers, stamps[0], again(net, stamps[1], "digital")))
    assert is_invalid(verdict(net, papers, stamps[0], again(net, stamps[0], "digital", operator=2)))


def test_an_operator_that_names_the_key_of_the_other_is_refused(net, papers, stamps):
    forged = replace(again(net, stamps[1], "digital"), jws=stamps[1].jws)
    changed = replace(forged, body=stamp_codec.encode(replace(stamp_codec.decode(forged.body), time=1)))
    assert is_invalid(verdict(net, papers, stamps[0], changed))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"operator": 2},
        {"operator": 3},
        {"slip": bytes(32)},
        {"tx": bytes(16)},
        {"commit": bytes(32)},
        {"row": "o9/1/1@2024-05-27"},
        {"snapshot": "0" * 64},
        {"ledger": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_stamp_that_says_anything_else_than_its_slip_is_refused(net, papers, stamps, changes):
    assert is_invalid(verdict(net, papers, again(net, stamps[0], "digital", **changes), stamps[1]))


def test_a_stamp_with_more_or_fewer_rows_than_its_slip_is_refused(net, papers, stamps):
    stamp = stamp_codec.decode(stamps[0].body)
    assert stamp.ledger is not None
    for rows in ((), stamp.target.xs * 2):
        for changes in (
            {"target": replace(stamp.target, xs=rows)},
            {"ledger": replace(stamp.ledger, xs=rows)},
        ):
            assert is_invalid(verdict(net, papers, again(net, stamps[0], "digital", **changes), stamps[1]))


@pytest.mark.parametrize("body", [b"", b"{}", b"garbage", b"\xff\xfe", b'{"v":1}'])
def test_a_stamp_that_cannot_be_read_is_refused(net, papers, stamps, body):
    assert is_invalid(verdict(net, papers, net.sign("digital", body), stamps[1]))
    assert is_invalid(verdict(net, papers, stamps[0], net.sign("jlis", body)))
    assert is_invalid(verdict(net, papers, replace(stamps[0], body=body), stamps[1]))


def test_a_delivery_of_codes_has_no_conversion_for_the_ledger(net):
    papers = net.delivery_of_codes(os.urandom(32))
    first, second = net.stamps(papers)
    assert isinstance(verdict(net, papers, first, second), Stamps)
    target = stamp_codec.decode(first.body).target
    assert is_invalid(verdict(net, papers, again(net, first, "digital", ledger=target), second))


def receipt_verdict(net: Network, papers: Papers, receipt: Signed | None) -> Receipt | Problem:
    return check_receipt(receipt, net.accepted(papers), net.directory)


def is_missing(result: object) -> bool:
    return isinstance(result, Problem) and result.type is ErrorType.RECEIPT_MISSING


def test_the_ledgers_receipt_for_the_slip_is_accepted(net, papers):
    assert isinstance(receipt_verdict(net, papers, net.receipt(papers)), Receipt)


def test_without_a_receipt_nothing_is_on_record(net, papers):
    assert is_missing(receipt_verdict(net, papers, None))


@pytest.mark.parametrize("by", [CITY, PENSION, "digital", "jlis"])
def test_nobody_but_the_ledger_gives_receipts(net, papers, by):
    assert is_missing(receipt_verdict(net, papers, net.receipt(papers, by=by)))
    pretended = replace(net.receipt(papers, time=1), jws=net.receipt(papers).jws)
    assert is_missing(receipt_verdict(net, papers, pretended))


@pytest.mark.parametrize("changes", [{"slip": bytes(32)}, {"tx": bytes(16)}, {"commit": bytes(32)}])
def test_a_receipt_for_something_else_is_none(net, papers, changes):
    assert is_missing(receipt_verdict(net, papers, net.receipt(papers, **changes)))


def test_a_receipt_of_another_slip_is_none(net, papers):
    assert is_missing(receipt_verdict(net, papers, net.receipt(net.ask())))


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"[]"])
def test_a_receipt_that_cannot_be_read_is_none(net, papers, body):
    assert is_missing(receipt_verdict(net, papers, net.sign("ledger", body)))


def test_a_stamp_is_no_receipt_and_a_receipt_is_no_stamp(net, papers, stamps):
    assert is_missing(receipt_verdict(net, papers, stamps[0]))
    assert is_invalid(verdict(net, papers, net.receipt(papers), stamps[1]))
    with pytest.raises(ValueError, match="form"):
        receipt_codec.decode(stamps[0].body)
