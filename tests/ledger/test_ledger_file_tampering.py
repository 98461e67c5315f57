"""Whatever is done to a person's file, the verdict says so and names what is wrong."""

import json
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from ledger_file_maker import (
    ORIGIN,
    START,
    WITNESSES,
    Maker,
    asked,
    cosigner,
    line,
    outcome,
    records,
    released,
    seed,
    trusted,
)

from kumihimo.ledger.file import read_file
from kumihimo.ledger.model import Entry, Kind, entry_hash
from kumihimo.ledger.verdict import Finding
from kumihimo.ledger.verifying import verify_file
from kumihimo.log import Algorithm, NoteSigner

YEAR = 31_557_600_000
"""365.25 days in milliseconds."""


@pytest.fixture(scope="module")
def ledger():
    """`a` has three records with outcomes and the look; others stand around them."""
    people = {f"p{number}": records(2, f"p{number}") for number in range(12)}
    return Maker.of(a=records(3), b=records(2, "b"), **people).look("b").close().close().close()


def check(data, last=None, **other):
    return verify_file(data, trusted(**other), last)


def edited(data, edit):
    """The file after a change by someone who knows its form."""
    document = msgspec.json.decode(data)
    edit(document)
    return msgspec.json.encode(document, order="sorted")


def test_an_untouched_file_is_complete_and_says_as_of_when(ledger):
    verdict = check(ledger.file())
    assert verdict.complete
    assert verdict.headline == "COMPLETE: shown 4, committed 4"
    assert (verdict.epoch, verdict.time, verdict.witnesses) == (3, START + 10_000_000, WITNESSES[:2])


@pytest.mark.parametrize("at", range(4))
def test_a_record_left_out_anywhere_is_named_with_both_counts(ledger, at):
    data = edited(ledger.file(), lambda document: document["records"].pop(at))
    assert check(data).headline == "WITHHELD: shown 3, committed 4"


def test_a_record_left_out_by_a_ledger_that_numbers_the_rest_anew_is_still_missed(ledger):
    chain = ledger.chains["a"]
    assert check(ledger.file(chain=chain[2:])).headline == "WITHHELD: shown 3, committed 4"


def test_the_leaf_cannot_be_made_to_fit_fewer_records(ledger):
    short = Maker({**ledger.chains, "a": ledger.chains["a"][2:]}, looks=ledger.looks)
    data = ledger.file(chain=short.chains["a"], leaf=short.leaf("a"))
    assert check(data).finding is Finding.ALTERED


@pytest.mark.parametrize("record", range(3))
def test_an_outcome_left_out_is_not_complete(ledger, record):
    data = edited(ledger.file(), lambda document: document["records"][record]["lines"].pop())
    assert check(data).finding is Finding.ALTERED


def test_one_byte_changed_anywhere_in_the_entries_is_never_complete(ledger):
    data = ledger.file()
    start, end = data.index(b'"records":'), len(data)
    findings = set()
    for at in range(start, end):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        findings.add(check(changed).finding)
    assert findings <= {Finding.ALTERED, Finding.MALFORMED, Finding.WITHHELD}


def test_one_byte_changed_anywhere_in_the_proofs_is_never_complete(ledger):
    data = ledger.file()
    for at in range(data.index(b'"proof":'), data.index(b'"records":')):
        assert not check(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]).complete


def test_two_records_swapped_are_not_complete(ledger):
    def swap_places(document):
        document["records"][0], document["records"][1] = document["records"][1], document["records"][0]

    def swap_texts(document):
        first, second = (record["lines"] for record in document["records"][:2])
        for one, other in zip(first, second, strict=True):
            one["entry"], other["entry"] = other["entry"], one["entry"]

    assert check(edited(ledger.file(), swap_places)).finding is Finding.MALFORMED
    assert check(edited(ledger.file(), swap_texts)).finding is Finding.ALTERED


