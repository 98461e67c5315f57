"""The file a person keeps: their records with everything that proves none is missing. Pure.

`kumihimo-records/1` is JSON of exactly these members, at most 32 MiB; written with sorted keys, no spaces:

```
{"format": "kumihimo-records/1", "made": <unix ms>,
 "person": {"code": <hex P_L>, "label": <hex I>},
 "records": [{"lines": [{"at": 1, "entry": "<exact text>"}, {"at": 2, "entry": …}]}, …],
 "others":  [{"at": k, "entry": …}],
 "proof": {"leaf": {"n": n, "head": <hex>}, "map": [["L"|"R", <hex>, sum], …],
           "epoch": "<exact text>", "tlog": "<exact text>", "label": {…}}}
```

`at` is the place of an entry in the person's chain. A record is one counted entry and those that belong to
it (same tx); records stand oldest first. `others` belong to no record shown. An erased line carries `hash`
instead of `entry`. No name comes twice and none is unknown, so that every program reads the same. `made` and
`code` tell and prove nothing: whose file it is follows from the look in `label`, which the portal signed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumihimo.base import ErrorType, Problem
from kumihimo.ledger.evidence import Evidence
from kumihimo.ledger.model import COUNTED, Kind, entry_hash
from kumihimo.ledger.treemap import MAX_DEPTH, MAX_STEPS, Leaf, Path, Side, hash_of, sum_of

MAX_FILE_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class ChainLine:
    """One entry of a chain as the ledger keeps it; `entry` is None once it is erased."""

    kind: Kind
    tx: str
    hash: bytes
    entry: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What checking needs to know of an entry: its kind, the event it belongs to, when it happened (ms)."""

    kind: Kind
    tx: str
    time: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its place in the chain, its hash, and what it says unless it is erased."""

    at: int
    hash: bytes
    said: Said | None


@dataclass(frozen=True, slots=True)
class RecordsFile:
    """A file that was read and is well formed; nothing in it is believed yet.

    `lines` are all lines in the order of the chain; `shown` is the number of records.
    """

    made: int
    label: bytes
    shown: int
    lines: tuple[Line, ...]
    leaf: Leaf
    path: Path
    epoch: str
    tlog: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    at: int
    entry: str | UnsetType = UNSET
    hash: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    lines: tuple[_Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    n: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    leaf: _Leaf
    map: tuple[tuple[Side, str, int], ...]
    epoch: str
    tlog: str
    label: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    format: Literal["kumihimo-records/1"]
    made: int
    person: _Person
    records: tuple[_Record, ...]
    others: tuple[_Line, ...]
    proof: _Proof


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(_File, strict=True)
_said = msgspec.json.Decoder(Said, strict=True)


class _MalformedError(Exception):
    """Why a file cannot be read; never leaves this module."""


def write_file(
    *,
    made: int,
    code: bytes,
    chain: Sequence[ChainLine],
    leaf: Leaf,
    path: Path,
    epoch: bytes,
    tlog: str,
    evidence: Evidence,
) -> bytes:
    """The file of a person: the whole chain from its first entry, and the proofs as they are.

    `code` is P_L (32 bytes), `epoch` the epoch record, `tlog` the text of its C2SP proof under a cosigned
    checkpoint, `evidence` what shows the label of the disclosure that made the file.
    """
    records, others = _grouped(chain)
    proof = _Proof(
        leaf=_Leaf(n=leaf.n, head=leaf.head.hex()),
        map=tuple((side, hash_of(node).hex(), sum_of(node)) for side, node in path),
        epoch=epoch.decode(),
        tlog=tlog,
        label=evidence,
    )
    return _encoder.encode(
        _File(
            format="kumihimo-records/1",
            made=made,
            person=_Person(code=code.hex(), label=leaf.label.hex()),
            records=tuple(_Record(lines=tuple(lines)) for lines in records),
            others=tuple(others),
            proof=proof,
        )
    )


def _grouped(chain: Sequence[ChainLine]) -> tuple[list[list[_Line]], list[_Line]]:
    """The lines of each record, oldest record first, and the lines of none."""
    records: dict[int, list[_Line]] = {}
    first = {line.tx: at for at, line in reversed(list(enumerate(chain, 1))) if line.kind in COUNTED}
    others = []
    for at, line in enumerate(chain, 1):
        text = UNSET if line.entry is None else line.entry.decode()
        written = _Line(at=at, entry=text, hash=line.hash.hex() if line.entry is None else UNSET)
        home = at if line.kind in COUNTED else first.get(line.tx, at + 1)
        if home > at:  # of no record, or told before it: corrections of what is withheld stay apart
            others.append(written)
        else:
            records.setdefault(home, []).append(written)
    return [records[at] for at in sorted(records)], others


def read_file(data: bytes) -> RecordsFile | Problem:
    """Read a file, without believing it yet; refused with `malformed`, saying what is wrong."""
    if len(data) > MAX_FILE_BYTES:
        return _refuse("the file is too long")
    try:
        file = _decoder.decode(data)
        if json.loads(data, object_pairs_hook=_each_once) != json.loads(_encoder.encode(file)):
            return _refuse("the file holds more than a file of records does")
        return _read(file)
    except _MalformedError as error:
        return _refuse(str(error))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return _refuse("not a kumihimo-records/1")


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of the file, no name of which comes twice: programs differ in which of the two they read."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise _MalformedError("a name comes twice in the file")
    return dict(pairs)


def _read(file: _File) -> RecordsFile:
    records = [[_line(line) for line in record.lines] for record in file.records]
    others = [_line(line) for line in file.others]
    _check_grouping(records, others)
    lines = sorted((line for group in (*records, others) for line in group), key=lambda line: line.at)
    label, _ = _hash(file.person.label), _hash(file.person.code)
    proof = file.proof
    if len(proof.map) > MAX_DEPTH + MAX_STEPS:
        raise _MalformedError("the path of the map is too long")
    return RecordsFile(
        made=file.made,
        label=label,
        shown=len(records),
        lines=tuple(lines),
        leaf=Leaf(label, _count(proof.leaf.n), _hash(proof.leaf.head)),
        path=tuple((side, _hash(text) + _count(total).to_bytes(8)) for side, text, total in proof.map),
        epoch=proof.epoch,
        tlog=proof.tlog,
        evidence=proof.label,
    )


def _line(line: _Line) -> Line:
    if line.at < 1 or (line.entry is UNSET) is (line.hash is UNSET):
        raise _MalformedError("a line has a place in the chain, and either its text or its hash")
    if isinstance(line.hash, str):
        return Line(line.at, _hash(line.hash), None)
    assert isinstance(line.entry, str)
    entry = line.entry.encode()
    return Line(line.at, entry_hash(entry), _said.decode(entry))


def _check_grouping(records: Sequence[Sequence[Line]], others: Sequence[Line]) -> None:
    """Each line once and in the one place where it belongs, so that records can be counted."""
    homes: dict[str, int] = {}
    for record in records:
        if not record or not (record[0].said is None or record[0].said.kind in COUNTED):
            raise _MalformedError("a record begins with the entry that is counted")
        for line in record[1:]:
            if line.said and (line.said.kind in COUNTED or (record[0].said or line.said).tx != line.said.tx):
                raise _MalformedError("a line stands in a record it does not belong to")
        if record[0].said:
            homes.setdefault(record[0].said.tx, record[0].at)
    if any(
        line.said and (line.said.kind in COUNTED or homes.get(line.said.tx, line.at) < line.at)
        for line in others
    ):
        raise _MalformedError("a line of a record stands apart from it")
    starts = [record[0] for record in records]
    if not all(map(_ascending, (*records, others, starts))):
        raise _MalformedError("lines stand in the order of the chain")
    if len({line.at for group in (*records, others) for line in group}) < sum(map(len, (*records, others))):
        raise _MalformedError("a place of the chain is filled twice")


def _ascending(lines: Iterable[Line]) -> bool:
    places = [line.at for line in lines]
    return all(before < after for before, after in pairwise(places))


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 32 or value.hex() != text:
        raise _MalformedError("a hash is 64 lower-case hexadecimal digits")
    return value


def _count(number: int) -> int:
    if not 0 <= number < 1 << 64:
        raise _MalformedError("a count is an unsigned 64-bit number")
    return number


def _refuse(why: str) -> Problem:
    return Problem(ErrorType.MALFORMED, detail=why, detail_ja="記録のファイルの形式が正しくありません")
