"""Questions of law one JSON line at a time, for auditors: a line in, a line out, in the same order."""

from datetime import date

import msgspec

from kumihimo.law.model import Permitted
from kumihimo.law.statutes import Law


class _Question(msgspec.Struct):
    inquirer: str
    item: str
    provider: str
    information: str
    on: date
    qualifications: frozenset[str] = frozenset()
    provider_qualifications: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()


class _Yes(msgspec.Struct):
    permitted: bool
    row: str


class _No(msgspec.Struct):
    permitted: bool
    reason: str
    nearest: str | None


_decode = msgspec.json.Decoder(_Question).decode
_encode = msgspec.json.Encoder().encode
_MALFORMED = _encode(_No(False, "malformed", None))


def answer_line(law: Law, line: bytes) -> bytes:
    """Answer one line: ``{"permitted": true, "row"}`` or ``{"permitted": false, "reason", "nearest"}``.

    ``inquirer`` and ``provider`` are a role or a phrase of the table; ``qualifications`` are the inquirer's,
    ``provider_qualifications`` the provider's. A line that is no such question gets the reason ``malformed``.
    """
    try:
        asked = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _MALFORMED
    found = law.decide(
        law.party(asked.inquirer, asked.qualifications),
        asked.item,
        law.party(asked.provider, asked.provider_qualifications),
        asked.information,
        asked.items,
        asked.on,
    )
    if isinstance(found, Permitted):
        return _encode(_Yes(True, found.row.id))
    return _encode(_No(False, found.reason, found.nearest.id if found.nearest else None))
