"""The commission at work: compares the logs of all once a day and when asked, and hears the answers.

A comparison that was cut off is begun again at the next opening; what it had read and judged stays.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta

import msgspec

from kumihimo.base import JST, ErrorType, Problem
from kumihimo.exchange import COMMISSION, PASSING, notice_answer_form, notices_form
from kumihimo.node import DirectoryIncompleteError, Entry, Institution, OutboxRow
from kumihimo.oversight import alarms_store, store
from kumihimo.oversight.collecting import Collector, Logs, WriteDown
from kumihimo.oversight.entries import UNREADABLE
from kumihimo.oversight.network import NetworkLogs
from kumihimo.oversight.reconciling import SETTLE_SECONDS, Network
from kumihimo.oversight.runs import Outcome, Reconciliation
from kumihimo.oversight.store import NOTICE, Books, Statement, Writing
from kumihimo.oversight.withheld import Listed, list_withheld

ROOM = "oversight"
RECONCILE_AT = "03:00"
UNREAD_HOURS = 24
_LOOK = 30.0  # seconds between looks at the clock


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison of all logs: when it ran and what it found; `finished_at` is null while it runs."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome


@dataclass(slots=True)
class Commission:
    """The commission's work on the records of exchange."""

    institution: Institution
    network: NetworkLogs
    write: WriteDown
    logs: Logs
    _running: asyncio.Task[None] | None = None
    _progress: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @classmethod
    def of(cls, institution: Institution) -> "Commission":
        """Name the commission's jobs at its journal and outbox."""
        books = Books(institution.outbox)
        network = NetworkLogs(institution)
        commission = cls(institution, network, institution.journal.register(ROOM, books.apply), network)
        institution.outbox.register(NOTICE, commission.tell)
        return commission

    @property
    def running(self) -> bool:
        """Whether logs are being compared now."""
        return self._running is not None and not self._running.done()

    def begin(self) -> bool:
        """Begin a comparison; False when one runs already."""
        if self.running:
            return False
        self._running = asyncio.create_task(self._reconcile(), name="reconciliation")
        self._running.add_done_callback(self._ended)
        return True

    def _ended(self, task: "asyncio.Task[None]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self.institution.logger.error("comparison failed", fault=type(fault).__name__)

    async def close(self) -> None:
        """Stop; what was read and judged stays."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.network.transport.close()

    async def watch(self) -> None:
        """Go until cancelled: compare every day at the appointed hour, and at once what was cut off."""
        appointed = time.fromisoformat(
            str(self.institution.settings.option(ROOM, "reconcile_at", RECONCILE_AT))
        )
        since = self.institution.clock()
        while True:
            try:
                last = await self.last()
            except PASSING as fault:
                self.institution.logger.warning("comparison waits", fault=type(fault).__name__)
                last = None
            began = last.started_at if last else since
            cut_off = last is not None and last.finished_at is None and not self.running
            if cut_off or self.institution.clock() >= next_after(began, appointed):
                self.begin()
            await asyncio.sleep(_LOOK)

    async def last(self) -> Run | None:
        """The newest comparison."""
        async with self.institution.db.read() as conn:
            row = await conn.fetchrow("SELECT * FROM oversight.run ORDER BY id DESC LIMIT 1")
        if row is None:
            return None
        counts = {name: row[name] for name in Outcome.__slots__ if name != "away"}
        return Run(
            row["id"], row["started_at"], row["finished_at"], Outcome(**counts, away=tuple(row["away"]))
        )

    async def _reconcile(self) -> None:
        try:
            network = self._network()
            number = await self._begun()
            collector = self._collector(network)
            self._progress = collector.progress
            option = self.institution.settings.option
            settle = int(option(ROOM, "settle_seconds", SETTLE_SECONDS))
            unread = timedelta(hours=int(option(ROOM, "unread_hours", UNREAD_HOURS)))
            found = await Reconciliation(collector, network, settle, unread).run()
            await list_withheld(collector, self._deferrals)
            await self.write(Writing((_finished(number, found, self.institution.clock()),)))
        except (*PASSING, DirectoryIncompleteError) as fault:
            self.institution.logger.warning("comparison cut off", fault=type(fault).__name__)

    def _network(self) -> Network:
        directory = self.institution.directory.current
        return Network(directory.operator(1).id, directory.operator(2).id, directory.service("ledger").id)

    def _collector(self, network: Network) -> Collector:
        here = self.institution
        operator, ledger = network.operator_1, network.ledger
        return Collector(self.logs, here.db, self.write, here.clock, operator, ledger, turns=self._turns)

    async def withheld(self) -> Listed | Problem:
        """All that is withheld now, checked against the ledger's newest epoch."""
        return await list_withheld(self._collector(self._network()), self._deferrals)

    async def _deferrals(self) -> bytes | Problem:
        ledger = self.institution.directory.current.service("ledger").id
        return await self.network.ask(ledger, "deferrals", {})

    async def _begun(self) -> int:
        statement = Statement(
            "INSERT INTO oversight.run (started_at) VALUES ($1) RETURNING id", (self.institution.clock(),)
        )
        return int((await self.write(Writing((statement,))))[0]["id"])

    async def tell(self, rows: Sequence[OutboxRow]) -> Sequence[Problem | None]:
        """Bring notices to their institutions, and note who has taken them."""
        return await asyncio.gather(*(self._tell(row) for row in rows))

    async def _tell(self, row: OutboxRow) -> Problem | None:
        taken = await self.network.notify(row.key, row.payload)
        if isinstance(taken, Problem):
            # Who has no desk for notices is told otherwise; the alarm says that this one was not delivered.
            return None if taken.type is ErrorType.NOT_FOUND else taken
        notices = notices_form.read(row.payload)
        assert not isinstance(notices, Problem)
        await self.write(alarms_store.told(row.key, notices, self.institution.clock()))
        return None

    async def answered(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """Hear what an institution says to a notice that was sent to it."""
        said = notice_answer_form.read(body)
        if isinstance(said, Problem) or sender is None:
            return said if isinstance(said, Problem) else Problem(ErrorType.UNAUTHENTICATED)
        now = self.institution.clock()
        rows = await self.write(alarms_store.answered(sender.id, said.id, said.answer, now))
        if not rows:
            return Problem(ErrorType.NOT_FOUND, detail="no such notice was sent to this institution")
        return b"{}"

    async def asked(self, body: bytes, sender: Entry | None) -> bytes | Problem:
        """`x/reconcile` {"start": bool}: its own people begin a comparison, or ask how it stands."""
        if sender is None or COMMISSION not in sender.services:
            return Problem(ErrorType.NOT_PERMITTED, detail="only the commission compares the logs")
        try:
            start = msgspec.json.decode(body, type=dict[str, bool]).get("start", False)
        except UNREADABLE:
            return Problem(ErrorType.MALFORMED, detail="reconcile takes whether to start")
        began = start and self.begin()
        return msgspec.json.encode({"began": began, **await self.standing()})

    async def standing(self) -> dict[str, object]:
        """How the comparison stands: counts, and the logs; no person stands in any of it."""
        async with self.institution.db.read() as conn:
            readings = await store.readings(conn)
            alarms = await alarms_store.open_counts(conn)
        last = await self.last()
        return {
            "running": self.running,
            "progress": {log: list(reached) for log, reached in self._progress.items()},
            "run": last.id if last else 0,
            "finished": last is not None and last.finished_at is not None,
            "outcome": asdict(last.outcome) if last else asdict(Outcome()),
            "logs": {log: {"size": one.edge.size, "problem": one.problem} for log, one in readings.items()},
            "alarms": [{"kind": kind, "owner": owner, "open": n} for (kind, owner), n in alarms.items()],
        }


def next_after(began: datetime, appointed: time) -> datetime:
    """The next moment of the appointed hour (Japan time) after a comparison began."""
    local = began.astimezone(JST)
    same_day = local.replace(hour=appointed.hour, minute=appointed.minute, second=0, microsecond=0)
    return same_day if same_day > local else same_day + timedelta(days=1)


def _finished(number: int, found: Outcome, now: datetime) -> Statement:
    return Statement(
        "UPDATE oversight.run SET finished_at = $2, entries = $3, complete = $4, abandoned = $5, "
        "unstamped = $6, waiting = $7, raised = $8, closed = $9, away = $10 WHERE id = $1",
        (
            number,
            now,
            found.entries,
            found.complete,
            found.abandoned,
            found.unstamped,
            found.waiting,
            found.raised,
            found.closed,
            list(found.away),
        ),
    )
