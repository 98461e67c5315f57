"""Settling a nation: synthetic residents enter numbering and every register that lawfully knows them.

Registers are filled by bulk copy, as an installation would migrate its data. Codes are not: every
institution obtains its code for every person through numbering and both operators, with proofs.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from kumihimo.base import JST, Problem
from kumihimo.law import Party, law
from kumihimo.messages import Vault
from kumihimo.node import load_keys, load_settings
from kumihimo.numbering import Numbered, encode, enrol, number_index, read_index_key
from kumihimo.world.cast import save_cast
from kumihimo.world.fill import flags_for, holders, tables_for
from kumihimo.world.founding import Places
from kumihimo.world.office import Office
from kumihimo.world.people import generate
from kumihimo.world.postgres import EmbeddedPostgres
from kumihimo.world.residents import Person, Population

type Progress = Callable[[str, str], None]
"""Told what is going on, in Japanese and English."""

BATCH = 250
FLAG_LIFE = timedelta(days=365)


class SettlementError(Exception):
    """A step of settling was refused; the message carries the problem."""


@dataclass(frozen=True, slots=True)
class Known:
    """One institution's people: its own addressee number for each, by index in the population."""

    institution: str
    subjects: Mapping[int, str]


def draw_subjects(people: Sequence[Person]) -> Mapping[int, str]:
    """Draw a fresh 15-digit addressee number for each person; nothing joins two institutions' numbers."""
    drawn: set[str] = set()
    while len(drawn) < len(people):
        drawn.add(f"{secrets.randbelow(10**15):015d}")
    return {person.index: subject for person, subject in zip(people, drawn, strict=True)}


async def settle(places: Places, server: EmbeddedPostgres, residents: int, seed: int, told: Progress) -> None:
    """Generate residents, enter them everywhere, acquire all codes, and note the cast for demonstrations."""
    told("住民を作っています", "making residents")
    population = generate(residents, seed)
    await _enrol(places, server, population.persons)
    known: list[Known] = []
    for name in sorted(path.name for path in (places.root / "institutions").iterdir()):
        people = holders(name, population)
        if people and name not in ("numbering", "ledger"):
            one = Known(name, draw_subjects(people))
            await _fill(server, one, population)
            known.append(one)
    by_index = {person.index: person for person in population.persons}
    total = sum(len(one.subjects) for one in known)
    done = 0
    for one in known:
        done += await _acquire(places, one, by_index, population)
        told(f"符号を取得しています {done:,} / {total:,}", f"acquiring codes {done:,} / {total:,}")
    save_cast(places, {one.institution: one.subjects for one in known})
    _name_demo_users(places, known, by_index)


def _name_demo_users(places: Places, known: Sequence[Known], people: Mapping[int, Person]) -> None:
    """Tell the portal whom its demonstration sign-in may offer: it holds no names of its own."""
    users = next(one.subjects for one in known if one.institution == "portal")
    names = {subject: people[index].name for index, subject in users.items()}
    file = places.keys("portal") / "demo-users.json"
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(names))


async def _enrol(places: Places, server: EmbeddedPostgres, people: Sequence[Person]) -> None:
    keys = load_keys(places.keys("numbering"), "numbering")
    key = read_index_key(places.keys("numbering"))
    conn = await asyncpg.connect(server.owner_of("numbering"))
    try:
        await enrol(conn, [_numbered(person, key, keys.vault) for person in people])
    finally:
        await conn.close()


def _numbered(person: Person, key: bytes, vault: Vault) -> tuple[bytes, bytes]:
    digits = person.number.reveal()
    index = number_index(key, digits)
    numbered = Numbered(
        number=digits, resident_code=person.resident_code.reveal(), rho=secrets.token_bytes(32)
    )
    return index, vault.seal(encode(numbered), index)


async def _fill(server: EmbeddedPostgres, known: Known, population: Population) -> None:
    until = (datetime.now(UTC).astimezone(JST) + FLAG_LIFE).date()
    conn = await asyncpg.connect(server.owner_of(known.institution))
    try:
        for table, (columns, rows) in tables_for(known.institution, population, known.subjects).items():
            schema, _, name = table.partition(".")
            await conn.copy_records_to_table(
                name, schema_name=schema, columns=columns, records=_in_no_order(rows)
            )
        flags = [
            (known.subjects[person], flag, ground, until)
            for person, flag, ground in flags_for(known.institution, population)
            if person in known.subjects
        ]
        await conn.copy_records_to_table(
            "person_flag",
            schema_name="exchange",
            columns=("subject", "flag", "ground", "until"),
            records=_in_no_order(flags),
        )
    finally:
        await conn.close()


def _in_no_order[R](rows: Sequence[R]) -> Sequence[R]:
    """Rows as they come to lie: the same order in two registers would tell a thief who is who."""
    return secrets.SystemRandom().sample(rows, len(rows))


async def _acquire(places: Places, known: Known, people: Mapping[int, Person], population: Population) -> int:
    """Acquire one institution's codes; a body that names others for it is served by the municipalities."""
    served = bool(load_settings(places.runtime(known.institution)).codes_from)
    requesters: dict[str, list[int]] = {}
    for index in known.subjects:
        home = f"muni-{population.home(people[index]).municipality}"
        through = home if served else known.institution
        requesters.setdefault(through, []).append(index)
    count = 0
    for requester, indexes in requesters.items():
        settings = load_settings(places.runtime(requester))
        affair = _affair(settings.roles, settings.qualifications)
        office = Office.of(settings.base_url, places.keys(requester))
        chunks = [indexes[start : start + BATCH] for start in range(0, len(indexes), BATCH)]
        bodies = [
            {
                "recipient": known.institution,
                "affair": affair,
                "rows": [
                    {"number": people[index].number.reveal(), "reference": known.subjects[index]}
                    for index in chunk
                ],
            }
            for chunk in chunks
        ]
        for pair in (bodies[start : start + 2] for start in range(0, len(bodies), 2)):
            for answer in await asyncio.gather(*(office.post("acquisitions", body) for body in pair)):
                if isinstance(answer, Problem):
                    raise SettlementError(f"{requester} for {known.institution}: {answer}")
                count += answer["codes"]
        await office.close()
    return count


def _affair(roles: Sequence[str], qualifications: Sequence[str]) -> str:
    """An affair of table 1 for which an institution of these roles may use numbers."""
    party = Party(frozenset(roles), frozenset(qualifications))
    affairs = law().may_hold(party, datetime.now(UTC).astimezone(JST).date())
    if not affairs:
        raise SettlementError(f"no affair lets {sorted(roles)} hold numbers")
    return affairs[0].id
