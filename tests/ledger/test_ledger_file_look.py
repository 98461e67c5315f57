"""A file is only believed if the look that made it was signed by whom the policy names, and is on record."""

from dataclasses import replace
from hashlib import sha256

import pytest
from ledger_file_maker import START, Maker, asked, line, outcome, records, trusted
from ledger_look import KEYS, look, signed

from kumihimo.exchange import COUNTER_RIGHT, slip_codec, stamp_codec
from kumihimo.ledger.look import slip_of_file
from kumihimo.ledger.verdict import Finding
from kumihimo.ledger.verifying import verify_file
from kumihimo.messages import SigningKey

YEAR = 31_557_600_000
"""365.25 days in milliseconds."""
LATER = START + 5_000_000
FORGER = SigningKey.from_seed(sha256(b"forger").digest())
PORTAL, FIRST, SECOND = KEYS.values()


def check(data, last=None):
    return verify_file(data, trusted(), last)


def made_by(one, *entries):
    """The file of somebody whose only look this was."""
    maker = Maker({"a": [line(entry) for entry in (*entries, one.entry)]}, looks={"a": one})
    return maker.close().file()


def test_a_look_signed_by_all_three_is_complete():
    assert check(made_by(look("a", LATER))).complete


def test_a_decoy_with_one_invented_look_is_altered_although_the_victims_code_stands_in_the_file():
    """The ledger alone: its own chain under a label of its own, an invented slip, zeros as signature."""
    decoy = look("b", LATER, keys=(FORGER, FORGER, FORGER))
    victim = look("a", LATER)
    zeros = replace(decoy.evidence.slip, jws="A" * 86)
    for evidence in (decoy.evidence, replace(decoy.evidence, slip=zeros)):
        maker = Maker({"b": [line(decoy.entry)]}, looks={"b": replace(decoy, evidence=evidence)})
        verdict = check(maker.close().file("b", code=victim.code))
        assert verdict.finding is Finding.ALTERED
        assert verdict.detail == "the portal has not signed the look that made this file"
        assert verdict.detail_ja


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ((FORGER, FIRST, SECOND), "the portal has not signed the look that made this file"),
        ((FIRST, FIRST, SECOND), "the portal has not signed the look that made this file"),
        ((PORTAL, FORGER, SECOND), "operator 1 has not stamped the look that made this file"),
        ((PORTAL, SECOND, SECOND), "operator 1 has not stamped the look that made this file"),
        ((PORTAL, FIRST, FORGER), "operator 2 has not stamped the look that made this file"),
        ((PORTAL, FIRST, FIRST), "operator 2 has not stamped the look that made this file"),
    ],
)
def test_each_of_the_three_signatures_is_needed(keys, says):
    verdict = check(made_by(look("a", LATER, keys=keys)))
    assert (verdict.finding, verdict.detail) == (Finding.ALTERED, says)


def test_a_slip_in_anothers_name_or_under_another_right_is_no_look():
    body = look("a", LATER).evidence.slip.body
    as_other = replace(look("a", LATER).evidence, slip=signed(body, PORTAL, "muni-131016"))
    for one in (
        replace(look("a", LATER), evidence=as_other),
        look("a", LATER, permission=COUNTER_RIGHT),
    ):
        assert check(made_by(one)).detail == "the portal has not signed the look that made this file"


@pytest.mark.parametrize(
    "change",
    [
        {"operator": 2},
        {"slip": bytes(32)},
        {"tx": bytes(16)},
        {"row": "act/31"},
        {"snapshot": "00"},
        {"commit": bytes(32)},
        {"v": 2},
    ],
)
def test_a_stamp_of_another_slip_is_none_although_its_operator_signed_it(change):
    one = look("a", LATER)
    stamp = stamp_codec.encode(replace(stamp_codec.decode(one.evidence.first.body), **change))
    evidence = replace(one.evidence, first=signed(stamp, FIRST, "digital"))
    verdict = check(made_by(replace(one, evidence=evidence)))
    assert verdict.detail == "operator 1 has not stamped the look that made this file"


def test_a_look_without_a_place_in_the_epoch_is_altered():
    one = look("a", LATER)
    moved = replace(one, evidence=replace(one.evidence, index=8))
    says = "the look that made this file has no place in this epoch"
    assert check(made_by(moved)).detail == says
    for told in ({"x_size": 7}, {"x_origin": "kumihimo/other"}):
        maker = Maker({"a": [line(one.entry)]}, looks={"a": one}).close(**told)
        assert check(maker.file()).detail == says


