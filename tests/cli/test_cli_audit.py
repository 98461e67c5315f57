"""What `kumihimo audit` checks: an honest nation holds, and each fault is named with its institution."""

import asyncio
import os
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from paper_ledger import STEP, PaperLedger
from typer.testing import CliRunner

from kumihimo.base import ErrorType, Problem, Secret
from kumihimo.cli.audit_report import Report, Topic
from kumihimo.cli.audit_rules import Memory, Rules
from kumihimo.cli.auditing import audited, load_memory, save_memory
from kumihimo.cli.main import app
from kumihimo.exchange import Mark
from kumihimo.ledger import Signers, read_policy, write_policy
from kumihimo.ledger.evidence import withheld_evidence, write_evidence
from kumihimo.ledger.material import Material
from kumihimo.log import Algorithm, Checkpoint, Cosigner, NoteSigner, add_signatures, root_of, sign_note
from kumihimo.node import log_origin, witness_name

ALICE, BOB = os.urandom(32), os.urandom(32)
WITNESSES = {
    name: Cosigner(witness_name(name), Algorithm.COSIGNATURE_ED25519, Secret(os.urandom(32)))
    for name in ("ppc", "univ", "bar")
}
MEMBERS = ("digital", "jlis", "ledger", "numbering", "portal", "muni-131016", "muni-271004", "nenkin")
SIGNERS = {name: NoteSigner(log_origin(name), Secret(os.urandom(32))) for name in MEMBERS}


@dataclass
class PaperReach:
    """A nation on paper as an auditor reaches it; a test changes what is shown."""

    ledger: PaperLedger
    logs: dict[str, list[bytes]] = field(default_factory=dict)
    witnesses: tuple[str, ...] = ("ppc", "univ")
    away: set[str] = field(default_factory=set)
    kept: set[int] | None = None
    spent: bool = False
    cosigned_at: int = 0
    shown: list[int] = field(default_factory=list)

    @property
    def directory(self):
        directory = self.ledger.net.directory
        entries = {
            name: replace(entry, log_key=SIGNERS[name].verifier.text)
            for name, entry in directory.entries.items()
        }
        return replace(directory, entries=entries)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.ledger.now / 1000, UTC)

    def entries_of(self, name: str) -> list[bytes]:
        own = {"digital": self.ledger.x, "ledger": self.ledger.records}
        return self.logs.get(name, own.get(name, []))

    def note(self, name: str) -> str:
        entries = self.entries_of(name)
        checkpoint = Checkpoint(log_origin(name), len(entries), root_of(entries))
        note = sign_note(checkpoint.text, SIGNERS[name])
        time = self.cosigned_at or self.ledger.now // 1000
        for witness in self.witnesses:
            note = add_signatures(note, [WITNESSES[witness].cosign(checkpoint, checkpoint.text, time)])
        return note

    async def open_note(self, institution: str, path: str):
        if institution in self.away:
            return Problem(ErrorType.PROVIDER_UNAVAILABLE)
        if path == "log/checkpoint":
            return sign_note(Checkpoint(log_origin(institution), 0, root_of([])).text, SIGNERS[institution])
        return self.note(institution) if self.entries_of(institution) else Problem(ErrorType.NOT_FOUND)

    async def entries(self, institution: str, start: int, end: int):
        return self.entries_of(institution)[start : min(end, start + 3)]

    async def transition(self, epoch: int):
        return self.ledger.transitions[epoch - 1]

    async def evidence(self, epoch: int, index: int):
        if self.kept is not None and index not in self.kept:
            return Problem(ErrorType.NOT_FOUND)
        released = [
            number
            for number, told in enumerate(self.ledger.told, 1)
            if any(self.ledger.salted[leaf] == index for leaf in told.released)
        ]
        if index in self.ledger.salts and epoch < min(released, default=1 << 62):
            event = self.ledger.events[index]
            material = Material(event.papers.signed, event.first, event.second, b"", b"")
            salt = self.ledger.salts[index]
            return write_evidence(withheld_evidence(material, index, source="", target="", salt=salt))
        if self.spent:
            return Problem(ErrorType.DECLINED)
        self.shown.append(index)
        return write_evidence(self.ledger.evidence(index))

    async def close(self) -> None:
        return None

    def policy(self):
        directory = self.directory
        operators = (directory.operator(1).sign_key, directory.operator(2).sign_key)
        return read_policy(
            write_policy(
                log=SIGNERS["ledger"].verifier.text,
                key=self.ledger.public.key,
                since=date(2026, 4, 1),
                quorum=2,
                witnesses=[one.verifier.text for one in WITNESSES.values()],
                commitments={1: self.ledger.public.s1, 2: self.ledger.public.s2},
                signers=Signers(directory.service("disclosure").sign_key, operators),
            )
        )

    def audit(self, share: float = 1.0, seen=None, seed: str = "seed") -> tuple[Report, Memory]:
        rules = Rules(share, timedelta(hours=23), self.now, seed)
        return asyncio.run(audited(self, self.policy(), rules, seen or Memory(), lambda *_: None))

    def faults(self, topic: Topic, **more) -> set[tuple[str, str]]:
        """Whose faults were found on a topic; nothing else may be wrong."""
        report, _ = self.audit(**more)
        others = [one for t, s in report.sections.items() if t is not topic for one in s.findings]
        assert others == []
        return {(one.institution, one.fault) for one in report.sections[topic].findings}


