"""A small ledger in memory, with witnesses, that gives its people their files."""

from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from ledger_look import Look, label, look, public, signers

from kumihimo.base import Secret
from kumihimo.ledger.file import ChainLine, write_file
from kumihimo.ledger.model import (
    COUNTED,
    Entry,
    Kind,
    Outcome,
    chain_head,
    encode_entry,
    entry_hash,
    released_entry,
)
from kumihimo.ledger.policy import read_policy, write_policy
from kumihimo.ledger.transition import EpochRecord, encode_record
from kumihimo.ledger.treemap import Leaf, hash_of, sum_of
from kumihimo.ledger.wholemap import WholeMap
from kumihimo.log import (
    Algorithm,
    Checkpoint,
    Cosigner,
    NoteSigner,
    Proof,
    add_signatures,
    inclusion_proof,
    root_of,
    sign_note,
)

ORIGIN = "kumihimo/ledger"
DEPTH = 4
START = 1_790_000_000_000
"""2026-09-21 in Unix milliseconds; the policy's `since` is before it."""
LOOKERS = ("a", "b")
"""The people with codes of their own; the others are only labels."""
WITNESSES = ("ppc/witness", "univ/witness", "bar/witness")


def seed(name):
    return Secret(sha256(name.encode()).digest())


def cosigner(name, kind=Algorithm.COSIGNATURE_ED25519, key=None):
    """A witness; `key` tells whose key it really is."""
    return Cosigner(name, kind, seed(key or name))


def asked(number, person="a", kind=Kind.ASKED, time=START):
    """A question about a person; `number` makes it one of its own."""
    return Entry(
        v=1,
        kind=kind,
        tx=sha256(f"{person}{number}".encode()).digest()[:16].hex(),
        time=time + number * 1000,
        inquirer="tokyo-chiyoda",
        office="kosodate",
        provider="osaka-osaka",
        permission="o9/92/3@2024-05-27",
        snapshot="e5fdb02cd54e847132975634e23a1039227439fb7ec22affea9034aeeb81ec44",
        piece="75/1/イ",
        information="地方税関係情報",
        items=("total_income", "tax_class"),
        commit=sha256(f"commit{person}{number}".encode()).hexdigest(),
    )


def outcome(of):
    return Entry(v=1, kind=Kind.OUTCOME, tx=of.tx, time=of.time + 300, outcome=Outcome.PROVIDED)


def records(count, person="a"):
    """So many questions, each with its outcome."""
    return [entry for n in range(count) for one in [asked(n, person)] for entry in (one, outcome(one))]


def released(of):
    return released_entry(of, "23条2項2号")


def line(entry, *, erased=False):
    body = encode_entry(entry)
    return ChainLine(entry.kind, entry.tx, entry_hash(body), None if erased else body)


@dataclass
class Maker:
    """A ledger, its log and its witnesses. `chains` maps a person's name to the lines of their chain."""

    chains: dict[str, list[ChainLine]]
    witnesses: tuple[str, ...] = WITNESSES[:2]
    epochs: list[bytes] = field(default_factory=list)
    looks: dict[str, Look] = field(default_factory=dict)
    signer: NoteSigner = field(default_factory=lambda: NoteSigner(ORIGIN, seed(ORIGIN)))
    origin: str = ORIGIN
    now: int = START // 1000
    """When the witnesses cosign, Unix seconds."""

    @staticmethod
    def of(**people):
        """People with these entries; `a` has looked at them last, as whoever gets a file has."""
        return Maker({name: [line(entry) for entry in entries] for name, entries in people.items()}).look()

    @staticmethod
    def label(name):
        return label(name) if name in LOOKERS else sha256(b"label" + name.encode()).digest()

    def look(self, name="a", time=START + 5_000_000):
        """A person looks at their records: the entry that says so, and what proves the label."""
        self.looks[name] = look(name, time)
        self.chains[name].append(line(self.looks[name].entry))
        return self

    def leaf(self, name):
        chain = self.chains[name]
        counted = sum(one.kind in COUNTED for one in chain)
        return Leaf(self.label(name), counted, chain_head(one.hash for one in chain))

    def map(self):
        return WholeMap(DEPTH, [self.leaf(name) for name in self.chains])

    def close(self, time=START + 10_000_000, **changed):
        """Close an epoch over the chains as they are; `changed` are members of the record told falsely."""
        self.now = time // 1000 + 1
        root = self.map().root
        record = EpochRecord(
            v=1,
            kind="epoch",
            epoch=len(self.epochs) + 1,
            time=time,
            depth=DEPTH,
            map_root=hash_of(root).hex(),
            total=sum_of(root),
            persons=len(self.chains),
            deferred=0,
            deferred_root=root_of([]).hex(),
            open=0,
            void=0,
            x_origin="kumihimo/digital",
            x_size=1000,
            x_root=root_of([]).hex(),
            transition=sha256(b"").hexdigest(),
        )
        self.epochs.append(encode_record(replace(record, **changed)))
        return self

    def tlog(self, index=-1, cosigners=None, now=None):
        """The proof of an epoch under the newest checkpoint, as the log and these witnesses signed it."""
        size = len(self.epochs)
        index %= size
        checkpoint = Checkpoint(self.origin, size, root_of(self.epochs))
        note = sign_note(checkpoint.text, self.signer)
        for one in cosigners if cosigners is not None else map(cosigner, self.witnesses):
            note = add_signatures(note, [one.cosign(checkpoint, checkpoint.text, now or self.now)])
        path = inclusion_proof(self._subtree, index, size)
        return Proof(index, path, note).text

    def file(self, name="a", **other):
        """The person's file under the newest epoch; `other` replaces what goes into it."""
        proved = self.map().prove(self.label(name))
        assert proved is not None
        given = {
            "made": START,
            "code": self.looks[name].code,
            "chain": self.chains[name],
            "leaf": proved[0],
            "path": proved[1],
            "epoch": self.epochs[-1],
            "tlog": self.tlog(),
            "evidence": self.looks[name].evidence,
        }
        return write_file(**{**given, **other})

    def _subtree(self, level, index):
        return root_of(self.epochs[index << level : (index + 1) << level])


def policy(*, quorum=2, witnesses=WITNESSES, since=date(2026, 4, 1)):
    """The policy's file of this ledger."""
    key, commitments = public()
    return write_policy(
        log=NoteSigner(ORIGIN, seed(ORIGIN)).verifier.text,
        key=key,
        since=since,
        quorum=quorum,
        witnesses=[cosigner(name).verifier.text for name in witnesses],
        commitments=commitments,
        signers=signers(),
    )


def trusted(**other):
    """The policy as the verifier takes it."""
    return read_policy(policy(**other))
