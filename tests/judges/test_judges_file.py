"""A second program, in another language, judges a person's file as `kumihimo verify` does."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from exchange_client import Stage, until
from exchange_parties import CITY, PENSION
from judge_logs import put
from judge_tools import Judges
from ledger_file_maker import (
    ORIGIN,
    START,
    WITNESSES,
    Maker,
    asked,
    cosigner,
    line,
    outcome,
    policy,
    records,
    released,
    seed,
)
from ledger_look import KEYS, Look, look, signed

from kumihimo.base import Problem
from kumihimo.exchange import COUNTER_RIGHT, digest, stamp_codec
from kumihimo.exchange.receiving import ANSWER_BOX
from kumihimo.ledger import read_policy, verify_file
from kumihimo.log import Algorithm, NoteSigner
from kumihimo.messages import SigningKey

YEAR = 31_557_600_000
"""365.25 days in milliseconds."""


class Court:
    """Both judges over the same papers; they must agree."""

    def __init__(self, judges: Judges, folder: Path) -> None:
        self._judges, self._folder = judges, folder

    def headline(self, data: bytes, last: bytes | None = None, **other: object) -> str:
        """The first line that Go's judge says, once the first words of both agree."""
        trusted = policy(**other)
        more = [] if last is None else ["-last", put(self._folder / "last", last)]
        file, known = put(self._folder / "file", data), put(self._folder / "policy", trusted)
        verdict = self._judges.file(file, known, *more)
        own = verify_file(data, read_policy(trusted), last)
        first = verdict.words.splitlines()[0]
        assert first.split(":")[0] == own.finding.value, (verdict.words, own)
        assert verdict.code == (0 if own.complete else 1)
        return first

    def word(self, data: bytes, last: bytes | None = None, **other: object) -> str:
        return self.headline(data, last, **other).split(":")[0]


@pytest.fixture
def court(judges: Judges, tmp_path: Path) -> Court:
    return Court(judges, tmp_path)


@pytest.fixture(scope="module")
def ledger() -> Maker:
    """`a` has three records with outcomes and the look; others stand around them."""
    people = {f"p{number}": records(2, f"p{number}") for number in range(12)}
    return Maker.of(a=records(3), b=records(2, "b"), **people).look("b").close().close().close()


def edited(data: bytes, edit: Callable[[dict], object]) -> bytes:
    document = msgspec.json.decode(data)
    edit(document)
    return msgspec.json.encode(document, order="sorted")


def test_both_find_an_untouched_file_complete(court: Court, ledger: Maker):
    assert court.headline(ledger.file()) == "COMPLETE: shown 4, committed 4"
    assert court.headline(ledger.file("b")) == "COMPLETE: shown 3, committed 3"


@pytest.mark.parametrize("at", range(4))
def test_both_miss_a_record_left_out(court: Court, ledger: Maker, at: int):
    data = edited(ledger.file(), lambda document: document["records"].pop(at))
    assert court.headline(data) == "WITHHELD: shown 3, committed 4"
    renumbered = ledger.file(chain=ledger.chains["a"][2:])
    assert court.headline(renumbered) == "WITHHELD: shown 3, committed 4"


def proofs_of_another(ledger: Maker) -> bytes:
    leaf, path = ledger.map().prove(ledger.label("b"))
    return ledger.file(leaf=leaf, path=path)


def parked(ledger: Maker) -> bytes:
    """A ledger that parks a person's records under a second label."""
    chains = {**ledger.chains, "parked": ledger.chains["a"]}
    return Maker(chains, looks={**ledger.looks, "parked": ledger.looks["a"]}).close().file("parked")


def without_the_look(ledger: Maker) -> bytes:
    return Maker({**ledger.chains, "a": ledger.chains["a"][:-1]}, looks=ledger.looks).close().file()


def fitted(ledger: Maker) -> bytes:
    short = Maker({**ledger.chains, "a": ledger.chains["a"][2:]}, looks=ledger.looks)
    return ledger.file(chain=short.chains["a"], leaf=short.leaf("a"))


def swapped(document: dict) -> None:
    first, second = (record["lines"] for record in document["records"][:2])
    for one, other in zip(first, second, strict=True):
        one["entry"], other["entry"] = other["entry"], one["entry"]