@pytest.fixture
def reach() -> PaperReach:
    """Two epochs: three records, a look, one withheld by its inquirer, one void."""
    ledger = PaperLedger()
    ledger.settle(ledger.ask(ALICE), ledger.ask(BOB), ledger.look(ALICE))
    ledger.close()
    ledger.defer(
        ledger.ask(BOB, mark=Mark(ground="23条2項", until="2026-12-31")), until="2026-12-31", by="muni-131016"
    )
    void = ledger.ask(ALICE)
    ledger.settle(ledger.ask(ALICE))
    ledger.close(void=(void,))
    return PaperReach(ledger)


def test_an_honest_nation_holds_and_the_report_counts_what_was_checked(reach):
    report, seen = reach.audit()
    assert report.held
    sections = report.sections
    assert sections[Topic.LOGS].counts == {
        "logs": 8, "empty": 6, "witnesses": 2, "entries": 8, "compared": 0,
    }  # fmt: skip
    assert sections[Topic.EPOCHS].counts == {
        "epochs": 2, "events": 6, "total": 4, "persons": 2, "deferred": 1, "open": 0, "void": 1,
    }  # fmt: skip
    assert sections[Topic.EVIDENCE].counts == {
        "auditable": 4, "sampled": 4, "held": 4, "over_budget": 0, "erased": 0,
    }  # fmt: skip
    assert sections[Topic.DEFERRALS].counts == {"deferred": 1, "checked": 1}
    assert sections[Topic.VOID].counts["void"] == 1
    assert seen.notes.keys() == {"digital", "ledger"}
    assert sorted(seen.asked) == [0, 1, 2, 5]


def test_the_report_names_no_person_and_no_label(reach):
    report, _ = reach.audit()
    told = "\n".join([*report.lines(japanese=True), *report.lines(japanese=False), str(report.document())])
    for label in reach.ledger.chains:
        assert label.hex() not in told
        assert b64encode(label).decode() not in told


def test_the_report_is_told_in_both_languages(reach):
    report, _ = reach.audit()
    assert list(report.lines(japanese=True))[-1] == "すべて成り立ちます。"
    assert list(report.lines(japanese=False))[-1] == "Everything holds."


def test_a_log_that_too_few_witnesses_have_signed_is_named(reach):
    reach.witnesses = ("univ",)
    report, _ = reach.audit()
    found = {(one.institution, one.fault) for one in report.sections[Topic.LOGS].findings}
    assert found == {("digital", "unwitnessed"), ("ledger", "unwitnessed")}
    assert not report.held


def test_an_institution_that_is_away_is_named(reach):
    reach.away = {"nenkin"}
    assert reach.faults(Topic.LOGS) == {("nenkin", "away")}


def test_a_log_whose_entries_are_not_the_ones_it_signed_is_named(reach):
    reach.logs["nenkin"] = [b"one", b"two"]
    shown, reach.logs["nenkin"] = reach.note("nenkin"), [b"one", b"other"]
    honest = reach.open_note

    async def open_note(institution, path):
        return shown if institution == "nenkin" else await honest(institution, path)

    reach.open_note = open_note
    assert reach.faults(Topic.LOGS) == {("nenkin", "root-differs")}


@pytest.mark.parametrize(("now", "fault"), [([b"one"], "went-back"), ([b"x", b"y", b"z"], "forked")])
def test_a_log_that_does_not_go_on_from_what_the_last_audit_saw_is_named(reach, now, fault):
    reach.logs["jlis"] = [b"one", b"two"]
    _, seen = reach.audit()
    reach.logs["jlis"] = now
    assert reach.faults(Topic.LOGS, seen=seen) == {("jlis", fault)}


