"""P-33: records of exchange are read for their lawful purposes, and no other way leads to them (番号法23条).

Three proofs. In the source: every statement over the ledger's tables and every opening of a sealed entry
stands in a list here, with its purpose; a new one fails until somebody says what it is for. At the doors of
all institutions, opened for real: the same for every path that anybody can reach. In the running nation:
whoever else asks is refused, on every way there is.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import asyncpg
import pytest
from exchange_client import Stage, until
from exchange_parties import CITY, PENSION
from litestar import Controller
from litestar.handlers import HTTPRouteHandler
from records_readers import callers, given, opened, statements, tables, users

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import delivery_form, slip_codec
from kumihimo.node import host, load_settings
from kumihimo.node.http import Door
from kumihimo.node.transport import Raw
from kumihimo.world import Places, institution_ids
from kumihimo.world.founding import found
from kumihimo.world.nation import free_ports
from kumihimo.world.postgres import EmbeddedPostgres, login

pytestmark = pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")


class For(StrEnum):
    """What the law lets records be read for."""

    RECORDING = "to record, once, and give the receipt again (23条)"
    OUTCOME = "to add how an exchange ended (23条)"
    DISCLOSURE = "to show the person their own (附則6条3項, 31条)"
    CORRECTION = "to correct what is wrong, at the person's request (31条)"
    WITHHOLDING = "to hold back by law and to release when due (23条2項, 31条3項)"
    COMPLETENESS = "to prove to anybody that none is missing: hashes, counts and proofs, no persons"
    OVERSIGHT = "to let the commission and the witnesses check, without persons (27条以下)"
    RETENTION = "to erase after seven years"
    RECONCILIATION = "to compare the copies of the parties, by commitment (23条)"
    DEMONSTRATION = "of whoever holds the whole nation's folder; no institution does"


OUTSIDE: Mapping[tuple[str, str], For] = {
    ("cli/bench/inquiry.py", "BOOKS"): For.DEMONSTRATION,
    ("cli/bench/ledger.py", "_measure"): For.DEMONSTRATION,
    ("cli/bench/visible.py", "_CHAINED"): For.DEMONSTRATION,
    ("cli/demo/acts_secrecy.py", "same_event"): For.DEMONSTRATION,
}
"""Statements over the ledger's tables outside the ledger's room: none reads what an entry says."""

WITHIN: Mapping[str, tuple[For, ...]] = {
    "ledger/app.py": (For.COMPLETENESS,),
    "ledger/chains.py": (For.RECORDING, For.OUTCOME, For.CORRECTION),
    "ledger/closer.py": (For.COMPLETENESS,),
    "ledger/corrections.py": (For.CORRECTION,),
    "ledger/epoch_store.py": (For.COMPLETENESS,),
    "ledger/events.py": (For.OUTCOME, For.WITHHOLDING),
    "ledger/evidence_desk.py": (For.COMPLETENESS,),
    "ledger/oversight_desk.py": (For.WITHHOLDING, For.OVERSIGHT),
    "ledger/person.py": (For.DISCLOSURE,),
    "ledger/rehearsal.py": (For.DEMONSTRATION,),
    "ledger/second_door.py": (For.DISCLOSURE,),
    "ledger/store.py": (For.RECORDING, For.WITHHOLDING, For.CORRECTION, For.RETENTION, For.COMPLETENESS),
}
"""The modules of the ledger's room that hold its statements."""

OPENED: Mapping[tuple[str, str], For] = {
    ("ledger/chains.py", "opened_body"): For.DISCLOSURE,
    ("ledger/material.py", "open_material"): For.COMPLETENESS,
}
"""Where the ledger's vault is opened at all."""