def test_records_of_another_person_are_not_complete(ledger):
    other = ledger.chains["b"]
    assert check(ledger.file(chain=other)).finding is Finding.WITHHELD
    same_count = Maker({**ledger.chains, "b": ledger.chains["a"]}, looks=ledger.looks).close()
    assert check(ledger.file(chain=[*same_count.chains["b"][:-1], other[0]])).finding is Finding.ALTERED


def test_the_proofs_of_another_person_do_not_carry_over(ledger):
    leaf, path = ledger.map().prove(ledger.label("b"))
    assert check(ledger.file(leaf=leaf, path=path)).finding is Finding.ALTERED
    assert check(ledger.file(evidence=ledger.looks["b"].evidence)).finding is Finding.ALTERED


def test_a_label_that_is_not_the_persons_is_found(ledger):
    """A ledger that parks a person's records under a second label has no proof for it."""
    parked = {**ledger.chains, "parked": ledger.chains["a"]}
    maker = Maker(parked, looks={**ledger.looks, "parked": ledger.looks["a"]}).close()
    verdict = check(maker.file("parked"))
    assert (verdict.finding, verdict.detail) == (Finding.ALTERED, "the label is not proved")


def test_the_look_that_made_the_file_must_be_one_of_the_records(ledger):
    hidden = Maker({**ledger.chains, "a": ledger.chains["a"][:-1]}, looks=ledger.looks).close()
    assert check(hidden.file()).finding is Finding.ALTERED


def test_an_older_epoch_is_older_than_the_last_file():
    maker = Maker.of(a=records(2)).close()
    earlier = maker.file()
    maker.chains["a"] += [line(entry) for entry in records(3)[4:]]
    later = maker.look(time=START + 6_000_000).close().file()
    assert check(later, earlier).complete
    assert check(earlier, later).finding is Finding.OLDER
    assert check(later, later).complete


def test_a_history_rewritten_since_the_last_file_is_found():
    maker = Maker.of(a=records(2)).close()
    earlier = maker.file()
    rewritten = Maker.of(a=records(3)[2:]).look(time=START + 6_000_000).close().close()
    assert check(rewritten.file()).complete, "seen alone it is in order"
    assert check(rewritten.file(), earlier).finding is Finding.ALTERED


def test_a_last_file_of_someone_else_or_unreadable_is_said(ledger):
    assert check(ledger.file(), ledger.file("b")).finding is Finding.ALTERED
    assert check(ledger.file(), b"{}").finding is Finding.MALFORMED


def test_a_fork_with_another_root_is_not_in_the_log(ledger):
    fork = Maker({**ledger.chains, "a": ledger.chains["a"][:-3]}, looks=ledger.looks).close()
    data = fork.file(tlog=ledger.tlog())
    assert check(data).finding is Finding.ALTERED
    foreign = Maker(ledger.chains, looks=ledger.looks, signer=NoteSigner(ORIGIN, seed("forger"))).close()
    assert check(foreign.file()).detail == "the ledger has not signed this checkpoint"
    other_log = Maker(ledger.chains, looks=ledger.looks, origin="kumihimo/other").close()
    assert check(other_log.file()).finding is Finding.ALTERED


def test_a_stranger_is_no_witness(ledger):
    stranger = [cosigner(WITNESSES[0]), cosigner("stranger/witness")]
    verdict = check(ledger.file(tlog=ledger.tlog(cosigners=stranger)))
    assert verdict.finding is Finding.WRONG_WITNESS
    forged = [cosigner(WITNESSES[0]), cosigner(WITNESSES[1], key="forger")]
    assert check(ledger.file(tlog=ledger.tlog(cosigners=forged))).finding is Finding.WRONG_WITNESS


def test_a_false_signature_of_a_witness_is_a_wrong_witness(ledger):
    tlog = ledger.tlog()
    name = f"— {WITNESSES[1]} "
    at = tlog.index(name) + len(name) + 40
    flipped = tlog[:at] + ("A" if tlog[at] != "A" else "B") + tlog[at + 1 :]
    assert check(ledger.file(tlog=flipped)).finding is Finding.WRONG_WITNESS


