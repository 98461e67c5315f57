"""A ledger on paper: real slips, stamps, proofs, chains and maps in memory, an honest one that can be misled.

`PaperLedger` does what the ledger does, without a database. A faulty ledger is this one with one thing wrong:
either it is told something false (`settle(index, label=…)`), or what it publishes is changed afterwards
(`amend`). `Watcher` is a witness or auditor who sees only what is published.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "exchange"))

from exchange_parties import NOW, Network, Papers, network

from kumihimo.base import Problem
from kumihimo.codes import random_scalar
from kumihimo.codes.group import multiply_base
from kumihimo.exchange import Signed, entry_of, stamp_codec
from kumihimo.exchange.slip import Place
from kumihimo.ledger.deferral import deferral_leaf, deferral_root
from kumihimo.ledger.evidence import Evidence, PublicKeys, judge, make_evidence, trace
from kumihimo.ledger.faults import Discrepancy, Fault
from kumihimo.ledger.material import Material
from kumihimo.ledger.model import (
    EMPTY_HEAD,
    Kind,
    asked_entry,
    decode_entry,
    encode_entry,
    entry_hash,
    label_of,
    next_head,
    released_entry,
)
from kumihimo.ledger.replay import Auditor
from kumihimo.ledger.sampling import sample
from kumihimo.ledger.transition import (
    Deferral,
    EpochRecord,
    Moved,
    Transition,
    decode_transition,
    encode_record,
    encode_transition,
    transition_hash,
)
from kumihimo.ledger.treemap import Leaf, hash_of, sum_of
from kumihimo.ledger.wholemap import WholeMap
from kumihimo.log import Checkpoint, root_of
from kumihimo.node import log_origin

X_ORIGIN = log_origin("digital")
START = int(NOW.timestamp() * 1000)
STEP = 10_000
"""Milliseconds from one epoch to the next."""


@dataclass(frozen=True)
class PaperEvent:
    """One person-event of X as the ledger learnt of it."""

    index: int
    papers: Papers
    first: Signed
    second: Signed
    label: bytes
    commit: bytes
    entry: bytes


@dataclass
class PaperLedger:
    """An honest ledger; what it publishes is in `records` and `transitions`, epoch 1 first."""

    net: Network = field(default_factory=network)
    secret: bytes = field(default_factory=random_scalar)
    depth: int = 4
    now: int = START
    x: list[bytes] = field(default_factory=list)
    events: dict[int, PaperEvent] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)
    void: set[int] = field(default_factory=set)
    deferred: dict[str, Deferral] = field(default_factory=dict)
    salts: dict[int, bytes] = field(default_factory=dict)
    salted: dict[str, int] = field(default_factory=dict)
    chains: dict[bytes, list[tuple[bytes, int]]] = field(default_factory=dict)
    records: list[bytes] = field(default_factory=list)
    transitions: list[bytes] = field(default_factory=list)
    x_sizes: list[int] = field(default_factory=lambda: [0])
    published: dict[bytes, int] = field(default_factory=dict)
    news: dict[str, list] = field(default_factory=lambda: {"settled": [], "deferred": [], "released": []})

    @property
    def public(self) -> PublicKeys:
        points = [self.net.directory.entries["ledger"].commitment(number, 0) for number in (1, 2)]
        assert points[0] and points[1]
        return PublicKeys(key=multiply_base(self.secret), s1=points[0].element, s2=points[1].element)

    def label(self, rho: bytes) -> bytes:
        return label_of(self.secret, self.net.code(rho, "ledger"))

    def ask(self, rho: bytes, **changes: object) -> int:
        """The city asks about a person; operator 1 logs it, and the ledger holds it open."""
        return self._take(self.net.ask(rho, **changes), self.label(rho), Kind.ASKED)

    def look(self, rho: bytes) -> int:
        """The person looks at their own records, which is an event too."""
        return self._take(self.net.look_at_own_records(rho), self.label(rho), Kind.DISCLOSED)

    def _take(self, papers: Papers, label: bytes, kind: Kind) -> int:
        index = len(self.x)
        commit = self.net.accepted(papers).commit
        first = self.net.stamp(1, papers, log=Place(origin=X_ORIGIN, index=index))
        second = self.net.stamp(2, papers, first)
        self.x.append(entry_of(papers.slip, commit))
        entry = encode_entry(asked_entry(papers.slip, commit, kind))
        self.events[index] = PaperEvent(index, papers, first, second, label, commit, entry)
        self.open.add(index)
        return index

    def settle(self, *indexes: int, label: bytes | None = None, entry: bytes | None = None) -> None:
        """Events enter their persons' chains (a faulty ledger: another's chain, or another entry)."""
        for index in indexes:
            event = self.events[index]
            self.append(label or event.label, entry or event.entry, counted=1)
            self.news["settled"].append(index)
            self.open.discard(index)

    def append(self, label: bytes, entry: bytes, *, counted: int) -> None:
        """One entry more in a chain."""
        self.chains.setdefault(label, []).append((entry_hash(entry), counted))

    def defer(
        self, index: int, *, until: str = "2027-03-31", ground: str = "23条2項", by: str = "nenkin"
    ) -> str:
        """An event is withheld by law; gives the leaf."""
        event, salt = self.events[index], index.to_bytes(16)
        leaf = deferral_leaf(salt, commit=event.commit.hex(), until=until, ground=ground, by=by).hex()
        self.deferred[leaf] = Deferral(
            index=index, commit=event.commit.hex(), until=until, ground=ground, by=by, leaf=leaf
        )
        self.salts[index], self.salted[leaf] = salt, index
        self.news["deferred"].append(self.deferred[leaf])
        self.open.discard(index)
        return leaf

    @property
    def held(self) -> list[str]:
        """The leaves that an honest ledger may release: those of an earlier epoch."""
        new = {one.leaf for one in self.news["deferred"]}
        return [leaf for leaf in self.deferred if leaf not in new]

    def release(self, leaf: str, *, label: bytes | None = None, entry: bytes | None = None) -> None:
        """A withheld event enters its person's chain (a faulty ledger: another's, or another entry)."""
        deferral = self.deferred.pop(leaf)
        event = self.events[deferral.index]
        released = released_entry(decode_entry(event.entry), deferral.ground)
        self.append(label or event.label, entry or encode_entry(released), counted=1)
        self.news["released"].append(leaf)

    def close(
        self,
        amend: Callable[[EpochRecord, Transition], tuple[EpochRecord, Transition]] | None = None,
        *,
        void: Sequence[int] = (),
        after: int = STEP,
    ) -> None:
        """Close an epoch over everything so far; `amend` is what a faulty ledger does to it."""
        self.now += after
        self.open -= set(void)
        self.void |= set(void)
        transition = Transition(
            v=1,
            epoch=len(self.records) + 1,
            moved=tuple(self._moved(label) for label in sorted(self.chains) if self._fresh(label)),
            settled=tuple(sorted(self.news["settled"])),
            deferred=tuple(self.news["deferred"]),
            released=tuple(self.news["released"]),
            open=tuple(sorted(self.open)),
            void=tuple(sorted(void)),
        )
        record = self._record(transition)
        if amend:
            record, transition = amend(record, transition)
            record = replace(record, transition=transition_hash(encode_transition(transition)))
        self.records.append(encode_record(record))
        self.transitions.append(encode_transition(transition))
        self.published = {label: len(chain) for label, chain in self.chains.items()}
        self.x_sizes.append(record.x_size)
        self.news = {"settled": [], "deferred": [], "released": []}

    def _fresh(self, label: bytes) -> bool:
        return len(self.chains[label]) > self.published.get(label, 0)

    def _moved(self, label: bytes) -> Moved:
        at = self.published.get(label, 0)
        before, new = leaf_of(label, self.chains[label][:at]), self.chains[label][at:]
        return Moved(
            label=label.hex(),
            n=before.n,
            head=before.head.hex(),
            entries=tuple((hashed.hex(), flag) for hashed, flag in new),
        )

    @property
    def told(self) -> list[Transition]:
        """The transitions, read."""
        read = [decode_transition(document) for document in self.transitions]
        return [one for one in read if isinstance(one, Transition)]

    def map(self) -> WholeMap:
        """The map of all chains as they are now."""
        return WholeMap(self.depth, (leaf_of(label, chain) for label, chain in self.chains.items()))

    def _record(self, transition: Transition) -> EpochRecord:
        whole = self.map()
        return EpochRecord(
            v=1,
            kind="epoch",
            epoch=transition.epoch,
            time=self.now,
            depth=self.depth,
            map_root=hash_of(whole.root).hex(),
            total=sum_of(whole.root),
            persons=len(self.chains),
            deferred=len(self.deferred),
            deferred_root=deferral_root(bytes.fromhex(leaf) for leaf in self.deferred).hex(),
            open=len(self.open),
            void=len(self.void),
            x_origin=X_ORIGIN,
            x_size=len(self.x),
            x_root=root_of(self.x).hex(),
            transition=transition_hash(encode_transition(transition)),
        )

    def x_checkpoint(self, size: int | None = None) -> Checkpoint:
        """What operator 1 signs of its log."""
        entries = self.x[:size]
        return Checkpoint(X_ORIGIN, len(entries), root_of(entries))

    def evidence(self, index: int) -> Evidence:
        """What the ledger shows of an event when it is sampled."""
        event = self.events[index]
        (row,) = event.papers.blinded.rows
        material = Material(event.papers.signed, event.first, event.second, row.b, row.r)
        accepted = self.net.accepted(event.papers)
        return make_evidence(
            material,
            index,
            source=accepted.source_domain.label,
            target=self.net.directory.entries["ledger"].domain,
            pair=self.net.keys["ledger"].pair,
            public=self.public,
            secret=self.secret,
        )


def leaf_of(label: bytes, chain: Sequence[tuple[bytes, int]]) -> Leaf:
    """The leaf of a chain of (hash, counted)."""
    head = EMPTY_HEAD
    for hashed, _ in chain:
        head = next_head(head, hashed)
    return Leaf(label, sum(flag for _, flag in chain), head)


@dataclass
class Watcher:
    """A witness or auditor: sees records, transitions and X, asks for evidence."""

    auditor: Auditor = field(default_factory=lambda: Auditor(X_ORIGIN))

    def follow(self, ledger: PaperLedger, x: Sequence[bytes] | None = None, seen=()) -> list[Discrepancy]:
        """Take all epochs that are new; the discrepancies of the first that does not hold."""
        entries = ledger.x if x is None else x
        while self.auditor.epoch < len(ledger.records):
            at = self.auditor.epoch
            news = entries[self.auditor.x_size : ledger.x_sizes[at + 1]]
            found = self.auditor.take(ledger.records[at], ledger.transitions[at], news, seen)
            if found:
                return list(found)
        return []

    def faults(self, ledger: PaperLedger, **more) -> set[Fault]:
        return {one.fault for one in self.follow(ledger, **more)}

    def audit(
        self,
        ledger: PaperLedger,
        epoch: int,
        challenge: bytes,
        share: float = 1.0,
        shown: Callable[[int], Evidence] | None = None,
    ) -> dict[int, Fault]:
        """The sampled events of an epoch whose evidence does not hold."""
        transition = decode_transition(ledger.transitions[epoch - 1])
        assert not isinstance(transition, Problem)
        withheld = {one.leaf: one for told in ledger.told for one in told.deferred}
        grounds = {withheld[leaf].index: withheld[leaf].ground for leaf in transition.released}
        wrong: dict[int, Fault] = {}
        for index in sample(challenge, [*transition.settled, *grounds], share):
            traced = trace(
                (shown or ledger.evidence)(index),
                index,
                ledger.x[index],
                directory=ledger.net.directory,
                key=ledger.public.key,
                x_origin=X_ORIGIN,
            )
            found = traced if isinstance(traced, Fault) else judge(traced, transition, grounds.get(index))
            if found:
                wrong[index] = found if isinstance(found, Fault) else found.fault
        return wrong


def stamp_of(signed: Signed):
    """A stamp, read."""
    return stamp_codec.decode(signed.body)
