"""A ledger with one thing wrong is caught: each drill says by whom, and how fast.

Everything is real but the database: slips, stamps, proofs, chains, maps, epochs. The **witness** sees every
epoch before cosigning it, so what it catches is never cosigned; the **audit** asks for evidence of sampled
events; the **person** checks their own file; the **reconciliation** compares with the parties' logs.
"""

import os
import random
from dataclasses import replace

import pytest
from paper_ledger import STEP, X_ORIGIN, PaperLedger, Watcher

from kumihimo.exchange import Mark
from kumihimo.ledger.evidence import (
    judge_deferral,
    shown_label,
    withheld_evidence,
)
from kumihimo.ledger.faults import Fault
from kumihimo.ledger.material import Material
from kumihimo.ledger.model import EMPTY_HEAD, Kind, asked_entry, encode_entry, entry_hash
from kumihimo.ledger.sampling import challenge_of, sample
from kumihimo.log import Checkpoint, consistency_proof, root_of, verify_consistency
from kumihimo.log.merkle import fold, leaf_hash

ALICE, BOB = os.urandom(32), os.urandom(32)


@pytest.fixture
def ledger() -> PaperLedger:
    """A ledger that has been honest for one epoch."""
    made = PaperLedger()
    made.settle(made.ask(ALICE), made.ask(BOB))
    made.close()
    return made


def faults_of_witness(ledger: PaperLedger, **more: object) -> tuple[int, set[Fault]]:
    """In which epoch a witness that watches from the beginning refuses to sign, and why."""
    watcher = Watcher()
    found = watcher.follow(ledger, **more)
    return watcher.auditor.epoch + 1 if found else 0, {one.fault for one in found}


class TestDropping:
    def test_an_event_that_is_mentioned_nowhere_is_missed_by_the_witness_in_its_epoch(self, ledger):
        index = ledger.ask(ALICE)
        ledger.open.discard(index)
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.MISSING, Fault.EQUATION})

    def test_a_total_that_counts_it_all_the_same_is_not_the_sum_of_the_map(self, ledger):
        ledger.open.discard(ledger.ask(ALICE))
        ledger.close(lambda record, told: (replace(record, total=record.total + 1), told))
        epoch, faults = faults_of_witness(ledger)
        assert epoch == 2
        assert {Fault.TOTAL, Fault.MISSING} <= faults

    def test_an_event_that_is_said_to_be_settled_without_an_entry_is_missed_by_the_witness(self, ledger):
        index = ledger.ask(ALICE)
        ledger.open.discard(index)
        ledger.news["settled"].append(index)
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.COUNTED, Fault.EQUATION})

    def test_an_answered_event_that_is_declared_void_is_found_in_the_providers_log_by_the_reconciliation(
        self, ledger
    ):
        index = ledger.ask(ALICE)
        ledger.close(void=(index,))
        watcher = Watcher()
        assert watcher.follow(ledger) == [], "a witness alone cannot know that it was answered"
        provider = {event.commit.hex() for event in ledger.events.values()}
        assert set(watcher.auditor.standing.void.values()) & provider == {ledger.events[index].commit.hex()}

    def test_parking_events_under_a_false_label_survives_a_one_percent_audit_with_0_99_to_the_m(self):
        # Measured: in one epoch of 5,000 events, m of them parked, over many challenges.
        trials, events = 300, 5_000
        generator = random.Random(23)
        survived = dict.fromkeys((1, 10, 50, 100, 300), 0)
        for _ in range(trials):
            chosen = set(sample(challenge_of(str(generator.random())), range(events)))
            for parked in survived:
                survived[parked] += chosen.isdisjoint(generator.sample(range(events), parked))
        for parked, count in survived.items():
            expected = 0.99**parked
            tolerance = 4 * (expected * (1 - expected) / trials) ** 0.5 + 1 / trials
            assert abs(count / trials - expected) < tolerance, parked

    def test_of_every_epoch_with_events_at_least_one_is_audited(self):
        assert len(sample(challenge_of("any"), [7])) == 1
        assert sample(challenge_of("any"), []) == ()
        assert len(sample(challenge_of("any"), range(100), share=0.0)) == 1
        assert sample(challenge_of("any"), range(100), share=1.0) == tuple(range(100))


class TestDelaying:
    def test_an_event_kept_open_beyond_the_promise_is_noticed_by_the_witness_with_the_next_epoch(
        self, ledger
    ):
        ledger.ask(ALICE)
        ledger.close()
        for _ in range(18):
            ledger.close(after=STEP)
        assert faults_of_witness(ledger) == (0, set()), "180 seconds are within the promise"
        ledger.close(after=1)
        assert faults_of_witness(ledger) == (21, {Fault.DELAYED})

    def test_a_ledger_that_stands_still_accounts_for_less_than_the_exchange_log_that_everybody_sees(
        self, ledger
    ):
        watcher = Watcher()
        watcher.follow(ledger)
        ledger.ask(ALICE)
        assert ledger.x_checkpoint().size > watcher.auditor.x_size


