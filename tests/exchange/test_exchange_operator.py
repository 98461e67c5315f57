"""An operator's desk: one stamp for one slip, whatever is brought how often; refusals leave a trace."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange_desks import Records, operator_desk
from exchange_parties import CITY, NOW, OTHER_CITY, Papers

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import Signed, check_stamps, digest, slip_codec, stamp_codec, stamp_request
from kumihimo.exchange.envelopes import StampRequest
from kumihimo.exchange.gates import Stamps


def bring(desk, papers: Papers | Signed, first: Signed | None = None, by: str = CITY) -> Signed | Problem:
    slip = papers.signed if isinstance(papers, Papers) else papers
    body = stamp_request.write(StampRequest(slip=slip, first=first))
    return asyncio.run(desk.stamp(body, desk.institution.directory.current.entries[by]))


def test_the_desks_stamps_are_the_ones_the_provider_accepts(net):
    papers = net.ask()
    first = bring(operator_desk(net, 1), papers)
    assert isinstance(first, Signed)
    second = bring(operator_desk(net, 2), papers, first)
    assert isinstance(second, Signed)
    assert isinstance(check_stamps(first, second, net.accepted(papers), net.directory), Stamps)


def test_the_same_slip_gets_the_same_stamp_and_one_log_entry(net):
    records, papers = Records(), net.ask()
    desk = operator_desk(net, 1, records=records)
    stamps = {bring(desk, papers).jws for _ in range(3)}
    assert len(stamps) == 1
    assert len(records.stamps) == 1


def test_a_transaction_number_is_used_for_one_slip_only(net):
    records, papers = Records(), net.ask()
    desk = operator_desk(net, 1, records=records)
    bring(desk, papers)
    other = net.sign(CITY, slip_codec.encode(replace(papers.slip, salt=os.urandom(16))))
    verdict = bring(desk, other)
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.REPLAYED
    assert [one.type for one in records.refusals] == ["replayed"]
    foreign = net.ask(inquirer=CITY, tx=papers.slip.tx)
    assert isinstance(bring(desk, foreign), Problem)


def test_a_retry_after_expiry_gets_the_old_stamp_and_a_new_slip_none(net):
    records, papers = Records(), net.ask()
    stamp = bring(operator_desk(net, 1, records=records), papers)
    late = operator_desk(net, 1, records=records, now=NOW + timedelta(minutes=5))
    assert bring(late, papers) == stamp
    refusal = bring(late, net.ask())
    assert isinstance(refusal, Problem)
    assert refusal.type is ErrorType.EXPIRED
    other = net.sign(CITY, slip_codec.encode(replace(papers.slip, salt=os.urandom(16))))
    assert bring(late, other).type is ErrorType.EXPIRED


def test_operator_2_wants_the_first_stamp_for_this_very_slip(net):
    papers, other = net.ask(), net.ask()
    desk = operator_desk(net, 2)
    for first in (None, net.stamp(1, other), net.receipt(papers), net.stamp(1, papers, by="jlis")):
        verdict = bring(desk, papers, first)
        assert isinstance(verdict, Problem)
        assert verdict.type is ErrorType.STAMP_INVALID
    assert len(desk.writes.refusals) == 4


def test_a_stamp_on_rows_nobody_can_convert_is_refused(net):
    papers = net.ask()
    first = stamp_codec.decode(net.stamp(1, papers).body)
    broken = replace(first, target=replace(first.target, xs=(bytes(32),)))
    verdict = bring(operator_desk(net, 2), papers, net.sign("digital", stamp_codec.encode(broken)))
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.MALFORMED


@pytest.mark.parametrize("epochs", [{"source_epoch": 1}, {"target_epoch": 7}, {"ledger_epoch": 2**32 - 1}])
def test_a_code_epoch_that_is_not_in_the_directory_is_retired(net, epochs):
    papers = net.ask()
    slip = replace(papers.slip, codes=replace(papers.slip.codes, **epochs))
    verdict = bring(operator_desk(net, 1), net.sign(CITY, slip_codec.encode(slip)))
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.CODE_EPOCH_RETIRED


@pytest.mark.parametrize("wrong", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31)])
def test_elements_that_are_none_are_malformed_at_the_desk(net, wrong):
    papers = net.ask()
    codes = papers.slip.codes
    for change in ({"d1": wrong}, {"rows": (replace(codes.rows[0], x0=wrong),)}):
        slip = replace(papers.slip, codes=replace(codes, **change))
        verdict = bring(operator_desk(net, 1), net.sign(CITY, slip_codec.encode(slip)))
        assert isinstance(verdict, Problem)
        assert verdict.type is ErrorType.MALFORMED


@pytest.mark.parametrize("body", [b"", b"garbage", b"{}", b'{"slip":{"body":"","jws":""}}', b"\xff" * 99])
def test_what_is_no_request_for_a_stamp_is_malformed(net, body):
    desk = operator_desk(net, 1)
    verdict = asyncio.run(desk.stamp(body, net.directory.entries[CITY]))
    assert isinstance(verdict, Problem)
    assert verdict.type is ErrorType.MALFORMED


def test_a_refusal_leaves_who_what_and_the_digest_and_nothing_else(net):
    papers = net.ask(information="山田太郎の情報", case="123456789018")
    desk = operator_desk(net, 1)
    bring(desk, papers)
    stranger = net.ask()
    bring(desk, stranger, by=OTHER_CITY)
    traces = [(one.digest, one.sender, one.type) for one in desk.writes.refusals]
    assert traces == [
        (digest(papers.signed.body), CITY, "not-permitted"),
        (digest(stranger.signed.body), OTHER_CITY, "signature-invalid"),
    ]


def test_two_slips_about_one_person_show_an_operator_nothing_in_common(net):
    rho = os.urandom(32)
    slips = [net.ask(rho) for _ in range(2)]
    seen: list[set[bytes]] = []
    for papers in slips:
        stamp = stamp_codec.decode(net.stamp(1, papers).body)
        codes = papers.slip.codes
        assert stamp.ledger
        seen.append(
            {codes.d1, codes.d2, codes.rows[0].x0, codes.rows[0].cb, *stamp.target.xs, *stamp.ledger.xs}
        )
    assert not seen[0] & seen[1]
    known = {net.code(rho, name).element for name in net.directory.entries}
    assert not known & (seen[0] | seen[1])
