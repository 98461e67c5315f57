"""The books of a nation after a drill: who recorded which exchange, how often, whether all agree."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec
from drill_nation import Lawful

from kumihimo.exchange import stamp_codec
from kumihimo.ledger import chain_head, entry_hash
from kumihimo.log import LogReader, audit
from kumihimo.node import load_keys
from kumihimo.world import Nation, institution_ids


@dataclass(frozen=True)
class Books:
    """Everything the institutions have written down, by institution where several keep the same book.

    `logs` counts each commit among the entries of an institution's audited log; `asked` and `outcomes`
    count by tx what the persons' chains and the deferral set hold.
    """

    logs: Mapping[str, Counter[bytes]]
    stamps: Mapping[str, Mapping[bytes, bytes]]
    inquiries: Mapping[str, Mapping[bytes, str]]
    acquisitions: Mapping[str, Mapping[bytes, int]]
    answers: Mapping[str, Mapping[bytes, str]]
    events: Mapping[bytes, str | None]
    asked: Counter[bytes]
    outcomes: Counter[bytes]


async def settled(nation: Nation, seconds: float = 180.0) -> None:
    """Wait until nothing is under way: no inquiry open, nothing in an outbox (whose leases last 30 s), and
    no record without outcome that has not entered its chain yet (which takes a minute).
    """
    async with asyncio.timeout(seconds):
        while await _under_way(nation):  # noqa: ASYNC110 nobody announces that
            await asyncio.sleep(0.25)


async def _under_way(nation: Nation) -> bool:
    for name in gateways():
        rows = await nation.rows(
            name,
            "SELECT (SELECT count(*) FROM exchange.inquiry WHERE state = 'open')"
            " + (SELECT count(*) FROM node.outbox) AS waiting,"
            " (SELECT count(*) FROM node.outbox WHERE parked_at IS NOT NULL) AS parked",
        )
        assert rows[0]["parked"] == 0, f"{name} has given up telling something"
        if rows[0]["waiting"]:
            return True
    return bool(await nation.rows("ledger", "SELECT 1 FROM ledger.event WHERE state = 'open' LIMIT 1"))


def gateways() -> tuple[str, ...]:
    """The institutions that ask or answer."""
    none = {"digital", "jlis", "ledger", "numbering", "ppc", "univ", "bar"}
    return tuple(name for name in institution_ids() if name not in none)


async def read_books(nation: Nation) -> Books:
    """Read all books, verifying every log and every person's chain on the way."""
    logs: dict[str, Counter[bytes]] = {}
    for name in (*gateways(), "digital", "jlis"):
        logs[name] = await _commits(nation, name)
    stamps = {name: await _stamps(nation, name) for name in ("digital", "jlis")}
    inquiries, acquisitions, answers = {}, {}, {}
    for name in gateways():
        rows = await nation.rows(name, "SELECT tx, state FROM exchange.inquiry")
        inquiries[name] = {bytes(row["tx"]): row["state"] for row in rows}
        rows = await nation.rows(name, "SELECT tx, codes FROM exchange.acquisition")
        acquisitions[name] = {bytes(row["tx"]): row["codes"] for row in rows}
        rows = await nation.rows(name, "SELECT tx, outcome FROM exchange.answer")
        answers[name] = {bytes(row["tx"]): row["outcome"] for row in rows}
    rows = await nation.rows("ledger", "SELECT tx, outcome FROM ledger.event")
    events = {bytes(row["tx"]): row["outcome"] for row in rows}
    return Books(logs, stamps, inquiries, acquisitions, answers, events, *await _chains(nation))


async def _commits(nation: Nation, name: str) -> Counter[bytes]:
    verifier = load_keys(nation.places.keys(name), name).note.verifier
    conn = await asyncpg.connect(nation.server.owner_of(name))
    try:
        checkpoint, _ = await audit(conn, verifier)
        entries = await LogReader.entries(conn, 0, checkpoint.size)
    finally:
        await conn.close()
    assert len(entries) == checkpoint.size
    return Counter(msgspec.json.decode(entry, type=_Event).commit for entry in entries)


class _Event(msgspec.Struct):
    commit: bytes