class TestDuplicating:
    def test_an_event_counted_in_two_epochs_is_noticed_by_the_witness_in_the_second(self, ledger):
        ledger.settle(0)
        ledger.close()
        epoch, faults = faults_of_witness(ledger)
        assert epoch == 2
        assert Fault.UNKNOWN_EVENT in faults

    def test_an_entry_written_twice_for_one_event_is_noticed_by_the_witness(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index)
        ledger.append(ledger.events[index].label, ledger.events[index].entry, counted=1)
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.COUNTED, Fault.EQUATION, Fault.REPEATED})

    def test_an_entry_repeated_in_place_of_another_is_noticed_by_the_witness(self, ledger):
        first, second = ledger.ask(ALICE), ledger.ask(ALICE)
        ledger.settle(first)
        ledger.settle(second, entry=ledger.events[first].entry)
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.REPEATED}), "the numbers all agree"

    def test_an_event_that_is_counted_and_deferred_is_noticed_by_the_witness(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index)
        ledger.defer(index)
        ledger.close()
        epoch, faults = faults_of_witness(ledger)
        assert epoch == 2
        assert Fault.UNKNOWN_EVENT in faults


class TestReordering:
    def test_two_entries_of_a_chain_that_change_places_later_are_noticed_by_the_witness_with_the_next_move(
        self, ledger
    ):
        label = ledger.label(ALICE)
        ledger.settle(ledger.ask(ALICE))
        ledger.close()
        ledger.chains[label].reverse()
        ledger.settle(ledger.ask(ALICE))
        ledger.close()
        epoch, faults = faults_of_witness(ledger)
        assert epoch == 3
        assert Fault.REWRITTEN in faults

    def test_entries_of_the_exchange_log_in_another_order_do_not_give_its_root(self, ledger):
        ledger.settle(ledger.ask(ALICE), ledger.ask(BOB))
        ledger.close()
        assert faults_of_witness(ledger, x=ledger.x[:2] + ledger.x[:1:-1]) == (2, {Fault.X_ROOT})


class TestRelabelling:
    def test_an_event_counted_under_another_persons_label_is_found_when_it_is_sampled(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index, label=ledger.label(BOB))
        ledger.close()
        watcher = Watcher()
        assert watcher.follow(ledger) == [], "the replay cannot see persons"
        assert watcher.audit(ledger, 2, b"challenge") == {index: Fault.RELABELLED}

    def test_an_event_counted_under_a_label_of_nobody_is_found_when_it_is_sampled(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index, label=os.urandom(32))
        ledger.close()
        assert Watcher().audit(ledger, 2, b"challenge") == {index: Fault.RELABELLED}

    @pytest.mark.parametrize("changed", [{"label": os.urandom(32)}, {"entry": b"junk"}])
    def test_an_event_released_under_a_junk_label_or_by_a_junk_entry_is_found_when_it_is_sampled(
        self, ledger, changed
    ):
        index = ledger.ask(ALICE)
        leaf = ledger.defer(index)
        ledger.close()
        ledger.release(leaf, **changed)
        ledger.close()
        assert faults_of_witness(ledger) == (0, set()), "the numbers all agree"
        fault = Fault.RELABELLED if "label" in changed else Fault.ENTRY
        assert Watcher().audit(ledger, 3, b"") == {index: fault}

    def test_an_event_released_as_it_must_be_passes_the_audit(self, ledger):
        leaf = ledger.defer(ledger.ask(ALICE), ground="another ground")
        ledger.close()
        ledger.release(leaf)
        ledger.close()
        assert Watcher().audit(ledger, 3, b"") == {}

    def test_evidence_of_another_event_does_not_help(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index, label=ledger.label(BOB))
        ledger.close()
        watcher = Watcher()
        borrowed = watcher.audit(ledger, 2, b"", shown=lambda _: ledger.evidence(1))
        assert borrowed == {index: Fault.EVIDENCE_PLACE}
        renamed = watcher.audit(ledger, 2, b"", shown=lambda _: replace(ledger.evidence(1), index=index))
        assert renamed == {index: Fault.EVIDENCE_PLACE}

    def test_a_proof_made_for_the_label_it_was_counted_under_does_not_hold(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index, label=ledger.label(BOB))
        ledger.close()
        bobs = ledger.evidence(1).proof

        def forged(index):
            own = ledger.evidence(index)
            assert own.proof and bobs
            return replace(own, proof=replace(own.proof, index=bobs.index))

        assert Watcher().audit(ledger, 2, b"", shown=forged) == {index: Fault.EVIDENCE_PROOF}

    def test_papers_that_nobody_signed_do_not_help(self, ledger):
        index = ledger.ask(ALICE)
        ledger.settle(index)
        ledger.close()

        def unsigned(index):
            own = ledger.evidence(index)
            return replace(own, first=replace(own.first, jws=own.second.jws))

        assert Watcher().audit(ledger, 2, b"", shown=unsigned) == {index: Fault.EVIDENCE_PAPERS}

    def test_an_honest_ledger_passes_the_audit_of_every_event(self, ledger):
        watcher = Watcher()
        ledger.settle(ledger.look(ALICE), ledger.ask(BOB))
        ledger.close()
        assert watcher.audit(ledger, 1, b"") == watcher.audit(ledger, 2, b"") == {}


