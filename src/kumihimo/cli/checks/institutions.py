"""Checks of institution files: what each is under the law, what it provides, and whether all are there."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from importlib.resources.abc import Traversable
from importlib.util import find_spec

import msgspec

from kumihimo.base import InstitutionNumber, InvalidIdentifier, all_municipalities
from kumihimo.cli.checks.report import Report
from kumihimo.exchange import Layouts, query_text
from kumihimo.law import Law, Party, Permitted, RefusalReason
from kumihimo.node import Provides
from kumihimo.world import quorum

SERVICES = ("operator-1", "operator-2", "ledger", "numbering", "disclosure", "commission")
"""What every nation needs exactly one institution for."""


class Declared(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What an institution's own file says of it."""

    id: str
    name: str
    name_en: str
    number: str
    domain: str
    body: str
    rooms: tuple[str, ...]
    roles: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    municipality: str | None = None
    services: tuple[str, ...] = ()
    codes_from: tuple[str, ...] = ()
    provides: tuple[Provides, ...] = ()
    options: dict[str, dict[str, str | int | bool]] = {}

    @property
    def party(self) -> Party:
        """The institution as the law sees it."""
        return Party(frozenset(self.roles), frozenset(self.qualifications))


def read_institutions(report: Report, folder: Traversable) -> list[Declared]:
    """Read every institution file of a folder; what cannot be read is an error of the report."""
    found: list[Declared] = []
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name
    )
    for file in files:
        try:
            found.append(msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Declared))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as fault:
            report.error("institution-unreadable", file.name, str(fault))
            continue
        if f"{found[-1].id}.toml" != file.name:
            report.error("institution-misnamed", file.name, f"the file describes {found[-1].id}")
    return found


def check_institutions(
    report: Report, institutions: Sequence[Declared], law: Law, layouts: Layouts, on: date
) -> None:
    """Check each institution for itself and all of them together."""
    for one in institutions:
        _check_identity(report, one, law)
        for provided in one.provides:
            _check_provided(report, one, provided, layouts)
            _check_right(report, one, provided, law, on)
    _check_unique(report, institutions)
    known = {one.id for one in institutions}
    for one in institutions:
        for name in sorted(set(one.codes_from) - known):
            report.error("codes-from-unknown", one.id, f"{name}, named for its codes, is no institution here")
    for service in SERVICES:
        count = sum(one.services.count(service) for one in institutions)
        if count != 1:
            report.error("service", service, f"{count} institutions do it; exactly one must")
    witnesses = sum("witness" in one.services for one in institutions)
    if witnesses < quorum():
        report.error("service", "witness", f"{witnesses} institutions witness; at least {quorum()} must")
    report.notes["rows no institution here can answer"] = list(_unanswered(institutions, law, on))


def _check_identity(report: Report, one: Declared, law: Law) -> None:
    for word in law.unknown(one.party):
        report.error("role-unknown", one.id, f"the law knows no role or qualification {word}")
    try:
        InstitutionNumber.parse(one.number)
    except InvalidIdentifier as fault:
        report.error("number-malformed", one.id, str(fault))
    for room in one.rooms:
        if not room.isidentifier() or find_spec(f"kumihimo.{room}") is None:
            report.error("room-unknown", one.id, f"there is no room {room}")
    codes = {entry.code for entry in all_municipalities()}
    if one.municipality is not None and one.municipality not in codes:
        report.error("municipality-unknown", one.id, f"there is no municipality {one.municipality}")


def _check_provided(report: Report, one: Declared, provided: Provides, layouts: Layouts) -> None:
    if layouts.get(provided.information, provided.layout) is None:
        report.error(
            "layout-missing", one.id, f"{provided.information} has no layout of version {provided.layout}"
        )
    room = provided.query.partition("/")[0]
    if room != "world" and room not in one.rooms:
        report.error("query-elsewhere", one.id, f"{provided.query} is not in one of its rooms")
    try:
        query_text(provided.query)
    except LookupError:
        report.error("query-missing", one.id, f"there is no query {provided.query}")
    except ModuleNotFoundError:
        report.error("query-missing", one.id, f"there is no room for query {provided.query}")


def _check_right(report: Report, one: Declared, provided: Provides, law: Law, on: date) -> None:
    """Whether a row in force has this institution provide it; rows that ask more than its role are told."""
    naming, missing = 0, Counter[str]()
    for row in law.rows(on):
        if provided.information not in row.names:
            continue
        decision = law.permits(row.id, law.party(row.inquirer), one.party, provided.information, on)
        if isinstance(decision, Permitted):
            naming += 1
        elif decision.reason is RefusalReason.QUALIFICATION_MISSING:
            missing[law.bodies.phrases[row.provider].qualification or row.provider] += 1
    if not naming:
        report.warn("nobody-may-ask", one.id, f"no row in force has it provide {provided.information}")
    for words, rows in missing.items():
        report.warn(
            "qualification-missing",
            one.id,
            f"{provided.information}: {rows} rows ask besides its role to be: {words}",
        )


def _check_unique(report: Report, institutions: Sequence[Declared]) -> None:
    keys: dict[str, Callable[[Declared], str]] = {
        "id": lambda one: one.id,
        "domain": lambda one: one.domain,
        "number": lambda one: one.number,
    }
    for name, key in keys.items():
        for value, count in Counter(map(key, institutions)).items():
            if count > 1:
                who = ", ".join(one.id for one in institutions if key(one) == value)
                report.error("duplicate", who, f"the same {name} {value}")


def _unanswered(institutions: Iterable[Declared], law: Law, on: date) -> Iterator[str]:
    providers = [(one.party, provided.information) for one in institutions for provided in one.provides]
    for row in law.rows(on):
        inquirer = law.party(row.inquirer)
        answered = any(
            information in row.names
            and isinstance(law.permits(row.id, inquirer, party, information, on), Permitted)
            for party, information in providers
        )
        if not answered:
            yield f"{row.id}: {row.provider}: {'、'.join(row.names)}"
