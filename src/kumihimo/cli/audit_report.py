"""What an audit found, as values: per topic what was checked, in numbers, and what does not hold, by whom."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from kumihimo.ledger import Discrepancy


class Topic(StrEnum):
    """What an audit looks at."""

    LOGS = "logs"
    EPOCHS = "epochs"
    EVIDENCE = "evidence"
    DEFERRALS = "deferrals"
    VOID = "void"


class Wrong(StrEnum):
    """What may be wrong beside the epochs themselves."""

    AWAY = "away"
    UNWITNESSED = "unwitnessed"
    ROOT = "root-differs"
    BACK = "went-back"
    FORKED = "forked"
    NO_EPOCHS = "no-epochs"
    STALLED = "stalled"
    ANSWERED = "void-answered"
    AHEAD = "dated-ahead"
    BEHIND = "dated-behind"
    SPENT = "budget-refused"


_TOPICS = {
    Topic.LOGS: ("記録簿と証人", "Logs and witnesses"),
    Topic.EPOCHS: ("台帳の時点と等式", "Epochs of the ledger and the equation"),
    Topic.EVIDENCE: ("抽出した事象の証拠", "Evidence of sampled events"),
    Topic.DEFERRALS: ("不開示", "Withheld by law"),
    Topic.VOID: ("無効とされた事象", "Events declared void"),
}
_COUNTS = {
    "logs": ("記録簿", "logs"),
    "empty": ("空の記録簿", "of them empty"),
    "witnesses": ("必要な証人", "witnesses needed"),
    "entries": ("読んだ記録", "entries read"),
    "compared": ("前回と照合", "compared with the last audit"),
    "epochs": ("時点", "epochs replayed"),
    "events": ("本人に関する事象", "person-events"),
    "total": ("数えられた記録", "counted records"),
    "persons": ("本人の数", "persons"),
    "deferred": ("不開示中", "withheld now"),
    "open": ("未決", "open"),
    "void": ("無効", "void"),
    "auditable": ("証拠が残る事象", "events with evidence kept"),
    "sampled": ("抽出", "sampled"),
    "held": ("証明が成り立つ", "proved"),
    "over_budget": ("一日の上限を超え調べない", "left out because the day's budget is spent"),
    "erased": ("証拠が消えた事象", "events whose evidence is gone"),
    "checked": ("調べた件数", "looked into"),
    "logs_searched": ("調べた提供者の記録簿", "providers' logs searched"),
}
_WRONG = {
    Wrong.AWAY: ("応答しません", "does not answer"),
    Wrong.UNWITNESSED: (
        "証人の署名が足りない、または正しくありません",
        "its checkpoint is not cosigned as it must be",
    ),
    Wrong.ROOT: ("記録が、署名された根と一致しません", "its entries do not give the root that is signed"),
    Wrong.BACK: ("前回より短くなりました", "it is shorter than it was at the last audit"),
    Wrong.FORKED: (
        "前回見た記録と異なります",
        "it is not an extension of what it showed at the last audit",
    ),
    Wrong.NO_EPOCHS: ("時点の記録がありません", "there are events and no epoch"),
    Wrong.STALLED: (
        "約束より長く、時点に入らない事象があります",
        "events are in no epoch for longer than promised",
    ),
    Wrong.ANSWERED: (
        "無効とされた事象に、この提供者が答えています",
        "it has answered events that were declared void",
    ),
    Wrong.AHEAD: (
        "最新の時点の時刻が、証人が署名した時刻より先です",
        "its newest epoch is dated later than witnesses signed it",
    ),
    Wrong.BEHIND: (
        "時点の時刻が、証人が署名した時刻よりはるかに前です",
        "its epochs are dated long before witnesses signed them",
    ),
    Wrong.SPENT: (
        "監査人の帳簿では上限に達していないのに、上限を理由に証拠を示しません",
        "it refuses evidence as beyond the budget, which by the auditor's own book is not spent",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold: whose fault, in which epoch, and how many if that can be counted."""

    institution: str
    fault: str
    japanese: str
    english: str
    epoch: int | None = None
    count: int | None = None

    @classmethod
    def of(
        cls, institution: str, wrong: Wrong, *, count: int | None = None, epoch: int | None = None
    ) -> "Finding":
        """A finding about an institution's log."""
        return cls(institution, wrong.value, *_WRONG[wrong], epoch, count)

    @classmethod
    def epoch_of(cls, institution: str, found: Discrepancy, *, count: int | None = None) -> "Finding":
        """A finding about an epoch."""
        words = found.text(japanese=True), found.text()
        return cls(institution, found.fault.value, *words, found.epoch, count)

    def document(self) -> dict[str, object]:
        """For machines."""
        return {
            "institution": self.institution,
            "fault": self.fault,
            "epoch": self.epoch,
            "count": self.count,
            "ja": self.japanese,
            "en": self.english,
        }

    def line(self, *, japanese: bool) -> str:
        """For people: who, when, what."""
        where = self.institution
        if self.epoch is not None:
            where += f" 時点 {self.epoch}" if japanese else f" epoch {self.epoch}"
        many = f" ({self.count:,})" if self.count is not None else ""
        return f"{where}: {self.japanese if japanese else self.english}{many}"


@dataclass(slots=True)
class Section:
    """One topic: what was counted, what does not hold."""

    topic: Topic
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """For machines."""
        findings = [one.document() for one in self.findings]
        return {"held": not findings, "counts": self.counts, "findings": findings}

    def lines(self, *, japanese: bool) -> Iterator[str]:
        """For people."""
        place = 0 if japanese else 1
        yield f"{'✗' if self.findings else '✓'} {_TOPICS[self.topic][place]}"
        numbers = [f"{_COUNTS[name][place]} {count:,}" for name, count in self.counts.items()]
        if numbers:
            yield "    " + ("、" if japanese else ", ").join(numbers)
        for finding in self.findings:
            yield "    ✗ " + finding.line(japanese=japanese)


@dataclass(slots=True)
class Report:
    """All topics of one audit; `seed` is that of its sample."""

    seed: str = ""
    sections: dict[Topic, Section] = field(default_factory=lambda: {topic: Section(topic) for topic in Topic})

    @property
    def held(self) -> bool:
        """Whether everything that was looked at holds."""
        return not any(section.findings for section in self.sections.values())

    def document(self) -> dict[str, object]:
        """For machines; counts and institutions, no persons."""
        checks = {topic.value: section.document() for topic, section in self.sections.items()}
        return {"held": self.held, "seed": self.seed, "checks": checks}

    def lines(self, *, japanese: bool) -> Iterator[str]:
        """For people."""
        for section in self.sections.values():
            yield from section.lines(japanese=japanese)
        yield f"{'抽出の種' if japanese else 'Seed of the sample'}: {self.seed}"
        found = sum(len(section.findings) for section in self.sections.values())
        if japanese:
            yield "すべて成り立ちます。" if self.held else f"成り立たないことが{found}件あります。"
        else:
            yield "Everything holds." if self.held else f"{found} things do not hold."