class TestRewriting:
    def test_a_record_that_says_something_else_than_the_slip_is_found_when_it_is_sampled(self, ledger):
        index = ledger.ask(ALICE)
        event = ledger.events[index]
        entry = replace(asked_entry(event.papers.slip, event.commit, Kind.ASKED), inquirer="nenkin")
        ledger.settle(index, entry=encode_entry(entry))
        ledger.close()
        assert faults_of_witness(ledger) == (0, set())
        assert Watcher().audit(ledger, 2, b"") == {index: Fault.ENTRY}

    def test_an_entry_changed_later_is_noticed_by_the_witness_when_its_chain_moves_again(self, ledger):
        label = ledger.label(ALICE)
        ledger.chains[label][0] = (entry_hash(b"another"), 1)
        ledger.settle(ledger.ask(ALICE))
        ledger.close()
        epoch, faults = faults_of_witness(ledger)
        assert epoch == 2
        assert Fault.REWRITTEN in faults

    def test_a_leaf_changed_silently_is_noticed_by_the_witness_with_the_next_epoch(self, ledger):
        ledger.chains[ledger.label(ALICE)][0] = (entry_hash(b"another"), 1)
        ledger.settle(ledger.ask(BOB))
        ledger.close()
        epoch, faults = faults_of_witness(ledger)
        assert epoch == 2
        assert Fault.MAP_ROOT in faults

    def test_a_person_taken_out_of_the_map_is_noticed_by_the_witness_with_the_next_epoch(self, ledger):
        del ledger.chains[ledger.label(ALICE)]
        ledger.close()
        assert faults_of_witness(ledger)[1] >= {Fault.MAP_ROOT, Fault.TOTAL, Fault.PERSONS}

    def test_a_chain_that_begins_anew_is_noticed_by_the_witness(self, ledger):
        ledger.settle(ledger.ask(ALICE))

        def anew(record, told):
            moved = tuple(replace(one, n=0, head=EMPTY_HEAD.hex()) for one in told.moved)
            return record, replace(told, moved=moved)

        ledger.close(anew)
        assert Fault.REWRITTEN in faults_of_witness(ledger)[1]

    def test_an_epoch_left_out_is_noticed_by_the_witness(self, ledger):
        ledger.close()
        ledger.close()
        del ledger.records[1], ledger.transitions[1], ledger.x_sizes[2]
        assert faults_of_witness(ledger) == (2, {Fault.GAP})


class TestWithholding:
    def test_a_withholding_without_a_ground_is_noticed_by_the_witness(self, ledger):
        ledger.defer(ledger.ask(ALICE), ground="")
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.DEFERRAL})

    def test_a_withholding_without_a_readable_end_is_noticed_by_the_witness(self, ledger):
        ledger.defer(ledger.ask(ALICE), until="never")
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.DEFERRAL})

    def test_a_withholding_kept_beyond_its_day_is_noticed_by_the_witness_the_day_after(self, ledger):
        ledger.defer(ledger.ask(ALICE), until="2026-07-01")
        ledger.close()
        assert faults_of_witness(ledger) == (0, set())
        ledger.close(after=24 * 3600 * 1000)
        assert faults_of_witness(ledger) == (3, {Fault.OVERDUE})

    def test_a_withheld_event_that_leaves_the_set_and_enters_no_chain_is_noticed_by_the_witness(self, ledger):
        leaf = ledger.defer(ledger.ask(ALICE))
        ledger.close()
        del ledger.deferred[leaf]
        ledger.close()
        assert faults_of_witness(ledger) == (3, {Fault.DEFERRAL_ROOT, Fault.EQUATION})

    def test_a_withheld_event_that_is_released_in_the_same_epoch_is_noticed_by_the_witness(self, ledger):
        ledger.release(ledger.defer(ledger.ask(ALICE)), label=os.urandom(32))
        ledger.close()
        assert faults_of_witness(ledger) == (2, {Fault.AT_ONCE})

    def test_a_withholding_of_an_event_that_never_happened_is_noticed_by_the_witness(self, ledger):
        ledger.events[99] = ledger.events[0]
        ledger.defer(99)
        ledger.close()
        assert Fault.DEFERRAL in faults_of_witness(ledger)[1]

    def test_a_withholding_in_the_inquirers_name_that_the_slip_does_not_claim_is_found_by_the_audit(
        self, ledger
    ):
        claimed = ledger.ask(ALICE, mark=Mark(ground="23条2項", until="2026-12-31"))
        invented = ledger.ask(BOB)
        for index in (claimed, invented):
            ledger.defer(index, until="2026-12-31", by="muni-131016")
        ledger.close()
        assert faults_of_witness(ledger) == (0, set()), "a witness sees no slips"
        assert judged(ledger, claimed) is None
        assert judged(ledger, invented) is Fault.UNFOUNDED

    def test_a_leaf_that_stands_for_something_else_is_found_by_the_audit(self, ledger):
        index = ledger.ask(ALICE)
        ledger.defer(index)
        assert judged(ledger, index) is None
        ledger.salts[index] = os.urandom(16)
        assert judged(ledger, index) is Fault.UNFOUNDED