def turned(document: dict) -> None:
    last = document["proof"]["map"][-1]
    last[0] = "L" if last[0] == "R" else "R"


ALTERED: dict[str, Callable[[Maker], bytes]] = {
    "an outcome left out": lambda m: edited(m.file(), lambda d: d["records"][1]["lines"].pop()),
    "two entries exchanged": lambda m: edited(m.file(), swapped),
    "an asker renamed": lambda m: m.file().replace(b"tokyo-chiyoda", b"tokyo-minato", 1),
    "an outcome turned round": lambda m: m.file().replace(b"provided", b"refused", 1),
    "a leaf made to fit": fitted,
    "another's place in the map": proofs_of_another,
    "another's label proof": lambda m: m.file(evidence=m.looks["b"].evidence),
    "a label of nobody": parked,
    "the look left out": without_the_look,
    "the epoch's time": lambda m: m.file().replace(str(START + 10_000_000).encode(), b"1790020000000"),
    "the total": lambda m: Maker(m.chains, looks=m.looks).close(total=5).file(),
    "the map's root": lambda m: Maker(m.chains, looks=m.looks).close(map_root="00" * 32).file(),
    "the map's depth": lambda m: Maker(m.chains, looks=m.looks).close(depth=12).file(),
    "a fork of the log": lambda m: Maker(m.chains, looks=m.looks).close().file(tlog=m.tlog()),
    "a log signed by another": lambda m: Maker(
        m.chains, looks=m.looks, signer=NoteSigner(ORIGIN, seed("forger"))
    ).close().file(),
    "another log": lambda m: Maker(m.chains, looks=m.looks, origin="kumihimo/other").close().file(),
    "a sibling": lambda m: edited(m.file(), lambda d: d["proof"]["map"][0].__setitem__(1, "11" * 32)),
    "a sibling's sum": lambda m: edited(m.file(), lambda d: d["proof"]["map"][0].__setitem__(2, 9)),
    "a side": lambda m: edited(m.file(), turned),
    "a step left out": lambda m: edited(m.file(), lambda d: d["proof"]["map"].pop()),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERED)
def test_both_notice_what_was_altered(court: Court, ledger: Maker, what: str):
    assert court.word(ALTERED[what](ledger)) == "ALTERED"


def test_both_count_the_same_witnesses(court: Court, ledger: Maker):
    one, two, three = map(cosigner, WITNESSES)
    stranger, forger = cosigner("stranger/witness"), cosigner(WITNESSES[1], key="forger")
    lattice = cosigner(WITNESSES[0], kind=Algorithm.COSIGNATURE_ML_DSA_44)
    for expected, cosigners in (
        ("COMPLETE", [one, two]),
        ("COMPLETE", [two, three]),
        ("COMPLETE", [one, two, three, stranger, lattice]),
        ("TOO FEW WITNESSES", [one]),
        ("TOO FEW WITNESSES", []),
        ("TOO FEW WITNESSES", [one, one]),
        ("WRONG WITNESS", [one, stranger]),
        ("WRONG WITNESS", [one, forger]),
    ):
        assert court.word(ledger.file(tlog=ledger.tlog(cosigners=cosigners))) == expected
    assert court.word(ledger.file(tlog=ledger.tlog(cosigners=[one])), quorum=1) == "COMPLETE"
    assert court.word(ledger.file(), quorum=3) == "TOO FEW WITNESSES"


def test_both_compare_with_the_last_file(court: Court):
    maker = Maker.of(a=records(2)).close()
    earlier = maker.file()
    maker.chains["a"] += [line(entry) for entry in records(3)[4:]]
    later = maker.look(time=START + 6_000_000).close().file()
    rewritten = Maker.of(a=records(3)[2:]).look(time=START + 6_000_000).close().close().file()
    assert court.word(later, earlier) == court.word(later, later) == "COMPLETE"
    assert court.word(earlier, later) == "OLDER"
    assert court.word(rewritten, earlier) == "ALTERED"
    assert court.word(later, b"{}") == "MALFORMED"


LATER = START + 5_000_000
FORGER = SigningKey.from_seed(bytes(32))
PORTAL, FIRST, SECOND = KEYS.values()


def made_by(one: Look, *entries: object, **told: object) -> bytes:
    """The file of somebody whose only look this was."""
    maker = Maker({"a": [line(entry) for entry in (*entries, one.entry)]}, looks={"a": one})
    return maker.close(**told).file()