async def _stamps(nation: Nation, operator: str) -> Mapping[bytes, bytes]:
    """Each stamped tx with the commit on its stamp."""
    rows = await nation.rows(operator, "SELECT tx, body FROM exchange.stamp")
    stamps = {bytes(row["tx"]): stamp_codec.decode(bytes(row["body"])) for row in rows}
    assert all(stamp.tx == tx for tx, stamp in stamps.items())
    return {tx: stamp.commit for tx, stamp in stamps.items()}


async def _chains(nation: Nation) -> tuple[Counter[bytes], Counter[bytes]]:
    """Verify every person's chain against its entries and its head; count what was asked and how it ended."""
    vault = load_keys(nation.places.keys("ledger"), "ledger").vault
    persons = await nation.rows("ledger", "SELECT label, count, head FROM ledger.person")
    rows = await nation.rows(
        "ledger", "SELECT label, n, kind, tx, hash, sealed FROM ledger.entry ORDER BY label, n"
    )
    chains: dict[bytes, list[asyncpg.Record]] = {bytes(person["label"]): [] for person in persons}
    for row in rows:
        chains[bytes(row["label"])].append(row)
    for person in persons:
        chain = chains[bytes(person["label"])]
        assert [row["n"] for row in chain] == list(range(1, person["count"] + 1))
        assert chain_head(bytes(row["hash"]) for row in chain) == person["head"]
    for row in rows:
        plain = vault.open(bytes(row["sealed"]), bytes(row["label"]))
        assert isinstance(plain, bytes)
        assert entry_hash(plain) == row["hash"]
        assert msgspec.json.decode(plain)["tx"] == row["tx"].hex()
    asked = Counter(bytes(row["tx"]) for row in rows if row["kind"] in {"asked", "released"})
    told = Counter(bytes(row["tx"]) for row in rows if row["kind"] == "outcome")
    query = "SELECT tx, told IS NOT NULL AS told FROM ledger.event WHERE state = 'deferred'"
    for row in await nation.rows("ledger", query):  # withheld by law: its entries wait with the event
        asked[bytes(row["tx"])] += 1
        told[bytes(row["tx"])] += row["told"]
    return asked, +told


def check_acknowledged(books: Books, acknowledged: Mapping[str, Lawful]) -> None:
    """Every acknowledged exchange stands in every book exactly once, under one commit."""
    for name, question in acknowledged.items():
        tx = bytes.fromhex(name)
        commit = books.stamps["digital"].get(tx)
        assert commit is not None, f"{name}: operator 1 has no stamp"
        assert books.stamps["jlis"].get(tx) == commit, f"{name}: operator 2 has another stamp, or none"
        for keeper in ("digital", "jlis", question.inquirer, question.provider):
            assert books.logs[keeper][commit] == 1, (
                f"{name}: {books.logs[keeper][commit]} × in log of {keeper}"
            )
        assert books.inquiries[question.inquirer][tx] in {"provided", "refused", "pending"}, name
        assert tx in books.answers[question.provider], f"{name}: the provider has no answer"
        assert tx in books.events, f"{name}: not in the ledger"
        assert books.asked[tx] == 1, f"{name}: {books.asked[tx]} × on the person"
        assert books.outcomes[tx] == 1, f"{name}: {books.outcomes[tx]} outcomes on the person"


def check_order(books: Books) -> None:
    """Nothing is in any log twice, and nothing was done by a desk that the desks before it do not know.

    inquirer ⊇ operator 1 ⊇ operator 2 ⊇ ledger ⊇ provider: no answer without a record.
    """
    for name, log in books.logs.items():
        doubled = [commit.hex() for commit, count in log.items() if count > 1]
        assert not doubled, f"twice in the log of {name}: {doubled}"
    acquired = _union(books.acquisitions)
    inquired, answered = _union(books.inquiries), _union(books.answers)
    first, second = (books.stamps[operator].keys() - acquired for operator in ("digital", "jlis"))
    recorded = books.asked.keys()
    assert inquired >= first >= second >= recorded >= answered >= books.outcomes.keys()
    assert recorded == books.events.keys()
    assert max(books.asked.values()) == 1
    for operator, stamps in books.stamps.items():
        assert Counter(stamps.values()) == books.logs[operator], f"stamps and log of {operator} differ"


def _union(parts: Mapping[str, Mapping[bytes, object]]) -> set[bytes]:
    every: Sequence[bytes] = [tx for part in parts.values() for tx in part]
    assert len(set(every)) == len(every), "a tx stands at two institutions on the same side"
    return set(every)
