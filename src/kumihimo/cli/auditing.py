"""The work of `kumihimo audit`: all checks in their order, and what is kept for the next time."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kumihimo.cli.audit_ledger import LedgerAudit, Rules
from kumihimo.cli.audit_logs import LogsAudit, Progress
from kumihimo.cli.audit_reach import Reach
from kumihimo.cli.audit_report import Report, Topic
from kumihimo.ledger import RecordsPolicy


async def audited(
    reach: Reach, policy: RecordsPolicy, rules: Rules, seen: Mapping[str, str], progress: Progress
) -> tuple[Report, Mapping[str, str]]:
    """Audit everything; the report, and the cosigned notes to compare with next time, by institution."""
    report = Report()
    logs = LogsAudit(reach, policy, seen, progress)
    read = await logs.run(report.sections[Topic.LOGS])
    await LedgerAudit(reach, logs, rules, progress).run(read, report)
    await reach.close()
    return report, {**seen, **{institution: log.note for institution, log in read.items()}}


class _Seen(msgspec.Struct, frozen=True):
    seen: dict[str, str]


def load_seen(path: Path) -> Mapping[str, str]:
    """The notes that the last audit kept in this file; none before the first."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Seen).seen
    except FileNotFoundError:
        return {}


def save_seen(path: Path, seen: Mapping[str, str]) -> None:
    """Keep the notes for the next audit; the file is replaced whole."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(_Seen(dict(seen))))
    fresh.replace(path)