def shown_with(**other: object) -> bytes:
    """A file whose evidence is changed, though all its signatures are true."""
    one = look("a", LATER)
    return made_by(replace(one, evidence=replace(one.evidence, **other)))


def stamp_that_says(**other: object) -> bytes:
    stamp = replace(stamp_codec.decode(look("a", LATER).evidence.first.body), **other)
    return shown_with(first=signed(stamp_codec.encode(stamp), FIRST, "digital"))


def as_somebody(name: str) -> bytes:
    return shown_with(slip=signed(look("a", LATER).evidence.slip.body, PORTAL, name))


def unsigned() -> bytes:
    evidence = look("a", LATER).evidence
    papers = {name: replace(getattr(evidence, name), jws="A" * 86) for name in ("slip", "first", "second")}
    return shown_with(**papers)


NOBODYS_LOOK: dict[str, Callable[[], bytes]] = {
    "no signature at all": unsigned,
    "another portal": lambda: made_by(look("a", LATER, keys=(FORGER, FIRST, SECOND))),
    "another operator 1": lambda: made_by(look("a", LATER, keys=(PORTAL, FORGER, SECOND))),
    "another operator 2": lambda: made_by(look("a", LATER, keys=(PORTAL, FIRST, FORGER))),
    "one operator for both": lambda: made_by(look("a", LATER, keys=(PORTAL, FIRST, FIRST))),
    "in another's name": lambda: as_somebody("muni-131016"),
    "under another right": lambda: made_by(look("a", LATER, permission=COUNTER_RIGHT)),
    "a stamp for the other": lambda: stamp_that_says(operator=2),
    "a stamp on another slip": lambda: stamp_that_says(slip=bytes(32)),
    "a stamp of another tx": lambda: stamp_that_says(tx=bytes(16)),
    "a stamp under another row": lambda: stamp_that_says(row="act/31"),
    "a stamp by another law": lambda: stamp_that_says(snapshot="00"),
    "a stamp of another commitment": lambda: stamp_that_says(commit=bytes(32)),
    "another place": lambda: shown_with(index=8),
    "a place not yet accounted for": lambda: made_by(look("a", LATER), x_size=7),
    "a place in another log": lambda: made_by(look("a", LATER), x_origin="kumihimo/other"),
    "a salt beside a proof": lambda: shown_with(salt=bytes(16)),
    "another version": lambda: shown_with(v=2),
}


@pytest.mark.parametrize("what", NOBODYS_LOOK)
def test_both_believe_no_look_that_was_not_signed_and_stamped(court: Court, what: str):
    assert court.word(made_by(look("a", LATER))) == "COMPLETE"
    assert court.word(NOBODYS_LOOK[what]()) == "ALTERED"


def test_both_find_a_decoy_with_one_invented_look_and_the_victims_code(court: Court):
    decoy = look("b", LATER, keys=(FORGER, FORGER, FORGER))
    maker = Maker({"b": [line(decoy.entry)]}, looks={"b": decoy}).close()
    assert court.word(maker.file("b", code=look("a", LATER).code)) == "ALTERED"


def test_both_notice_a_record_that_stands_twice(court: Court):
    one = asked(1)
    for entries in ([one, one], [one, replace(one, office="zeimu")], [one, outcome(one), outcome(one)]):
        assert court.word(made_by(look("a", LATER), *entries)) == "ALTERED"