def test_a_log_that_goes_on_from_what_the_last_audit_saw_holds(reach):
    reach.logs["jlis"] = [b"one", b"two"]
    _, seen = reach.audit()
    reach.logs["jlis"] = [b"one", b"two", b"three"]
    report, _ = reach.audit(seen=seen)
    assert report.held
    assert report.sections[Topic.LOGS].counts["compared"] == 3


def test_an_epoch_that_does_not_hold_is_named_with_its_number(reach):
    reach.ledger.open.discard(reach.ledger.ask(ALICE))
    reach.ledger.close()
    report, _ = reach.audit()
    found = {(one.institution, one.fault, one.epoch) for one in report.sections[Topic.EPOCHS].findings}
    assert found == {("ledger", "event-missing", 3), ("ledger", "equation", 3)}


def test_an_event_under_another_label_is_found_by_the_sample_and_its_epoch_named(reach):
    reach.ledger.settle(reach.ledger.ask(ALICE), label=reach.ledger.label(BOB))
    reach.ledger.close()
    report, _ = reach.audit()
    (found,) = report.sections[Topic.EVIDENCE].findings
    assert (found.institution, found.fault, found.epoch) == ("ledger", "relabelled", 3)


def test_evidence_that_is_not_shown_is_a_finding(reach):
    reach.kept = {0, 1, 2, 3, 4}
    assert reach.faults(Topic.EVIDENCE) == {("ledger", "evidence-refused")}


def test_epochs_older_than_evidence_is_kept_are_not_sampled(reach):
    reach.kept = set()
    reach.cosigned_at = reach.ledger.now // 1000
    reach.ledger.now += 24 * 3600 * 1000
    report, _ = reach.audit()
    assert report.sections[Topic.EVIDENCE].counts == {
        "auditable": 0, "sampled": 0, "held": 0, "over_budget": 0, "erased": 4,
    }  # fmt: skip
    assert report.held


def test_epochs_dated_long_before_witnesses_signed_them_are_a_finding_and_not_out_of_reach(reach):
    _, seen = reach.audit()
    reach.ledger.now += 25 * 3600 * 1000
    _, seen = reach.audit(seen=replace_time(reach, seen))
    for _ in range(3):
        reach.ledger.settle(reach.ledger.ask(ALICE), label=os.urandom(32))
        now, before = reach.ledger.now, reach.ledger.now - 24 * 3600 * 1000
        reach.ledger.now = before
        reach.ledger.close(after=0)
        reach.ledger.now = now + STEP
    report, _ = reach.audit(seen=seen)
    assert {one.fault for one in report.sections[Topic.EPOCHS].findings} == {"dated-behind"}
    assert {one.fault for one in report.sections[Topic.EVIDENCE].findings} == {"relabelled"}
    assert report.sections[Topic.EVIDENCE].counts["sampled"] == 3


def replace_time(reach, memory: Memory) -> Memory:
    """The memory of an auditor who saw the same logs, cosigned now."""
    return replace(memory, notes={name: reach.note(name) for name in memory.notes})


def test_an_epoch_dated_ahead_of_the_witnesses_is_a_finding(reach):
    reach.cosigned_at = reach.ledger.now // 1000 - 61
    assert reach.faults(Topic.EPOCHS) == {("ledger", "dated-ahead")}


def test_an_event_kept_open_by_a_clock_that_stands_still_is_a_finding(reach):
    reach.ledger.ask(ALICE)
    for _ in range(3):
        reach.ledger.close(after=0)
    reach.cosigned_at = reach.ledger.now // 1000
    assert reach.audit()[0].held
    reach.ledger.now += 301_000
    assert reach.faults(Topic.EPOCHS) == {("ledger", "event-delayed")}


def test_a_withholding_beyond_its_day_is_a_finding_also_when_the_ledger_closes_no_epoch(reach):
    reach.cosigned_at = reach.ledger.now // 1000
    reach.ledger.now = int(datetime(2027, 1, 2, tzinfo=UTC).timestamp() * 1000)
    assert reach.faults(Topic.DEFERRALS) == {("ledger", "deferral-overdue")}


