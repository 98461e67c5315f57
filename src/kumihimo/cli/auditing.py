"""The work of `kumihimo audit`: all checks in their order, and what is kept for the next time."""

from pathlib import Path

import msgspec

from kumihimo.cli.audit_ledger import LedgerAudit
from kumihimo.cli.audit_logs import LogsAudit, Progress
from kumihimo.cli.audit_reach import Reach
from kumihimo.cli.audit_report import Report, Topic
from kumihimo.cli.audit_rules import Memory, Rules
from kumihimo.ledger import BUDGET_HOURS, RecordsPolicy

_MARGIN = 60
"""Seconds longer than the ledger keeps it that the book of what was asked for is kept."""


async def audited(
    reach: Reach, policy: RecordsPolicy, rules: Rules, memory: Memory, progress: Progress
) -> tuple[Report, Memory]:
    """Audit everything; the report, and what to remember for the next time."""
    report = Report(rules.seed)
    logs = LogsAudit(reach, policy, memory.notes, progress)
    read = await logs.run(report.sections[Topic.LOGS])
    oldest = rules.now.timestamp() - BUDGET_HOURS * 3600 - _MARGIN
    asked = {index: at for index, at in memory.asked.items() if at > oldest}
    await LedgerAudit(reach, logs, rules, progress, asked).run(read, report)
    await reach.close()
    notes = {**memory.notes, **{institution: log.note for institution, log in read.items()}}
    return report, Memory(notes, asked)


class _Kept(msgspec.Struct, frozen=True):
    seen: dict[str, str]
    asked: dict[int, int] = {}


def load_memory(path: Path) -> Memory:
    """What the last audit kept in this file; nothing before the first."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return Memory()
    return Memory(kept.seen, kept.asked)


def save_memory(path: Path, memory: Memory) -> None:
    """Keep it for the next audit; the file is replaced whole."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(_Kept(dict(memory.notes), dict(memory.asked))))
    fresh.replace(path)