def test_both_hold_an_epochs_time_against_its_witnesses(court: Court):
    maker = Maker.of(a=records(1)).close(time=START)
    for apart, expected in ((60, "COMPLETE"), (61, "ALTERED"), (-86_400, "COMPLETE"), (-86_401, "ALTERED")):
        assert court.word(maker.file(tlog=maker.tlog(now=START // 1000 - apart))) == expected
    ahead = Maker.of(a=records(3))
    ahead.chains["a"][:6] = [replace(one, entry=None) for one in ahead.chains["a"][:6]]
    ahead.close(time=START + 40 * YEAR)
    assert court.word(ahead.file()) == "COMPLETE"
    assert court.word(ahead.file(tlog=ahead.tlog(now=START // 1000))) == "ALTERED"


def test_both_miss_a_young_line_that_was_shown_and_is_erased(court: Court):
    young = asked(2, time=START + 7 * YEAR)
    entries = [asked(1), outcome(asked(1)), young, outcome(young)]
    maker = Maker.of(a=entries).close(time=START + 8 * YEAR)
    earlier = maker.file()
    maker.look(time=START + 8 * YEAR)
    maker.chains["a"][:2] = [line(entry, erased=True) for entry in entries[:2]]
    assert court.word(maker.close(time=START + 8 * YEAR + 1000).file(), earlier) == "COMPLETE"
    maker.chains["a"][:4] = [line(entry, erased=True) for entry in entries]
    later = maker.close(time=START + 8 * YEAR + 1000).file()
    assert court.word(later) == "COMPLETE"
    assert court.word(later, earlier) == "ALTERED"


def test_both_take_no_earlier_file_that_does_not_hold_by_itself(court: Court):
    maker = Maker.of(a=records(2)).close()
    earlier = maker.file()
    later = maker.look(time=START + 6_000_000).close().file()
    assert court.word(later, earlier) == "COMPLETE"
    assert court.word(later, earlier.replace(b"tokyo-chiyoda", b"tokyo-minato", 1)) == "MALFORMED"


def test_both_let_time_erase_and_nothing_else(court: Court):
    def aged(*erased: int, now: int = 9 * YEAR) -> bytes:
        entries = []
        for number in range(3):
            one = asked(number, time=START if number < 2 else START + now - YEAR)
            entries += [one, outcome(one)]
        maker = Maker.of(a=entries)
        for at in erased:
            maker.chains["a"][at] = line(entries[at], erased=True)
        return maker.close(time=START + now).file()

    assert court.headline(aged(0, 1, 2, 3)) == "COMPLETE: shown 4, committed 4"
    assert court.word(aged(4)) == "COMPLETE", "what stands behind no younger line may have been erased"
    assert court.word(aged(0, 1, 2, 3, 5)) == "ALTERED"
    assert court.word(aged(0, 1, now=6 * YEAR)) == "ALTERED"


def test_both_read_released_records_corrections_and_strays(court: Court):
    late = asked(7)
    given = [outcome(asked(5)), *records(2), released(late), outcome(late)]
    assert court.headline(Maker.of(a=given).close().file()) == "COMPLETE: shown 4, committed 4"


MALFORMED: tuple[Callable[[dict], object], ...] = (
    lambda d: d["records"][1]["lines"].append(d["records"][0]["lines"].pop()),
    lambda d: d["others"].append(d["records"][0]["lines"].pop()),
    lambda d: d["others"].append(d["records"][0]["lines"].pop(0)),
    lambda d: d["records"].append({"lines": []}),
    lambda d: d["records"].append(d["records"][0]),
    lambda d: d["records"].reverse(),
    lambda d: d["records"][0]["lines"].reverse(),
    lambda d: d["records"][0]["lines"][0].update(at=0),
    lambda d: d["records"][0]["lines"][0].update(hash="00" * 32),
    lambda d: d["records"][0]["lines"][0].pop("entry"),
    lambda d: d["records"][0]["lines"][0].update(entry="{}"),
    lambda d: d["person"].update(label="00"),
    lambda d: d["person"].update(label=d["person"]["label"].upper()),
    lambda d: d["proof"]["leaf"].update(n=-1),
    lambda d: d["proof"]["leaf"].update(n=1 << 64),
    lambda d: d["proof"]["leaf"].update(n=1.5),
    lambda d: d["proof"]["map"][0].__setitem__(0, "X"),
    lambda d: d["proof"].update(tlog=""),
    lambda d: d["proof"].update(label={}),
    lambda d: d.update(format="kumihimo-records/2"),
    lambda d: d.update(more=1),
    lambda d: d.pop("made"),
)


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_both_refuse_what_cannot_be_read_in_one_way_only(court: Court, ledger: Maker, number: int):
    assert court.word(edited(ledger.file(), MALFORMED[number])) == "MALFORMED"


def test_both_read_any_spelling_but_no_name_twice(court: Court, ledger: Maker):
    data = ledger.file()
    for other in (b" " + data, data + b"\n", msgspec.json.format(data)):
        assert court.word(other) == "COMPLETE"
    for other in (b"", b"[]", b"null", data + data, b'{"records":[],' + data[1:]):
        assert court.word(other) == "MALFORMED"


def test_both_agree_on_files_with_a_bit_changed_anywhere(court: Court, ledger: Maker):
    """Only when it was made and the person's code stand there without anybody's signature."""
    data, draw, words = ledger.file(), random.Random(3), []
    free = [
        (data.index(start), data.index(end))
        for start, end in ((b'"made"', b'"others"'), (b'"code"', b'"label"'))
    ]
    for _ in range(250):
        at, bit = draw.randrange(len(data)), 1 << draw.randrange(8)
        word = court.word(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
        assert word != "COMPLETE" or any(start <= at < end for start, end in free)
        words.append(word)
    assert {"ALTERED", "MALFORMED"} <= set(words)


def test_the_wrong_words_are_usage(judges: Judges, tmp_path: Path, ledger: Maker):
    file, known = put(tmp_path / "file", ledger.file()), put(tmp_path / "policy", policy())
    assert judges.usage("filejudge", str(file)).code == 2
    assert judges.file(tmp_path / "none", known).code == 2
    for spoilt in (
        b"{}",
        b"",
        policy().replace(b"policy/1", b"policy/2"),
        policy().replace(b"+", b"-"),
        policy().replace(b"signers", b"singers"),
    ):
        assert judges.file(file, put(tmp_path / "spoilt", spoilt)).code == 2


async def downloaded(stage: Stage, person: int) -> bytes:
    """The file a person gets, by a disclosure that asks for the proof."""

    async def look() -> bytes | None:
        papers = await stage.own_look(person, items=("proof",))
        envelope = await stage.answered(await stage.collected(papers, "portal"), "portal", "ledger")
        if isinstance(envelope, Problem):
            return None
        opened = stage.keys["portal"].box.open(
            envelope.sealed, info=ANSWER_BOX, aad=digest(papers.signed.body)
        )
        return json.loads(opened)["proof"].encode()

    return await until(look, 60.0)


@pytest.mark.nation
async def test_both_find_the_file_of_a_running_nation_complete_and_a_copy_with_a_hole_withheld(
    judges: Judges, stage: Stage, tmp_path: Path
):
    person = stage.someone(CITY, PENSION)
    for _ in range(2):
        given = await stage.ask(person)
        await stage.line(person, given["tx"])
    data = await downloaded(stage, person)
    policy_file = stage.nation.places.root / "policy.json"
    trusted = read_policy(policy_file.read_bytes())
    shown = len(json.loads(data)["records"])
    assert shown >= 3
    hole = edited(data, lambda document: document["records"].pop(0))
    short = edited(data, lambda document: document["records"].pop())
    stranger = edited(data, lambda d: d["proof"].update(tlog=d["proof"]["tlog"].replace("/witness ", "/w ")))
    for file, expected in (
        (data, f"COMPLETE: shown {shown}, committed {shown}"),
        (hole, f"WITHHELD: shown {shown - 1}, committed {shown}"),
        (short, f"WITHHELD: shown {shown - 1}, committed {shown}"),
    ):
        assert judges.file(put(tmp_path / "file", file), policy_file).words.startswith(expected)
        assert verify_file(file, trusted).headline == expected
    assert judges.file(put(tmp_path / "file", stranger), policy_file).words.startswith("WRONG WITNESS")
    later = await downloaded(stage, person)
    earlier = put(tmp_path / "earlier", data)
    assert judges.file(put(tmp_path / "file", later), policy_file, "-last", earlier).code == 0
    back = judges.file(earlier, policy_file, "-last", put(tmp_path / "later", later))
    assert back.words.startswith("OLDER")


@pytest.mark.nation
async def test_both_agree_on_a_running_nations_file_with_a_bit_changed_anywhere(
    judges: Judges, stage: Stage, tmp_path: Path
):
    person = stage.someone(CITY, PENSION)
    data, draw = await downloaded(stage, person), random.Random(5)
    policy_file = stage.nation.places.root / "policy.json"
    trusted = read_policy(policy_file.read_bytes())
    for _ in range(120):
        at, bit = draw.randrange(len(data)), 1 << draw.randrange(8)
        changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
        verdict = judges.file(put(tmp_path / "file", changed), policy_file)
        own = verify_file(changed, trusted)
        assert verdict.words.split(":")[0] == own.finding.value, (at, verdict.words, own)
