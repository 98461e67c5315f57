"""Institutions of a running nation, in whose names a test may send anything over real HTTP."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import cycle

import asyncpg
import pytest
from exchange_parties import CITY, PENSION, PENSIONS, Network, Papers

from kumihimo.base import JST, Problem, system_clock
from kumihimo.codes import InstitutionCode, OperatorKey
from kumihimo.exchange import (
    DISCLOSE_RIGHT,
    OWN_RECORDS,
    AnswerEnvelope,
    Delivery,
    Signed,
    answer_codec,
    answer_form,
    delivery_form,
    digest,
    layouts,
    signed_form,
    stamp_request,
)
from kumihimo.exchange.envelopes import StampRequest
from kumihimo.exchange.receiving import ANSWER_BOX
from kumihimo.law import law
from kumihimo.log import LogReader
from kumihimo.messages import http
from kumihimo.node import Directory, Oversight, load_keys
from kumihimo.node.transport import Raw, Transport
from kumihimo.world import Case, Nation, cases, institution_ids, load_cast, publish, served_directory
from kumihimo.world.founding import OPERATORS, current_directory
from kumihimo.world.people import generate

OFFICE = "子育て支援課"


def today() -> date:
    return system_clock().astimezone(JST).date()


@dataclass
class Stage(Network):
    """A running nation seen by the stage manager: everybody's keys, everybody's cast."""

    nation: Nation = field(kw_only=True)
    cast: Mapping[str, Mapping[int, str]] = field(kw_only=True)
    flagged: Mapping[str, frozenset[str]] = field(kw_only=True)
    _people: dict[tuple[str, ...], Iterator[int]] = field(default_factory=dict)
    transport: Transport = field(default_factory=Transport)

    def someone(self, *known_to: str) -> int:
        """Another person whom all of these know and nobody has flagged (again from the first at the end)."""
        if known_to not in self._people:
            common = set.intersection(*(set(self.cast[one]) for one in (*known_to, "portal")))
            plain = [i for i in sorted(common) if not any(self.is_flagged(one, i) for one in known_to)]
            assert plain, f"nobody is known to {known_to}"
            self._people[known_to] = cycle(plain)
        return next(self._people[known_to])

    def is_flagged(self, institution: str, person: int) -> bool:
        return self.cast[institution].get(person, "") in self.flagged.get(institution, ())

    def case(
        self, inquirer: str = CITY, to: str = PENSION, information: str = PENSIONS, item: str | None = None
    ) -> Case:
        """A lawful question, the one that lets ask the most items."""
        found = [one for one in self.cases(inquirer, to, information) if item is None or item in one.items]
        return max(found, key=lambda one: len(one.items))

    def cases(self, inquirer: str, to: str, information: str) -> list[Case]:
        entries = self.directory.entries
        return list(cases(law(), layouts(), entries[inquirer], entries[to], information, today()))

    async def code_of(self, institution: str, person: int) -> InstitutionCode:
        rows = await self.nation.rows(
            institution,
            "SELECT code FROM exchange.person_code WHERE subject = $1",
            self.subject(institution, person),
        )
        return InstitutionCode.parse(bytes(rows[0]["code"]))

    def subject(self, institution: str, person: int) -> str:
        return self.cast[institution][person]

    async def slip(self, person: int, inquirer: str = CITY, to: str = PENSION, **changes: object) -> Papers:
        """A lawful slip about a person, dated now."""
        question = changes.pop("question", None) or self.case(inquirer, to)
        assert isinstance(question, Case)
        code = await self.code_of(inquirer, person)
        return self.papers(code, question, inquirer=inquirer, to=to, at=system_clock(), **changes)

    async def raw(
        self,
        by: str,
        to: str,
        path: str,
        body: bytes,
        *,
        change: Callable[[dict[str, str]], object] = lambda headers: None,
        shift: int = 0,
        sent: bytes | None = None,
        keyid: str = "",
        at: str = "",
    ) -> Raw:
        """Send a signed message and take whatever comes; `change`, `shift`, `sent`, `at` spoil it."""
        uri = f"{self.directory.entries[to].base_url}/x/{path}"
        created = int(time.time()) + shift
        headers = http.sign_request(
            method="POST",
            target_uri=uri,
            body=body,
            content_type="application/json",
            key=self.keys[by].sign,
            keyid=keyid or by,
            nonce=os.urandom(16).hex(),
            created=created,
            expires=created + 60,
        )
        change(headers)
        raw = await self.transport.post(at or uri, headers, body if sent is None else sent, 20.0)
        assert isinstance(raw, Raw), raw
        signature = http.signature_of(headers)
        problem = http.verify_response(
            status=raw.status,
            headers=raw.headers,
            body=raw.body,
            request_signature=signature,
            key=self.directory.entries[to].sign_key,
            keyid=to,
            now=int(time.time()),
        )
        assert problem is None or not signature, "every answer is signed, refusals too"
        return raw

    async def post(self, by: str, to: str, path: str, body: bytes, **spoilt: object) -> bytes | Problem:
        """Send a signed message; the body of the answer, or the refusal."""
        raw = await self.raw(by, to, path, body, **spoilt)
        return raw.body if raw.status == 200 else Problem.from_document(json.loads(raw.body))

    async def stamped(
        self, papers: Papers, number: int, first: Signed | None = None, by: str = CITY
    ) -> Signed | Problem:
        body = stamp_request.write(StampRequest(slip=papers.signed, first=first))
        return self._signed(await self.post(by, OPERATORS[number], "stamp", body))

    async def collected(self, papers: Papers, by: str = CITY) -> Delivery:
        """The slip with both stamps and the box for its target."""
        first = await self.stamped(papers, 1, by=by)
        assert isinstance(first, Signed), first
        second = await self.stamped(papers, 2, first, by=by)
        assert isinstance(second, Signed), second
        return Delivery(slip=papers.signed, first=first, second=second, box=papers.target_box)

    async def recorded(self, papers: Papers, delivery: Delivery, by: str = CITY) -> Signed | Problem:
        desk = Delivery(
            slip=papers.signed, first=delivery.first, second=delivery.second, box=papers.ledger_box
        )
        return self._signed(await self.post(by, "ledger", "record", delivery_form.write(desk)))

    async def ready(self, papers: Papers, by: str = CITY) -> Delivery:
        """The delivery for the provider, stamped and on record."""
        delivery = await self.collected(papers, by)
        receipt = await self.recorded(papers, delivery, by)
        assert isinstance(receipt, Signed), receipt
        return Delivery(
            slip=papers.signed,
            first=delivery.first,
            second=delivery.second,
            box=papers.target_box,
            receipt=receipt,
        )

    async def answered(
        self, delivery: Delivery, by: str = CITY, to: str = PENSION
    ) -> AnswerEnvelope | Problem:
        body = await self.post(by, to, "inquire", delivery_form.write(delivery))
        return body if isinstance(body, Problem) else answer_form.read(body)

    def _signed(self, body: bytes | Problem) -> Signed | Problem:
        return body if isinstance(body, Problem) else signed_form.read(body)

    @asynccontextmanager
    async def office(self, institution: str) -> AsyncIterator[object]:
        office = self.nation.office(institution)
        try:
            yield office
        finally:
            await office.close()

    async def ask(
        self, person: int, inquirer: str = CITY, to: str = PENSION, **more: object
    ) -> Mapping[str, object] | Problem:
        """Ask through the inquirer's office API."""
        question = more.pop("question", None) or self.case(inquirer, to)
        assert isinstance(question, Case)
        body = {
            "subject": self.subject(inquirer, person),
            "to": to,
            "permission": question.permission,
            "information": question.information,
            "items": question.items,
            "piece": question.piece,
            "office": OFFICE,
            **more,
        }
        async with self.office(inquirer) as office:
            return await office.post("inquiries", body)

    async def records(self, person: int) -> list[Mapping[str, dict[str, object]]]:
        """What the person sees of their own record, by the disclosure system."""
        return (await self.disclosed(person))["records"]

    async def disclosed(self, person: int, *items: str) -> Mapping[str, object]:
        """What the ledger discloses to a person of themselves: their records, or the named items."""
        papers = await self.own_look(person, items=items or ("records",))
        envelope = await self.answered(await self.collected(papers, "portal"), "portal", "ledger")
        assert isinstance(envelope, AnswerEnvelope), envelope
        assert envelope.sealed is not None
        opened = self.keys["portal"].box.open(
            envelope.sealed, info=ANSWER_BOX, aad=digest(papers.signed.body)
        )
        assert isinstance(opened, bytes), opened
        return json.loads(opened)

    async def own_look(
        self, person: int, *, items: tuple[str, ...] = ("records",), **changes: object
    ) -> Papers:
        """The disclosure system's slip about a person's own records."""
        question = Case(DISCLOSE_RIGHT, OWN_RECORDS, None, items)
        code = await self.code_of("portal", person)
        given = {"inquirer": "portal", "to": "ledger", "at": system_clock(), **changes}
        return self.papers(code, question, **given)

    async def line(self, person: int, tx: str) -> Mapping[str, dict[str, object]]:
        """The line of one exchange in the person's record, once its outcome is known there."""

        async def look() -> Mapping[str, dict[str, object]] | None:
            return next((one for one in await self.records(person) if one["asked"]["tx"] == tx), None)

        return await until(look)

    async def counts(self) -> Mapping[str, int]:
        raw = await self.transport.get(self.directory.entries["ledger"].base_url + "/o/counts", {}, 5.0)
        assert isinstance(raw, Raw), raw
        return json.loads(raw.body)

    async def counted(self) -> Mapping[str, int]:
        """The counts, once a closed epoch holds all that is withheld now."""

        async def calm() -> bool:
            query = "SELECT 1 FROM ledger.deferred WHERE entered IS NULL OR (released AND gone IS NULL)"
            return not await self.nation.rows("ledger", query)

        await until(calm, 40)
        return await self.counts()

    async def write(self, institution: str, statement: str, *arguments: object) -> str:
        """Change an institution's tables as its keepers would."""
        conn = await asyncpg.connect(self.nation.server.owner_of(institution))
        try:
            return await conn.execute(statement, *arguments)
        finally:
            await conn.close()

    @asynccontextmanager
    async def flag(self, institution: str, person: int, *flags: str, days: int = 30) -> AsyncIterator[date]:
        """A person with flags at an institution, for a while."""
        subject, last = self.subject(institution, person), today() + timedelta(days=days)
        for flag in flags:
            statement = "INSERT INTO exchange.person_flag VALUES ($1, $2, $3, $4)"
            await self.write(institution, statement, subject, flag, "試験の根拠", last)
        try:
            yield last
        finally:
            await self.write(institution, "DELETE FROM exchange.person_flag WHERE subject = $1", subject)

    async def refusals(self, institution: str) -> list[asyncpg.Record]:
        return await self.nation.rows(
            institution, "SELECT slip, sender, type FROM exchange.refusal ORDER BY id"
        )

    async def log_of(self, institution: str) -> list[Mapping[str, object]]:
        """All entries of an institution's log."""
        conn = await asyncpg.connect(self.nation.server.owner_of(institution))
        try:
            entries = await LogReader.entries(conn, 0, await LogReader.size(conn))
        finally:
            await conn.close()
        return [json.loads(entry) for entry in entries]

    @asynccontextmanager
    async def decided(self, change: Callable[[Oversight], Oversight]) -> AsyncIterator[None]:
        """The nation under another statement of the commission, for a while."""
        before = served_directory(self.nation.places)[1]
        await self._publish(change(before))
        try:
            yield
        finally:
            now = served_directory(self.nation.places)[1]
            await self._publish(replace(before, serial=now.serial + 1, issued=system_clock()))

    async def _publish(self, statement: Oversight) -> None:
        serial = served_directory(self.nation.places)[0] + 1
        publish(self.nation.places, serial, statement)

        async def everywhere() -> bool:
            for entry in self.directory.entries.values():
                raw = await self.transport.get(entry.base_url + "/o/health", {}, 5.0)
                if not isinstance(raw, Raw) or json.loads(raw.body)["directory_serial"] < serial:
                    return False
            return True

        assert await until(everywhere)

    def population(self):
        """The residents as they were drawn."""
        return generate(self.nation.charter.residents, self.nation.charter.seed)


