"""P-11: whoever steals the databases of any two institutions finds no key that joins their people.

All pairs of institutions are compared value by value, after every lawful question was asked. What two
databases may share: what is published anyway (the program with its data, the law, the directory), dates, the
names of the exchanges that took place between these two, and attributes of people that the law has both keep.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations, product
from math import sqrt
from statistics import correlation

import pytest
from stolen_nation import Robbed, spread

pytestmark = pytest.mark.nation

SHORTEST = 8  # bytes: what is shorter identifies nobody by itself
DATE = re.compile(rb"\d{4}-\d{2}-\d{2}")
ATTRIBUTES = frozenset(
    {
        "health.dependant.name",
        "justice.authority.other_name",
        "justice.marriage.other_name",
        "justice.record.head",
        "justice.record.kana",
        "justice.record.name",
        "justice.relation.other_name",
        "municipality.assistance_member.name",
        "municipality.child_allowance_share.name",
        "municipality.child_rearing_child.name",
        "register.resident.address",
        "register.resident.kana",
        "register.resident.name",
        "register.resident.next_address",
        "register.resident.previous_address",
    }
)
"""Names and addresses that two registers keep of the same person, each by its own law."""
PUBLIC = frozenset(
    {"log.tile.hashes", "log.head.note", "log.cosigned.note", "witness.log.note", "witness.log.root"}
)
"""Both operators log the same exchanges, so their hashes agree; witnesses keep the checkpoints of others.

Hash tiles and checkpoints are public and name nobody.
"""
type Loot = Mapping[bytes, set[str]]


def loot(robbed: Robbed, institution: str) -> Loot:
    """The values in a database, also those packed in others, with the columns in which they stand."""
    found: dict[bytes, set[str]] = defaultdict(set)
    for table in robbed.databases[institution]:
        for column, value in table.values():
            for part in spread(value):
                if len(part) >= SHORTEST:
                    found[part].add(column)
    return found


def is_moment(value: bytes) -> bool:
    """Whether a value is a time of this very day in Unix milliseconds: two things may happen at once."""
    return value.isdigit() and abs(int(value) - time.time() * 1000) < 86_400_000


def exchange_names(robbed: Robbed) -> Mapping[bytes, list[frozenset[str]]]:
    """Everything the operators' stamps say, with the institutions between which that exchange took place."""
    parties = dict(_parties(robbed))
    names: dict[bytes, list[frozenset[str]]] = defaultdict(list)
    for operator in ("digital", "jlis"):
        stamps = robbed.table(operator, "exchange.stamp")
        assert stamps is not None
        for row, tx in zip(stamps.rows, stamps.column("tx"), strict=True):
            for value in row:
                for part in spread(value):
                    names[part].append(parties[tx])
    return names


def _parties(robbed: Robbed) -> Iterator[tuple[object, frozenset[str]]]:
    """Who took part in which exchange, by its tx."""
    operators = {"digital", "jlis"}
    for inquirer in robbed.databases:
        asked = robbed.table(inquirer, "exchange.inquiry")
        for tx, provider in zip(asked.column("tx"), asked.column("provider"), strict=True) if asked else ():
            yield tx, frozenset({inquirer, str(provider), "ledger", *operators})
    looks = robbed.table("numbering", "numbering.look")
    assert looks is not None
    for tx, requester, recipient in zip(*map(looks.column, ("tx", "requester", "recipient")), strict=True):
        yield tx, frozenset({"numbering", str(requester), str(recipient), *operators})


def test_p11_two_stolen_databases_share_no_identifier(robbed: Robbed) -> None:
    everything = {name: loot(robbed, name) for name in robbed.databases}
    names = exchange_names(robbed)
    is_published = cache(robbed.published.__contains__)
    compared = 0
    for one, other in combinations(everything, 2):
        mine, theirs = everything[one], everything[other]
        for value in mine.keys() & theirs.keys():
            compared += 1
            if any({one, other} <= parties for parties in names.get(value, ())):
                continue
            if DATE.fullmatch(value) or is_published(value) or is_moment(value):
                continue
            columns = mine[value] | theirs[value]
            assert columns <= ATTRIBUTES | PUBLIC, f"{one} and {other} share {value!r} in {sorted(columns)}"
    assert compared > 1000


def test_p11_no_number_or_code_of_one_institution_stands_anywhere_at_another(robbed: Robbed) -> None:
    for institution, tables in robbed.databases.items():
        parts = [part for table in tables for _, value in table.values() for part in spread(value)]
        haystack = b"\0".join(parts)
        runs = re.findall(rb"\d{11,}", haystack)
        digits = {
            run[at : at + size].decode() for run in runs for size in (11, 12, 15) for at in range(len(run))
        }
        for person in robbed.population.persons:
            assert person.number.reveal() not in digits, f"an individual number at {institution}"
            assert person.resident_code.reveal() not in digits, f"a resident code at {institution}"
        for owner, subjects in robbed.cast.items():
            own = owner == institution
            assert own == bool(digits & set(subjects.values())), f"numbers of {owner} at {institution}"
            assert own == any(code in haystack for code in robbed.codes(owner).values()), (
                f"codes of {owner} at {institution}"
            )


def test_p11_no_table_names_an_exchange_and_a_person_together(robbed: Robbed) -> None:
    seen = 0
    for institution, tables in robbed.databases.items():
        subjects = {subject.encode() for subject in robbed.cast.get(institution, {}).values()}
        codes = set(robbed.codes(institution).values())
        for table in tables:
            if "tx" in table.columns and table.rows:
                seen += 1
                parts = {part for _, value in table.values() for part in spread(value)}
                haystack = b"\0".join(parts)
                assert not parts & subjects and not parts & codes, table.name
                assert not any(one in haystack for one in subjects | codes), table.name
    assert seen > 20


def positions(robbed: Robbed, institution: str, home: str) -> Iterator[tuple[str, Mapping[int, int]]]:
    """Where the people of one municipality lie in each table that has one row for each person."""
    own = {subject: index for index, subject in robbed.cast[institution].items()}
    for table in robbed.databases[institution]:
        if "subject" in table.columns:
            people = [own[str(subject)] for subject in table.column("subject")]
            if len(set(people)) == len(people):
                yield (
                    f"{institution} {table.name}",
                    {person: at for at, person in enumerate(people) if robbed.home(person) == home},
                )


def test_p11_the_order_in_which_rows_lie_joins_nobody(robbed: Robbed) -> None:
    compared = 0
    for home in ("131016", "271004"):
        lying = {name: list(positions(robbed, name, home)) for name in robbed.cast}
        for one, other in combinations(lying, 2):
            for (mine, places), (theirs, others) in product(lying[one], lying[other]):
                both = sorted(places.keys() & others.keys())
                if len(both) >= 15:
                    compared += 1
                    alike = correlation(
                        [places[person] for person in both], [others[person] for person in both]
                    )
                    assert abs(alike) * sqrt(len(both) - 1) < 5, f"{mine} and {theirs} lie in the same order"
    assert compared > 20
