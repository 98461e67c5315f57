"""The exchange table of a day as one number: which version of the law decided."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date

from kumihimo.law.model import Revision, Row, Snapshot

BEFORE_ALL = Snapshot(hashlib.sha256(b"[]").hexdigest(), "", date.min, "t2", 0)
"""The empty table of the days before the source begins (2017-04-01)."""


def snapshot_of(rows: Sequence[Row], revisions: Sequence[Revision], on: date) -> Snapshot:
    """The snapshot of the rows in force that day under the newest revision by then (sorted by day)."""
    standing = [revision for revision in revisions if revision.in_force_from <= on]
    if not standing:
        return BEFORE_ALL
    return Snapshot(
        hash=hashlib.sha256(canonical_rows(rows)).hexdigest(),
        revision=standing[-1].id,
        in_force_from=standing[-1].in_force_from,
        table=rows[0].table if rows else "t2",
        rows=len(rows),
    )


def canonical_rows(rows: Iterable[Row]) -> bytes:
    """The bytes a snapshot's hash stands for: what was law that day, and nothing that was known only later.

    A JSON array of one object per row in statute order; keys sorted, no spaces, UTF-8. When a row ended, what
    it continues and other knowledge of hindsight are left out, so that old snapshots stay as they were.
    """
    table = [
        {
            "affair": row.affair,
            "detail_article": row.detail_article,
            "id": row.id,
            "info_other": row.info_other,
            "info_types": row.info_types,
            "information": row.information,
            "inquirer": row.inquirer,
            "item": row.item,
            "provider": row.provider,
            "seq": row.seq,
            "valid_from": row.valid_from.isoformat(),
        }
        for row in rows
    ]
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
