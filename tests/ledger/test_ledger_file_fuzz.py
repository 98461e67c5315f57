"""No bytes make the verifier raise, and no changed file is complete unless it says the very same."""

import string

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_file_maker import Maker, policy, records, trusted

from kumihimo.base import Problem
from kumihimo.ledger.file import read_file
from kumihimo.ledger.policy import read_policy
from kumihimo.ledger.verdict import Finding, Verdict, explain
from kumihimo.ledger.verifying import verify_file

LEDGER = Maker.of(a=records(3), b=records(1, "b")).close().close()
FILE = LEDGER.file()
DOCUMENT = msgspec.json.decode(FILE)
POLICY = trusted()

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(value, at=()):
    """Every place inside a document, outermost first."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*at, key))


PLACES = [at for at in places(DOCUMENT) if at]


def settle(document, at, change):
    """The document with the value at a place changed."""
    document = msgspec.json.decode(msgspec.json.encode(document))
    holder = document
    for key in at[:-1]:
        holder = holder[key]
    change(holder, at[-1])
    return msgspec.json.encode(document, order="sorted")


def claims(data):
    """What a file says that somebody has signed: everything but when it was made, and the person's code."""
    document = msgspec.json.decode(data)
    return document["records"], document["others"], document["person"]["label"], document["proof"]


def never_complete_unless_the_same(data):
    verdict = verify_file(data, POLICY)
    assert isinstance(verdict, Verdict)
    assert verdict.headline
    assert explain(verdict, "ja")
    assert explain(verdict, "en")
    if verdict.complete:
        assert claims(data) == claims(FILE)
    verify_file(FILE, POLICY, data)


@given(st.binary(max_size=400))
@example(b"")
@example(b"[" * 100_000)
@example(b'{"a":' * 50_000)
@example(b"\xff\xfe")
@example(b'{"format":"kumihimo-records/1"}')
def test_any_bytes_get_a_verdict(data):
    never_complete_unless_the_same(data)


@given(values)
def test_any_json_gets_a_verdict(value):
    never_complete_unless_the_same(msgspec.json.encode(value))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.binary(max_size=3), st.integers(0, 3)), max_size=4)
)
def test_bytes_replaced_inserted_or_cut_out_anywhere(changes):
    data = FILE
    for at, put, cut in changes:
        data = data[:at] + put + data[at + cut :]
    never_complete_unless_the_same(data)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), values)
def test_any_value_put_in_any_place(at, value):
    def put(holder, key):
        holder[key] = value

    never_complete_unless_the_same(settle(DOCUMENT, at, put))


def value_at(at):
    found = DOCUMENT
    for key in at:
        found = found[key]
    return found


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_any_two_values_swapped(one, other):
    short = min(len(one), len(other))
    if one[:short] == other[:short]:
        return  # one is inside the other
    first = settle(DOCUMENT, one, lambda holder, key: holder.__setitem__(key, value_at(other)))
    both = settle(
        msgspec.json.decode(first), other, lambda holder, key: holder.__setitem__(key, value_at(one))
    )
    never_complete_unless_the_same(both)


@pytest.mark.parametrize("at", PLACES, ids=lambda at: ".".join(map(str, at)))
def test_a_member_or_element_left_out_anywhere_is_not_complete(at):
    data = settle(DOCUMENT, at, lambda holder, key: holder.pop(key))
    assert not verify_file(data, POLICY).complete


@settings(deadline=None)
@given(st.sampled_from(["epoch", "tlog"]), st.text(string.printable, max_size=300))
def test_any_text_as_epoch_or_log_proof(part, text):
    data = settle(DOCUMENT, ("proof", part), lambda holder, key: holder.__setitem__(key, text))
    never_complete_unless_the_same(data)


@given(
    st.binary(max_size=200) | st.builds(msgspec.json.encode, st.dictionaries(st.text("abc"), st.integers()))
)
def test_any_bytes_as_a_policy_are_refused(data):
    assert isinstance(read_policy(data), Problem)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_policy_is_refused_or_read(data):
    document = msgspec.json.decode(policy())
    key = data.draw(st.sampled_from(sorted(document)))
    document[key] = data.draw(values)
    read = read_policy(msgspec.json.encode(document))
    if not isinstance(read, Problem):
        verify_file(FILE, read)


@pytest.mark.parametrize(
    "change",
    [
        {"quorum": 0},
        {"quorum": 4},
        {"quorum": -1},
        {"witnesses": []},
        {"witnesses": ["x"]},
        {"key": "00"},
        {"log": "x"},
        {"since": "yesterday"},
        {"commitments": {}},
        {"commitments": {"1": "00" * 32}},
        {"commitments": {"1": "00" * 32, "2": "00" * 31}},
        {"commitments": {"1": "00" * 32, "2": "00" * 32, "3": "00" * 32}},
        {"signers": {}},
        {"signers": {"portal": "A" * 43, "1": "A" * 43}},
        {"signers": {"portal": "A" * 43, "1": "A" * 43, "2": "A" * 42}},
        {"signers": {"portal": "A" * 43, "1": "A" * 43, "2": "A" * 43, "3": "A" * 43}},
        {"signers": {"portal": "A" * 43, "1": "A" * 43, "2": 2}},
        {"format": "kumihimo-policy/2"},
    ],
)
def test_a_policy_that_trusts_nobody_is_refused(change):
    document = {**msgspec.json.decode(policy()), **change}
    refused = read_policy(msgspec.json.encode(document))
    assert isinstance(refused, Problem)
    assert refused.detail
    assert refused.detail_ja


def test_a_policy_of_a_nation_founded_before_it_named_signers_says_so():
    document = msgspec.json.decode(policy())
    del document["signers"]
    refused = read_policy(msgspec.json.encode(document))
    assert isinstance(refused, Problem)
    assert refused.detail == "the policy is of an earlier version, without signers: found the nation anew"


def test_a_witness_listed_twice_does_not_make_a_quorum():
    document = msgspec.json.decode(policy())
    document["witnesses"] = document["witnesses"][:1] * 2
    assert isinstance(read_policy(msgspec.json.encode(document)), Problem)


def test_the_policy_read_is_the_one_written():
    assert not isinstance(POLICY, Problem)
    assert verify_file(FILE, POLICY).finding is Finding.COMPLETE
    assert read_file(FILE).evidence == LEDGER.looks["a"].evidence