async def until[T](look: Callable[[], Awaitable[T | None]], seconds: float = 10.0) -> T:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = await look()
        if seen:
            return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds:.0f} s")


def outcome_of(envelope: AnswerEnvelope) -> tuple[str, str | None]:
    answer = answer_codec.decode(envelope.answer.body)
    return answer.outcome.value, answer.problem


@pytest.fixture(scope="session")
def setting(nation: Nation) -> Stage:
    """The nation's keys and cast, read once."""
    places = nation.places
    keys = {name: load_keys(places.keys(name), name) for name in institution_ids()}
    cast = load_cast(places)

    async def flagged() -> Mapping[str, frozenset[str]]:
        query = "SELECT DISTINCT subject FROM exchange.person_flag"
        found = {name: await nation.rows(name, query) for name in cast}
        return {name: frozenset(row["subject"] for row in rows) for name, rows in found.items()}

    stage_directory = _directory(nation)
    return Stage(
        keys=keys,
        directory=stage_directory,
        operators={n: OperatorKey(n, keys[name].operator) for n, name in OPERATORS.items()},
        nation=nation,
        cast=cast,
        flagged=asyncio.run(flagged()),
    )


def _directory(nation: Nation):
    serial, oversight = served_directory(nation.places)
    now = system_clock()
    return Directory(
        serial=serial,
        issued=now,
        expires=datetime.max.replace(tzinfo=now.tzinfo),
        entries=current_directory(nation.places),
        oversight=oversight,
    )


@pytest.fixture
async def stage(setting: Stage) -> AsyncIterator[Stage]:
    """The nation, with connections of this test's own loop."""
    setting.transport = Transport()
    yield setting
    await setting.transport.close()