READERS: Mapping[str, Mapping[tuple[str, str], For]] = {
    "opened_body": {
        ("ledger/person.py", "person_entries"): For.DISCLOSURE,
        ("ledger/person.py", "proved_person"): For.DISCLOSURE,
        ("ledger/chains.py", "opened_entry"): For.WITHHOLDING,
        ("ledger/chains.py", "kept_addition"): For.OUTCOME,
    },
    "opened_entry": {("ledger/events.py", "release"): For.WITHHOLDING},
    "kept_addition": {
        ("ledger/events.py", "release"): For.WITHHOLDING,
        ("ledger/events.py", "settle"): For.RECORDING,
    },
    "open_material": {("ledger/evidence_desk.py", "show"): For.COMPLETENESS},
    "person_entries": {
        ("ledger/disclosing.py", "_records"): For.DISCLOSURE,
        ("ledger/second_door.py", "show"): For.DISCLOSURE,
    },
    "proved_person": {
        ("ledger/disclosing.py", "_proved"): For.DISCLOSURE,
        ("ledger/rehearsal.py", "file"): For.DEMONSTRATION,
    },
    "corrections_of": {("ledger/disclosing.py", "disclose"): For.DISCLOSURE},
}
"""Who calls what gives an entry in the clear, step by step up to the desks."""

ASKERS: Mapping[str, For] = {
    "portal/service.py": For.DISCLOSURE,
    "cli/bench/ledger_people.py": For.DEMONSTRATION,
}
"""Who writes slips under the right to disclosure."""

SHOWN_BY: Mapping[str, frozenset[str]] = {
    "Line": frozenset({"portal", "counter", "tracker"}),
    "reading": frozenset({"portal", "counter"}),
    "second_door": frozenset({"tracker"}),
    "filling": frozenset({"cli"}),
    "rehearsal": frozenset({"cli"}),
}
"""Which rooms use the ledger's words for a person's records: who shows them, and a bench's own ledger."""


def test_every_statement_over_the_ledgers_tables_has_its_purpose():
    assert {"entry", "event", "person"} <= tables()
    found = {(file, where) for file, where, _ in statements()}
    assert {one for one in found if one[0].partition("/")[0] != "ledger"} == set(OUTSIDE)
    assert {file for file, _ in found if file.startswith("ledger/")} == set(WITHIN)


def test_no_statement_outside_the_ledger_reads_what_an_entry_says():
    for file, where, text in statements():
        if (file, where) in OUTSIDE:
            assert not {"*", "sealed", "asked,", "told"} & set(text.replace("(*)", "").split()), (file, text)


def test_every_opening_of_a_sealed_entry_has_its_purpose():
    assert set(opened()) == set(OPENED)
    for name, known in READERS.items():
        assert set(callers(name)) == set(known), name


def test_the_right_to_disclosure_is_used_by_the_disclosure_system_only():
    assert given("DISCLOSE_RIGHT") == set(ASKERS)


def test_the_right_of_the_counter_is_used_by_the_counter_only():
    assert given("COUNTER_RIGHT") == {"counter/service.py"}


def test_records_are_shown_by_the_portal_the_counter_and_the_tracker_only():
    found = {word: {file.partition("/")[0] for file in users(word, "ledger")} for word in SHOWN_BY}
    assert found == SHOWN_BY


GATEWAY = {
    "inquire": "a provider answers",
    "acquired": "codes are handed in",
    "later": "a late answer is brought",
    "reconciliation-notice": For.RECONCILIATION,
    "correction-notice": For.CORRECTION,
}
EXCHANGE: Mapping[str, Mapping[str, str]] = {
    "node": {"log/entries": "entries of the own log: commitments, for those who watch"},
    "exchange": {"stamp": "an operator permits and converts", **GATEWAY},
    "numbering": {"acquire": "codes are made", "reconciliation-notice": For.RECONCILIATION},
    "ledger": {
        "record": For.RECORDING,
        "outcome": For.OUTCOME,
        "inquire": For.DISCLOSURE,
        "correction": For.CORRECTION,
        "correction-verdict": For.CORRECTION,
        "reconciliation-notice": For.RECONCILIATION,
        "deferrals": For.WITHHOLDING,
        "deferral-decision": For.WITHHOLDING,
        "transition": For.COMPLETENESS,
        "evidence": For.COMPLETENESS,
    },
    "tracker": {
        "tracker/heartbeat": "whether the second door is open",
        "tracker/usage-period": "since when records are held",
        "tracker/find-usage": For.DISCLOSURE,
    },
    "portal": GATEWAY,
    "counter": GATEWAY,
    "oversight": {"reconcile": For.RECONCILIATION, "reconciliation-answer": For.RECONCILIATION},
}
"""Every desk on the signed plane, by room, and what it is for. A portal's gateway answers nothing."""