@pytest.mark.parametrize("changed", [{}, {"label": os.urandom(32)}, {"entry": b"junk"}])
def test_an_event_that_was_withheld_and_released_is_sampled_like_any_other(reach, changed):
    ledger = reach.ledger
    ledger.release(ledger.held[0], **changed)
    ledger.close()
    report, _ = reach.audit()
    found = {one.fault for one in report.sections[Topic.EVIDENCE].findings}
    assert found == ({"relabelled" if "label" in changed else "entry-differs"} if changed else set())
    assert report.sections[Topic.EVIDENCE].counts["sampled"] == 5


def test_a_withholding_is_judged_also_when_it_has_ended(reach):
    leaf = reach.ledger.defer(reach.ledger.ask(ALICE), by="muni-131016")
    reach.ledger.close()
    reach.ledger.release(leaf)
    reach.ledger.close()
    assert reach.faults(Topic.DEFERRALS) == {("ledger", "deferral-unfounded")}


def test_the_sample_follows_from_the_auditors_seed_and_not_from_what_the_ledger_serves(reach):
    reach.ledger.settle(*(reach.ledger.ask(ALICE) for _ in range(9)))
    reach.ledger.close()
    chosen = {}
    for seed in ("one", "two"):
        for witnesses in (("ppc", "univ"), ("univ", "bar"), ("ppc", "univ", "bar")):
            reach.witnesses, reach.shown = witnesses, []
            report, _ = reach.audit(share=0.3, seed=seed)
            chosen.setdefault(seed, []).append(sorted(reach.shown))
            assert report.document()["seed"] == seed
            assert seed in list(report.lines(japanese=False))[-2]
    assert all(one == kind[0] for kind in chosen.values() for one in kind)
    assert chosen["one"][0] != chosen["two"][0]


def test_an_audit_keeps_to_its_budget_and_says_what_it_left_out(reach):
    reach.ledger.settle(*(reach.ledger.ask(ALICE) for _ in range(18)))
    reach.ledger.close()
    report, seen = reach.audit()
    assert report.held
    assert report.sections[Topic.EVIDENCE].counts == {
        "auditable": 22, "sampled": 20, "held": 20, "over_budget": 2, "erased": 0,
    }  # fmt: skip
    again, _ = reach.audit(seen=seen)
    assert again.sections[Topic.EVIDENCE].counts["sampled"] == 20, "the same ones cost nothing again"
    other, _ = reach.audit(seen=replace(seen, asked={1000 + n: reach.now.timestamp() for n in range(20)}))
    assert other.held
    assert other.sections[Topic.EVIDENCE].counts["over_budget"] == 22
    assert "left out because the day's budget is spent 22" in "\n".join(other.lines(japanese=False))
    reach.ledger.now += 25 * 3600 * 1000
    reach.ledger.settle(reach.ledger.ask(ALICE))
    reach.ledger.close()
    later, _ = reach.audit(seen=seen)
    assert later.sections[Topic.EVIDENCE].counts["sampled"] == 1, "after a day it begins anew"


def test_a_ledger_that_says_too_early_that_the_budget_is_spent_is_found_out(reach):
    reach.spent = True
    assert reach.faults(Topic.EVIDENCE) == {("ledger", "budget-refused")}


def test_a_withholding_the_slip_does_not_claim_is_found(reach):
    reach.ledger.defer(reach.ledger.ask(ALICE), by="muni-131016")
    reach.ledger.close()
    assert reach.faults(Topic.DEFERRALS) == {("ledger", "deferral-unfounded")}


def test_a_provider_that_answered_a_void_event_is_named(reach):
    reach.logs["nenkin"] = [reach.ledger.x[4]]
    assert reach.faults(Topic.VOID) == {("nenkin", "void-answered")}


def test_a_ledger_that_stands_still_is_named_once_the_promise_is_over(reach):
    reach.ledger.ask(ALICE)
    reach.cosigned_at = reach.ledger.now // 1000
    assert reach.audit()[0].held
    reach.ledger.now += 60 * STEP
    assert reach.faults(Topic.EPOCHS) == {("ledger", "stalled")}


def test_what_was_seen_is_kept_for_the_next_audit(tmp_path):
    path = tmp_path / "audit-ppc.json"
    assert load_memory(path) == Memory()
    memory = Memory({"ledger": "note\n"}, {7: 1_790_000_000})
    save_memory(path, memory)
    assert load_memory(path) == memory


def test_there_is_nothing_to_audit_where_no_nation_is_open(tmp_path):
    done = CliRunner().invoke(app, ["audit", "--nation", str(tmp_path)])
    assert done.exit_code == 2
