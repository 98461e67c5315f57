"""Three copies compared (番号法23条): which logs must hold an exchange, what it means where one does not.

Each exchange goes one way, and each stop writes it down before it lets the next one go on:

    inquire   inquirer → operator 1 → operator 2 → ledger → provider
    inquire   disclosure system → operator 1 → operator 2 → ledger     (a look at one's own records)
    acquire   operator 1 → operator 2 → receiver of the codes          (numbering keeps its looks in a table)

So the logs that hold a commitment are, lawfully, a beginning of its way: an exchange may end anywhere
(refused at a gate, given up, never answered), and nobody behind that point has it. All else is an alarm:

* **missing**: a later stop has it and this one does not;
* **extra**: one log alone has it that is not the first stop, or a log has it twice, or has no part in it;
* **differing**: the same commitment under another kind, inquirer, provider or row than most others wrote;
* **skewed**: written under an hour more than one away from the others'.

No person stands in any of this: the logs hold none. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

SETTLE_SECONDS = 300
"""An exchange is judged when its logs were read so long after it: until then a line is not missing yet."""
HOUR = 3600
_APART = 1


class Kind(StrEnum):
    """What is wrong. The last three concern a whole log: rewritten, not to be understood, not shown."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERING = "differing"
    SKEWED = "skewed"
    FORKED = "forked"
    MALFORMED = "malformed"
    UNREAD = "unread"


class State(StrEnum):
    """How an exchange stands: in all logs of its way, ended on the way, never stamped, or an alarm."""

    COMPLETE = "complete"
    ABANDONED = "abandoned"
    UNSTAMPED = "unstamped"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of one log; `hour` counts from 1970, `seen` is when the commission read it (Unix seconds)."""

    commit: bytes
    log: str
    kind: str
    inquirer: str
    provider: str
    row: str
    hour: int
    seen: float

    @property
    def words(self) -> tuple[str, str, str, str]:
        """What all logs must say of an exchange alike."""
        return self.kind, self.inquirer, self.provider, self.row


@dataclass(frozen=True, slots=True)
class Finding:
    """Something one institution has to answer: what, who, about which exchange, and who else holds it."""

    kind: Kind
    owner: str
    about: Line
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """One exchange, settled: how it stands, as most of its logs describe it."""

    state: State
    about: Line
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """Who stands where on every way."""

    operator_1: str
    operator_2: str
    ledger: str

    def way(self, line: Line) -> tuple[str, ...]:
        """The logs an exchange passes, in order."""
        operators = (self.operator_1, self.operator_2)
        if line.kind == "acquire":
            return (*operators, line.provider)
        if line.provider == self.ledger:
            return (line.inquirer, *operators, self.ledger)
        return (line.inquirer, *operators, self.ledger, line.provider)


def exchanges(lines: Iterable[Line]) -> Iterator[tuple[Line, ...]]:
    """The lines of each exchange together, from lines in the order of their commitments."""
    for _, group in groupby(lines, key=lambda line: line.commit):
        yield tuple(group)


def judge(
    lines: Sequence[Line], network: Network, read: Mapping[str, float], settle: float = SETTLE_SECONDS
) -> Judged | None:
    """Judge one exchange from all its lines; None while a log of its way was not read late enough.

    `read` says of each log until when it is known (Unix seconds).
    """
    about = _most_say(lines, network)
    way = network.way(about)
    settled = min(*(line.seen for line in lines), (about.hour + 1) * HOUR) + settle
    if any(read.get(log, 0.0) < settled for log in way):
        return None
    findings = (*_faults_of_lines(lines, about, way), *_gaps(lines, about, way))
    if findings:
        return Judged(State.ALARM, about, findings)
    held = len(lines)
    if held == len(way):
        return Judged(State.COMPLETE, about)
    return Judged(State.UNSTAMPED if held == 1 and about.kind == "inquire" else State.ABANDONED, about)


def _most_say(lines: Sequence[Line], network: Network) -> Line:
    """The line that says what most say; where they are as many, operator 1's, then operator 2's."""
    said = Counter(line.words for line in lines)
    rank = {network.operator_1: 2, network.operator_2: 1}
    return max(lines, key=lambda line: (said[line.words], rank.get(line.log, 0)))


def _faults_of_lines(lines: Sequence[Line], about: Line, way: Sequence[str]) -> Iterator[Finding]:
    holders = _holders(lines)
    twice = Counter(line.log for line in lines)
    for log in sorted(twice):
        if twice[log] > 1 or log not in way:
            yield Finding(Kind.EXTRA, log, about, holders)
    for line in lines:
        if line.words != about.words:
            yield Finding(Kind.DIFFERING, line.log, about, holders)
        elif abs(line.hour - about.hour) > _APART:
            yield Finding(Kind.SKEWED, line.log, about, holders)


def _gaps(lines: Sequence[Line], about: Line, way: Sequence[str]) -> Iterator[Finding]:
    holders = _holders(lines)
    held = [log in holders for log in way]
    if True not in held:
        return
    last = len(way) - 1 - held[::-1].index(True)
    missing = [log for log, has in zip(way[:last], held, strict=False) if not has]
    if missing and len(holders) == 1:
        yield Finding(Kind.EXTRA, holders[0], about, holders)
        return
    for log in missing:
        yield Finding(Kind.MISSING, log, about, holders)


def _holders(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(sorted({line.log for line in lines}))