def test_one_witness_is_too_few_for_a_quorum_of_two(ledger):
    one = ledger.file(tlog=ledger.tlog(cosigners=[cosigner(WITNESSES[0])]))
    assert check(one).finding is Finding.TOO_FEW_WITNESSES
    twice = [cosigner(WITNESSES[0]), cosigner(WITNESSES[0])]
    assert check(ledger.file(tlog=ledger.tlog(cosigners=twice))).finding is Finding.TOO_FEW_WITNESSES
    assert check(one, quorum=1).complete


def test_strangers_beside_a_quorum_do_no_harm(ledger):
    everybody = [*map(cosigner, WITNESSES), cosigner("stranger/witness")]
    everybody.append(cosigner(WITNESSES[0], kind=Algorithm.COSIGNATURE_ML_DSA_44))
    assert check(ledger.file(tlog=ledger.tlog(cosigners=everybody))).complete


def test_the_time_of_an_epoch_cannot_be_changed(ledger):
    data = ledger.file().replace(str(START + 10_000_000).encode(), str(START + 20_000_000).encode())
    assert check(data).finding is Finding.ALTERED


def test_counts_of_the_epoch_that_the_map_does_not_bear_are_found():
    for told in ({"total": 5}, {"depth": 5}, {"map_root": "00" * 32}):
        assert check(Maker.of(a=records(3)).close(**told).file()).finding is Finding.ALTERED


def test_an_epoch_record_out_of_its_form_is_no_epoch():
    for told in ({"map_root": "zz"}, {"v": 2}):
        assert check(Maker.of(a=records(3)).close(**told).file()).finding is Finding.MALFORMED


def test_something_else_in_the_log_is_no_epoch():
    maker = Maker.of(a=records(3)).close()
    maker.epochs.append(b'{"kind":"other"}')
    assert check(maker.file()).finding is Finding.MALFORMED


def old_ledger(erased, *, old=2, now=9 * YEAR):
    """A ledger of nine years: the first `old` of three records are eight years old, and `erased` are gone."""
    entries = []
    for number in range(3):
        one = asked(number, time=START if number < old else START + now - YEAR)
        entries += [one, outcome(one)]
    maker = Maker.of(a=entries)
    maker.chains["a"] = [
        replace(one, entry=None) if at in erased else one for at, one in enumerate(maker.chains["a"])
    ]
    return maker.close(time=START + now)


def test_records_past_their_retention_leave_hashes_and_are_counted():
    verdict = check(old_ledger({0, 1, 2, 3}).file())
    assert verdict.complete
    assert (verdict.shown, verdict.erased) == (4, 4)


@pytest.mark.parametrize("erased", [{4}, {5}, {4, 5}, {0, 1, 2, 3, 6}])
def test_what_follows_a_younger_line_was_not_erased_by_time(erased):
    maker = old_ledger(erased, old=2 if 6 in erased else 3)
    if 6 not in erased:
        first = asked(9, time=START + 8 * YEAR)
        maker.chains["a"].insert(0, line(first))
        maker.chains["a"].insert(1, line(outcome(first)))
        maker.close(time=START + 9 * YEAR)
    assert check(maker.file()).finding is Finding.ALTERED


def test_a_young_ledger_has_nothing_to_erase():
    assert check(old_ledger({0, 1}, now=6 * YEAR).file()).finding is Finding.ALTERED
    assert check(old_ledger({0, 1}).file(), since=date(2029, 1, 1)).finding is Finding.ALTERED


def test_what_was_withheld_and_is_released_counts_as_a_record():
    late = asked(7)
    maker = Maker.of(a=[*records(2), released(late), outcome(late)]).close()
    assert check(maker.file()).headline == "COMPLETE: shown 4, committed 4"


def test_an_outcome_of_nothing_shown_stands_among_the_others():
    stray = outcome(asked(5))
    maker = Maker.of(a=[stray, *records(2)]).close()
    data = maker.file()
    assert check(data).complete
    assert [other["at"] for other in msgspec.json.decode(data)["others"]] == [1]


