"""The commission's statement: each decision is a new statement, and only what was decided changes."""

from datetime import date, timedelta

from exchange_parties import CITY, NOW, OTHER_CITY, PENSION, network

from kumihimo.exchange import Accepted
from kumihimo.oversight import lift, publish_assessment, suspend, withdraw_assessment

BEFORE = network().directory.oversight


def test_each_decision_has_the_next_serial():
    one = suspend(BEFORE, CITY, "漏えい", NOW)
    two = lift(one, CITY, NOW)
    three = withdraw_assessment(two, CITY, NOW.date(), NOW)
    assert [BEFORE.serial, one.serial, two.serial, three.serial] == [1, 2, 3, 4]


def test_a_suspension_names_its_reason_and_ends_without_a_trace_in_force():
    suspended = suspend(suspend(BEFORE, CITY, "漏えい", NOW), PENSION, "点検", NOW)
    assert suspended.suspended == {CITY: "漏えい", PENSION: "点検"}
    assert lift(suspended, CITY, NOW).suspended == {PENSION: "点検"}
    assert lift(BEFORE, CITY, NOW).suspended == {}
    assert suspended.assessments == BEFORE.assessments


def test_a_withdrawn_assessment_is_out_of_force_from_its_day_on():
    day = date(2026, 7, 10)
    statement = withdraw_assessment(BEFORE, CITY, day, NOW)
    assessment = statement.assessments[CITY]
    assert assessment.in_force(day - timedelta(days=1))
    assert not assessment.in_force(day)
    assert statement.assessments[OTHER_CITY] == BEFORE.assessments[OTHER_CITY]


def test_a_newly_published_assessment_replaces_the_withdrawn_one():
    net, day = network(), NOW.date()
    withdrawn = withdraw_assessment(BEFORE, CITY, day, NOW)
    directory = net.overseen(assessments=withdrawn.assessments)
    assert not isinstance(net.check(net.ask(), directory=directory), Accepted)
    again = publish_assessment(withdrawn, CITY, day, day + timedelta(days=1000), NOW)
    directory = net.overseen(assessments=again.assessments)
    assert isinstance(net.check(net.ask(), directory=directory), Accepted)


def test_a_decision_leaves_the_statement_before_it_as_it_was():
    suspend(BEFORE, CITY, "x", NOW)
    withdraw_assessment(BEFORE, CITY, NOW.date(), NOW)
    assert BEFORE.suspended == {}
    assert BEFORE.assessments[CITY].withdrawn is None