def judged(ledger: PaperLedger, index: int) -> Fault | None:
    """What the auditor says of a withheld event."""
    event = ledger.events[index]
    deferral = next(one for one in ledger.deferred.values() if one.index == index)
    evidence = withheld_evidence(
        Material(event.papers.signed, event.first, event.second, b"", b""),
        index,
        source="jp/muni/131016",
        target="jp/ledger",
        salt=ledger.salts[index],
    )
    return judge_deferral(
        evidence, deferral, ledger.x[index], directory=ledger.net.directory, x_origin=X_ORIGIN
    )


class TestForking:
    def test_two_histories_of_the_ledgers_log_have_no_proof_that_one_extends_the_other(self, ledger):
        ledger.settle(ledger.ask(ALICE))
        ledger.close()
        shown_to_one = list(ledger.records)
        ledger.close(lambda record, told: (replace(record, time=record.time + 1), told))
        shown_to_other = [ledger.records[0], ledger.records[2], ledger.records[1]]
        hashes = [leaf_hash(one) for one in shown_to_other]

        def reader(level: int, index: int) -> bytes:
            return fold(hashes[index << level : (index + 1) << level])

        proof = consistency_proof(reader, 2, 3)
        roots = root_of(shown_to_one), root_of(shown_to_other)
        assert not verify_consistency(2, 3, *roots, proof), "C2SP: the witness answers 422 and signs nothing"

    def test_an_operators_log_forked_for_the_ledger_is_noticed_by_whoever_has_seen_the_other(self, ledger):
        seen = Checkpoint(X_ORIGIN, 3, root_of([*ledger.x, b"what the others were shown"]))
        ledger.settle(ledger.ask(ALICE), ledger.ask(BOB))
        ledger.close()
        assert faults_of_witness(ledger, seen=(ledger.x_checkpoint(1), seen)) == (2, {Fault.FORKED})

    def test_checkpoints_that_were_truly_shown_are_no_alarm(self, ledger):
        ledger.settle(ledger.ask(ALICE), ledger.ask(BOB))
        ledger.close()
        seen = tuple(ledger.x_checkpoint(size) for size in range(5))
        assert faults_of_witness(ledger, seen=seen) == (0, set())

    def test_two_checkpoints_of_one_size_are_noticed_by_whoever_has_seen_both(self, ledger):
        seen = (ledger.x_checkpoint(2), Checkpoint(X_ORIGIN, 2, root_of([b"other", b"entries"])))
        assert faults_of_witness(ledger, seen=seen) == (1, {Fault.FORKED})


class TestShowingAnotherLabel:
    def test_the_proof_of_a_persons_own_look_leads_to_their_label_and_to_no_other(self, ledger):
        evidence = ledger.evidence(ledger.look(ALICE))
        assert shown_label(evidence, ledger.public) == ledger.label(ALICE) != ledger.label(BOB)

    def test_a_label_shown_to_a_person_must_be_the_one_their_look_proves(self, ledger):
        # `kumihimo verify` compares the label of a file with this; the ledger cannot make it show Bob's.
        own, bobs = ledger.evidence(ledger.look(ALICE)), ledger.evidence(ledger.look(BOB))
        assert own.proof and bobs.proof
        for forged in (bobs.proof, replace(own.proof, index=bobs.proof.index)):
            assert not isinstance(shown_label(replace(own, proof=forged), ledger.public), bytes)