def test_two_persons_records_of_one_moment_keep_their_lines_apart():
    first, second = asked(1), asked(2)
    maker = Maker.of(a=[first, second, outcome(second), outcome(first)]).close()
    document = msgspec.json.decode(maker.file())
    assert [[one["at"] for one in record["lines"]] for record in document["records"]] == [[1, 4], [2, 3], [5]]
    assert check(maker.file()).complete


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["records"][1]["lines"].append(d["records"][0]["lines"].pop()),
        lambda d: d["others"].append(d["records"][0]["lines"].pop()),
        lambda d: d["others"].append(d["records"][0]["lines"].pop(0)),
        lambda d: d["records"].append({"lines": []}),
        lambda d: d["records"].append(d["records"][0]),
        lambda d: d["records"][0]["lines"].reverse(),
        lambda d: d["records"][0]["lines"][0].update(at=0),
        lambda d: d["records"][0]["lines"][0].update(hash="00" * 32),
        lambda d: d["records"][0]["lines"][0].pop("entry"),
        lambda d: d["records"][0]["lines"][0].update(entry="{}"),
        lambda d: d["records"][0]["lines"][0].update(entry='{"kind":"x","tx":"","time":0}'),
        lambda d: d["person"].update(label="00"),
        lambda d: d["person"].update(code="G" * 64),
        lambda d: d["person"].update(label=d["person"]["label"].upper()),
        lambda d: d["proof"]["leaf"].update(n=-1),
        lambda d: d["proof"]["leaf"].update(n=1 << 64),
        lambda d: d["proof"]["map"][0].__setitem__(0, "X"),
        lambda d: d["proof"]["map"].extend([["L", "11" * 32, 1]] * 100),
        lambda d: d["proof"].update(tlog=""),
        lambda d: d["proof"].update(label={}),
        lambda d: d.update(format="kumihimo-records/2"),
        lambda d: d.update(more=1),
        lambda d: d.pop("made"),
    ],
)
def test_what_cannot_be_read_in_one_way_only_is_malformed(ledger, edit):
    verdict = check(edited(ledger.file(), edit))
    assert verdict.finding is Finding.MALFORMED
    assert verdict.detail


def test_a_file_may_be_spelled_in_any_way_json_allows(ledger):
    data = ledger.file()
    spellings = (b" " + data, data + b"\n", msgspec.json.format(data), json.dumps(json.loads(data)).encode())
    assert {check(other).finding for other in spellings} == {Finding.COMPLETE}


def test_a_name_that_comes_twice_and_a_file_too_long_are_malformed(ledger):
    data = ledger.file()
    twice = b'{"records":[],' + data[1:]
    for other in (b"", twice, data.replace(b'{"code"', b'{"code":"","code"'), data + b" " * (33 << 20)):
        assert check(other).finding is Finding.MALFORMED


def test_every_finding_has_words_in_both_languages_and_only_complete_is_complete(ledger):
    verdict = check(ledger.file())
    for finding in Finding:
        one = replace(verdict, finding=finding)
        assert one.meaning.english
        assert one.meaning.japanese
        assert one.headline.startswith(finding.value)
        assert one.complete is (finding is Finding.COMPLETE)


def test_the_hash_of_an_entry_is_over_its_exact_text(ledger):
    file = read_file(ledger.file())
    assert [one.hash for one in file.lines] == [one.hash for one in ledger.chains["a"]]
    assert file.lines[0].hash == entry_hash(ledger.chains["a"][0].entry)


def test_a_correction_stands_in_the_record_it_corrects():
    one = asked(1)
    correction = Entry(v=1, kind=Kind.CORRECTION, tx=one.tx, time=one.time + 9)
    maker = Maker.of(a=[one, outcome(one), *records(1, "x"), correction]).close()
    document = msgspec.json.decode(maker.file())
    assert [line["at"] for line in document["records"][0]["lines"]] == [1, 2, 5]
    assert check(maker.file()).complete
