"""The replay of epochs: an honest ledger is followed to the end, and every changed number is noticed."""

import os
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_ledger import STEP, X_ORIGIN, PaperLedger, Watcher

from kumihimo.ledger.faults import WORDS, Fault
from kumihimo.ledger.replay import Auditor
from kumihimo.ledger.transition import EpochRecord

PERSONS = [os.urandom(32) for _ in range(4)]


@pytest.fixture(scope="module")
def lived() -> PaperLedger:
    """Three epochs: records, a look at one's own, one withheld and released, one void, one left open."""
    ledger = PaperLedger()
    first, second, third = (ledger.ask(PERSONS[0]), ledger.ask(PERSONS[1]), ledger.ask(PERSONS[0]))
    ledger.settle(first)
    leaf = ledger.defer(second)
    ledger.close()
    ledger.settle(ledger.look(PERSONS[2]))
    ledger.append(ledger.label(PERSONS[0]), b"an outcome", counted=0)
    ledger.close(void=(third,))
    ledger.release(leaf)
    ledger.ask(PERSONS[3])
    ledger.close()
    return ledger


def test_an_honest_ledger_is_followed_to_the_end(lived):
    watcher = Watcher()
    assert watcher.follow(lived) == []
    auditor = watcher.auditor
    assert (auditor.epoch, auditor.total, auditor.persons, auditor.x_size) == (3, 3, 3, 5)
    assert (auditor.standing.counted, len(auditor.standing.waiting), len(auditor.standing.void)) == (3, 1, 1)
    assert auditor.standing.events == 5


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("aswdrc")), max_size=30))
def test_whatever_an_honest_ledger_does_is_followed(steps):
    ledger, watcher = PaperLedger(), Watcher()
    for who, step in steps:
        waiting = sorted(ledger.open)
        if step == "a":
            ledger.ask(PERSONS[who])
        elif step == "s" and waiting:
            ledger.settle(waiting[who % len(waiting)])
        elif step == "d" and waiting:
            ledger.defer(waiting[who % len(waiting)])
        elif step == "r" and (held := ledger.held):
            ledger.release(held[0])
        else:
            ledger.close(void=waiting[:1] if step == "w" else (), after=1000)
            if step == "c":
                watcher = Watcher(Auditor.load(watcher.auditor.dump()))
            assert watcher.follow(ledger) == []


def test_an_auditor_that_was_put_aside_goes_on_where_it_was(lived):
    whole, first = Watcher(), Watcher()
    whole.follow(lived)
    part = replace_epochs(lived, 2)
    assert first.follow(part) == []
    second = Watcher(Auditor.load(first.auditor.dump()))
    assert second.follow(lived) == []
    assert second.auditor.dump() == whole.auditor.dump()


def replace_epochs(ledger: PaperLedger, count: int) -> PaperLedger:
    return replace(ledger, records=ledger.records[:count], transitions=ledger.transitions[:count])


@pytest.mark.parametrize("name", [one.name for one in fields(EpochRecord)])
def test_every_changed_member_of_a_record_is_noticed(name):
    ledger = PaperLedger()
    ledger.settle(ledger.ask(PERSONS[0]), ledger.ask(PERSONS[1]))
    ledger.close()
    ledger.settle(ledger.ask(PERSONS[0]))
    ledger.defer(ledger.ask(PERSONS[1]))
    ledger.ask(PERSONS[2])

    def amend(record, transition):
        value = getattr(record, name)
        changed = value[:-1] + ("0" if value[-1] != "0" else "1") if isinstance(value, str) else value + 1
        return replace(record, **{name: changed}), transition

    ledger.close(amend)
    if name == "time":
        assert Watcher().follow(ledger) == [], "a millisecond is nobody's business"
    elif name == "transition":  # written anew by `close`: change the document behind it instead
        ledger.transitions[-1] = ledger.transitions[-1].replace(b'"open":[', b'"open":[9,')
        assert Watcher().faults(ledger) == {Fault.TRANSITION}
    else:
        assert Watcher().follow(ledger)


def test_a_record_dated_before_the_last_one_is_noticed(lived):
    ledger = PaperLedger()
    ledger.settle(ledger.ask(PERSONS[0]))
    ledger.close()
    ledger.close(after=-STEP - 1)
    assert Watcher().faults(ledger) == {Fault.TIME}


def test_a_map_too_deep_for_any_auditor_is_refused_before_it_is_made():
    ledger = PaperLedger()
    ledger.close(lambda record, transition: (replace(record, depth=40), transition))
    assert Watcher().faults(ledger) == {Fault.DEPTH}


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b'{"v":1}', b"\xff", b'{"kind":"epoch"}'])
def test_what_cannot_be_read_is_a_fault_and_no_crash(lived, document):
    auditor = Auditor(X_ORIGIN)
    assert {one.fault for one in auditor.take(document, lived.transitions[0], lived.x[:3])} == {
        Fault.UNREADABLE
    }
    assert {one.fault for one in auditor.take(lived.records[0], document, lived.x[:3])} == {Fault.UNREADABLE}
    assert auditor.epoch == 0


def test_an_epoch_that_does_not_hold_leaves_the_auditor_where_it_was(lived):
    auditor = Auditor(X_ORIGIN)
    before = auditor.dump()
    assert auditor.take(lived.records[0], lived.transitions[0], lived.x[:2])
    assert auditor.dump() == before
    assert auditor.take(lived.records[0], lived.transitions[0], lived.x[:3]) == ()


def test_every_fault_has_words_in_both_languages():
    assert WORDS.keys() == set(Fault)
    assert all(japanese and english for japanese, english in WORDS.values())