OPEN: Mapping[str, Mapping[str, str]] = {
    "node": {
        "health": "whether all is well",
        "metrics": "counters without persons",
        "directory": "who takes part",
        "log/": "checkpoint and hash tiles of the own log",
        "cosigned": "the own log's checkpoint with its witnesses",
    },
    "exchange": {"counts": "numbers of exchanges"},
    "ledger": {
        "counts": "numbers of events, persons, withheld",
        "epoch": "the newest epoch: counts and roots",
    },
    "portal": {"counts": "numbers of exchanges"},
    "counter": {"counts": "numbers of exchanges"},
    "oversight": {"statement": "what the commission decided"},
    "witness": {
        "witness": "logs seen, alarms",
        "counts": "numbers of logs and epochs",
        "policy": "whom a person may trust",
    },
}
"""Everything that anybody may read, by room."""

POSTS: Mapping[str, Mapping[str, str]] = {"witness": {"add-checkpoint": "a log asks to be cosigned"}}
"""Everything that anybody may bring, by room."""

PAGES: Mapping[str, str] = {
    "counter.pages": For.DISCLOSURE,
    "exchange.desk": "the clerk's desk: the office's own questions and answers",
    "exchange.desk_ask": "the clerk's desk",
    "exchange.desk_approvals": "the clerk's desk",
    "exchange.desk_corrections": For.CORRECTION,
    "exchange.desk_inquiries": "the clerk's desk",
    "exchange.desk_reconciling": For.RECONCILIATION,
    "exchange.office": "the office's own systems",
    "oversight.pages": For.OVERSIGHT,
    "oversight.pages_alarms": For.RECONCILIATION,
    "oversight.pages_counts": For.OVERSIGHT,
    "oversight.pages_epochs": For.COMPLETENESS,
    "oversight.pages_withheld": For.WITHHOLDING,
    "portal.pages": For.DISCLOSURE,
    "portal.pages_correction": For.CORRECTION,
    "portal.pages_files": For.DISCLOSURE,
    "portal.pages_map": "the map of the nation: counts",
}
"""Every module that has pages or an interface of an office."""


