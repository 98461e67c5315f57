"""What a check has found."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: its stable kind, what it is about, and what is wrong with it."""

    kind: str
    subject: str
    text: str


@dataclass(slots=True)
class Report:
    """Errors (something needed is missing or wrong), warnings, and notes (left to persons)."""

    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing that is needed is missing."""
        return not self.errors

    def error(self, kind: str, subject: str, text: str) -> None:
        """Add an error."""
        self.errors.append(Finding(kind, subject, text))

    def warn(self, kind: str, subject: str, text: str) -> None:
        """Add a warning."""
        self.warnings.append(Finding(kind, subject, text))

    def document(self) -> dict[str, object]:
        """The report for machines; notes as counts."""
        return {
            "ok": self.ok,
            "errors": self.errors,
            "warnings": self.warnings,
            "notes": {name: len(found) for name, found in self.notes.items()},
        }