def test_the_portal_compares_the_slip_that_made_a_file():
    one = look("a", LATER)
    assert slip_of_file(made_by(one)) == sha256(one.evidence.slip.body).digest()
    assert slip_codec.decode(one.evidence.slip.body).sender.institution == "portal"
    for other in (b"", b"{}", b"[" * 100_000, b"\xff", b'{"proof":{"label":{"slip":{"body":1}}}}'):
        assert not isinstance(slip_of_file(other), bytes)


def test_the_same_record_twice_in_the_place_of_another_is_altered():
    """Same count, right head, right map: the second question is dropped, the first stands twice."""
    one, two = asked(1), asked(2)
    assert check(made_by(look("a", LATER), one, outcome(one), two)).complete
    again = replace(one, office="zeimu")
    for entries in ([one, outcome(one), one], [one, outcome(one), again], [one, outcome(one), outcome(one)]):
        verdict = check(made_by(look("a", LATER), *entries))
        assert (verdict.finding, verdict.detail) == (Finding.ALTERED, "a record is there twice")


def test_a_record_erased_and_standing_twice_is_altered():
    maker = Maker.of(a=[asked(1), asked(2)])
    maker.chains["a"] = [line(asked(1), erased=True), *maker.chains["a"][:1], maker.chains["a"][-1]]
    assert check(maker.close(time=START + 9 * YEAR).file()).detail == "a record is there twice"


def blanked(maker, count):
    """So many lines from the beginning blanked, as the ledger would after seven years."""
    maker.chains["a"][:count] = [replace(one, entry=None) for one in maker.chains["a"][:count]]
    return maker


def test_an_epoch_forty_years_ahead_blanks_nothing():
    """The ledger alone, with its own clock: witnesses cosign today what is dated in forty years."""
    before = Maker.of(a=records(3)).close()
    earlier = before.file()
    ahead = blanked(before.look(time=START + 6_000_000), 6).close(time=START + 40 * YEAR)
    data = ahead.file(tlog=ahead.tlog(now=START // 1000 + 10_000))
    for last in (None, earlier):
        verdict = check(data, last)
        assert verdict.finding is Finding.ALTERED
        assert verdict.detail == "the epoch's time is not that of its witnesses"


@pytest.mark.parametrize(("apart", "complete"), [(60, True), (61, False), (-86_400, True), (-86_401, False)])
def test_an_epoch_is_a_minute_later_or_a_day_earlier_than_its_witnesses_at_most(apart, complete):
    maker = Maker.of(a=records(1)).close(time=START)
    verdict = check(maker.file(tlog=maker.tlog(now=START // 1000 - apart)))
    assert verdict.complete is complete


def test_what_is_past_its_retention_is_judged_by_the_witnesses_and_not_by_the_ledger():
    maker = blanked(Maker.of(a=records(3)), 6).close(time=START + 8 * YEAR)
    assert check(maker.file()).complete
    early = (START + 5 * YEAR) // 1000
    young = blanked(Maker.of(a=records(3)), 6).close(time=START + 5 * YEAR)
    assert check(young.file(tlog=young.tlog(now=early))).detail == "a line was erased before its time"


def old_and_young(since=0):
    """Eight years of a ledger: a record of its first day, and one of last year."""
    young = asked(2, time=START + 7 * YEAR)
    maker = Maker.of(a=[asked(1), outcome(asked(1)), young, outcome(young)])
    return maker.close(time=START + 8 * YEAR)


def test_a_line_that_was_shown_and_is_young_may_not_become_erased():
    """Seen alone such a file is in order: nothing younger stands before the line. The earlier file tells."""
    maker = old_and_young()
    earlier = maker.file()
    later = blanked(maker.look(time=START + 8 * YEAR), 4).close(time=START + 8 * YEAR + 1000)
    assert check(later.file()).complete
    verdict = check(later.file(), earlier)
    assert verdict.finding is Finding.ALTERED
    assert verdict.detail == "a line of the earlier file was erased before its time"
    past = blanked(old_and_young().look(time=START + 8 * YEAR), 2).close(time=START + 8 * YEAR + 1000)
    assert check(past.file(), earlier).complete


def test_an_earlier_file_that_proves_nothing_by_itself_is_said():
    maker = Maker.of(a=records(2)).close()
    earlier = maker.file()
    later = maker.look(time=START + 6_000_000).close().file()
    assert check(later, earlier).complete
    blank = earlier.replace(b"tokyo-chiyoda", b"tokyo-minato", 1)
    verdict = check(later, blank)
    assert verdict.finding is Finding.MALFORMED
    assert verdict.detail.startswith("the earlier file proves nothing by itself: ALTERED")
    assert verdict.detail_ja