class Doors:
    """The doors of all institutions as they were opened, by institution, with the rooms behind them."""

    def __init__(self) -> None:
        self.rooms: dict[str, list] = {}

    def watched(self, institution, rooms, own) -> Door:
        self.rooms[institution.settings.id] = [*rooms, host.Room("node", open=own)]
        return Door(institution, rooms, own)

    def paths(self, plane: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for rooms in self.rooms.values():
            for room in rooms:
                if getattr(room, plane):
                    found.setdefault(room.name, set()).update(getattr(room, plane))
        return found


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All institutions opened in this process, with nobody living in the nation yet; then closed again."""
    places, seen = Places(tmp_path_factory.mktemp("doors")), Doors()
    server = EmbeddedPostgres(places.postgres)
    nodes = {"all": institution_ids()}

    async def open_and_close() -> None:
        await found(places, server, nodes, dict(zip(nodes, free_ports(1), strict=True)))
        async with host.hosting([load_settings(places.runtime(name)) for name in institution_ids()]):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host, "Door", seen.watched)
        try:
            asyncio.run(open_and_close())
        finally:
            server.stop()
    yield seen


def named(lists: Mapping[str, Mapping[str, str]]) -> dict[str, set[str]]:
    return {room: set(paths) for room, paths in lists.items()}


@pytest.mark.nation
def test_every_desk_of_every_institution_is_known_with_its_purpose(doors: Doors):
    assert set(doors.rooms) == set(institution_ids())
    assert doors.paths("exchange") == named(EXCHANGE)


@pytest.mark.nation
def test_everything_open_to_anybody_is_known_with_its_purpose(doors: Doors):
    assert doors.paths("open") == named(OPEN)
    assert doors.paths("posts") == named(POSTS)


@pytest.mark.nation
def test_every_page_and_office_interface_is_known_and_none_but_the_citizens_shows_records(doors: Doors):
    assert all(room.pages is None for room in doors.rooms["ledger"])
    modules = {kind.__module__ for kind in _controllers(Controller) if _routes(kind)}
    ours = {one.removeprefix("kumihimo.") for one in modules if one.startswith("kumihimo.")}
    assert ours == set(PAGES)


def _controllers(kind: type[Controller]) -> Iterator[type[Controller]]:
    for below in kind.__subclasses__():
        yield below
        yield from _controllers(below)


def _routes(kind: type[Controller]) -> list[HTTPRouteHandler]:
    return [value for value in vars(kind).values() if isinstance(value, HTTPRouteHandler)]


CURIOUS = tuple(name for name in institution_ids() if name not in {"portal", "ledger"})


def refused(verdict: object) -> ErrorType:
    assert isinstance(verdict, Problem), "somebody was let through"
    return verdict.type


@pytest.mark.nation
@pytest.mark.parametrize("curious", CURIOUS)
async def test_nobody_but_the_disclosure_system_gets_a_persons_records(stage: Stage, curious: str):
    person = stage.someone(CITY, PENSION)
    own = await stage.own_look(person)
    delivery = await stage.collected(own, "portal")
    # Another's slip, stamped and whole, is of no use to whoever brings it.
    assert refused(await stage.answered(delivery, curious, "ledger")) is ErrorType.SIGNATURE_INVALID
    # A slip of one's own to the ledger gets no stamp, and without stamps nothing.
    slip = replace(own.slip, sender=replace(own.slip.sender, institution=curious))
    mine = replace(own, slip=slip, signed=stage.sign(curious, slip_codec.encode(slip)))
    assert refused(await stage.stamped(mine, 1, by=curious)) is ErrorType.NOT_PERMITTED
    forged = delivery_form.write(replace(delivery, slip=mine.signed))
    assert refused(await stage.post(curious, "ledger", "inquire", forged)) is ErrorType.NOT_PERMITTED


@pytest.mark.nation
async def test_an_inquiry_is_no_way_to_records_not_even_for_a_party_to_them(stage: Stage):
    person = stage.someone(CITY, PENSION)
    await stage.ask(person)
    asked = await stage.collected(await stage.slip(person))
    for party in (CITY, PENSION):
        verdict = await stage.answered(asked, party, "ledger")
        assert refused(verdict) in {ErrorType.NOT_PERMITTED, ErrorType.SIGNATURE_INVALID}
    case = stage.case()
    body = replace(case, permission="act/a6-3", information="情報提供等記録", items=("records",))
    assert refused(await stage.ask(person, to="ledger", question=body)) is not ErrorType.UNKNOWN


@pytest.mark.nation
async def test_the_disclosure_system_sees_the_person_it_names_and_nobody_else(stage: Stage):
    one, other = stage.someone(CITY, PENSION), stage.someone(CITY, PENSION)
    given = await stage.ask(one)
    await stage.line(one, given["tx"])
    assert given["tx"] not in {line["asked"]["tx"] for line in await stage.records(other)}
    # Another person's box under this slip opens nothing.
    mine, theirs = await stage.own_look(one), await stage.own_look(other)
    delivery = await stage.collected(mine, "portal")
    mixed = replace(delivery, box=theirs.target_box)
    assert isinstance(await stage.answered(mixed, "portal", "ledger"), Problem)


@pytest.mark.nation
@pytest.mark.parametrize("curious", CURIOUS)
async def test_desks_for_watching_are_for_watchers_and_show_no_person(stage: Stage, curious: str):
    services = set(stage.directory.entries[curious].services)
    for path, watchers in WATCHED.items():
        verdict = await stage.post(curious, "ledger", path, b'{"epoch":1,"index":0}')
        if services & watchers:
            assert not isinstance(verdict, Problem) or verdict.type is not ErrorType.NOT_PERMITTED, path
        else:
            assert refused(verdict) is ErrorType.NOT_PERMITTED, path


WATCHED = {
    "transition": {"witness", "commission"},
    "evidence": {"witness", "commission"},
    "deferrals": {"commission"},
    "deferral-decision": {"commission"},
}


@pytest.mark.nation
async def test_the_ledgers_desks_are_reached_by_signed_messages_only(stage: Stage):
    base = stage.directory.entries["ledger"].base_url
    for path in EXCHANGE["ledger"]:
        raw = await stage.transport.post(f"{base}/x/{path}", {"content-type": "application/json"}, b"{}", 5.0)
        assert isinstance(raw, Raw)
        assert raw.status in {400, 401}
        for address in (f"{base}/o/{path}", f"{base}/{path}", f"{base}/api/{path}"):
            raw = await stage.transport.get(address, {}, 5.0)
            assert isinstance(raw, Raw)
            assert raw.status == 404, address


@pytest.mark.nation
async def test_what_the_ledger_shows_to_anybody_names_nobody(stage: Stage):
    person = stage.someone(CITY, PENSION)
    given = await stage.ask(person)
    label = (
        await stage.nation.rows("ledger", "SELECT label FROM ledger.event WHERE tx = $1", _tx(given["tx"]))
    )[0]["label"]
    for path in OPEN["ledger"]:
        body = await _body(stage, path)
        for secret in (given["tx"], bytes(label).hex(), stage.subject(CITY, person)):
            assert secret.encode() not in body, path
    assert all(isinstance(value, int) for value in json.loads(await _body(stage, "counts")).values())


async def _body(stage: Stage, path: str) -> bytes:
    """What the ledger shows at an open path; the first epoch closes some seconds after the nation opens."""

    async def look() -> bytes | None:
        raw = await stage.transport.get(f"{stage.directory.entries['ledger'].base_url}/o/{path}", {}, 5.0)
        return raw.body if isinstance(raw, Raw) and raw.status == 200 else None

    return await until(look, 30.0)


def _tx(text: object) -> bytes:
    return bytes.fromhex(str(text))


@pytest.mark.nation
@pytest.mark.parametrize("thief", [name for name in institution_ids() if name != "ledger"])
async def test_another_institutions_login_and_keys_open_nothing_at_the_ledger(stage: Stage, thief: str):
    await stage.ask(stage.someone(CITY, PENSION))
    places = stage.nation.places
    own = load_settings(places.runtime(thief)).runtime.database
    there = own.replace(f"/{login(thief)}?", f"/{login('ledger')}?")
    assert there != own
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(there)
    row = (await stage.nation.rows("ledger", "SELECT label, sealed FROM ledger.entry LIMIT 1"))[0]
    assert isinstance(stage.keys["ledger"].vault.open(bytes(row["sealed"]), bytes(row["label"])), bytes)
    assert isinstance(stage.keys[thief].vault.open(bytes(row["sealed"]), bytes(row["label"])), Problem)


@pytest.mark.nation
def test_the_ledgers_keys_are_readable_by_their_owner_only(stage: Stage):
    folder: Path = stage.nation.places.keys("ledger")
    files = [path for path in folder.iterdir() if path.is_file()]
    assert {"ledger.key", "vault.key", "sign.key"} <= {path.name for path in files}
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
