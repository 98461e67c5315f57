"""P-32: a log cannot be altered unseen: not by its keeper, who has its key, its database and all its entries.

Whatever is done to a log of any length, no witness that has seen it cosigns what came of it, by whatever
proof; and what was cosigned can be checked by anybody with the published keys, at every institution of the
running nation. That a log really exchanged for another is found, and by whom its keeper is named:
`tests/witness/test_witness_pushing.py`.
"""

import asyncio
from dataclasses import replace

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.base import Secret
from kumihimo.ledger import RecordsPolicy, read_policy
from kumihimo.log import (
    EMPTY_ROOT,
    Checkpoint,
    CosignatureVerifier,
    Cosigned,
    NoteSigner,
    NoteVerifier,
    Policy,
    consistency_proof,
    decode_bundle,
    open_cosigned,
    root_of,
    sign_note,
)
from kumihimo.node import witness_name
from kumihimo.witness.model import Known, Outcome, Request, alarm_of, decide
from kumihimo.world import Nation, institution_ids, quorum

ORIGIN = "kumihimo.example/operator"
SIGNER = NoteSigner(ORIGIN, Secret(bytes(range(32))))


def brought(entries, old):
    """A checkpoint over these entries, with the best proof their keeper can make for an old size."""

    def read(level, index):
        return root_of(entries[index << level : (index + 1) << level])

    new = Checkpoint(ORIGIN, len(entries), root_of(entries))
    proof = consistency_proof(read, min(old, new.size), new.size)
    return Request(old, tuple(proof), sign_note(new.text, SIGNER), new)


@st.composite
def altered(draw):
    """A log, how much of it a witness has seen, and the log after something was done to that part."""
    entries = draw(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
    seen = draw(st.integers(1, len(entries)))
    place = draw(st.integers(0, seen - 1))
    done = draw(st.sampled_from(["changed", "removed", "inserted", "swapped", "cut"]))
    other = list(entries)
    if done == "changed":
        other[place] = entries[place] + b"!"
    elif done == "removed":
        del other[place]
    elif done == "inserted":
        other.insert(place, b"new!!")
    elif done == "swapped":
        other[place], other[0] = other[0], other[place]
    else:
        del other[place:]
    grown = draw(st.lists(st.binary(max_size=4), max_size=20))
    return entries, seen, other + grown


@settings(max_examples=400, deadline=None)
@given(altered(), st.integers(0, 60), st.data())
def test_no_witness_cosigns_an_altered_log_by_whatever_proof(case, told, data):
    entries, seen, other = case
    known = Known(seen, root_of(entries[:seen]), "seen")
    same = root_of(other[:seen]) == known.root and len(other) >= seen
    honest = brought(other, seen if data.draw(st.booleans()) else told)
    hashes = st.lists(
        st.sampled_from([*honest.proof, known.root, honest.checkpoint.root, EMPTY_ROOT]), max_size=8
    )
    for request in (honest, replace(honest, proof=tuple(data.draw(hashes)))):
        outcome = decide(known, request)
        assert outcome is not Outcome.COSIGNED or same
        if not same and len(other) == seen:
            alarm = alarm_of(known, request, outcome)
            assert alarm is not None and alarm.kind.proved


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=4), min_size=1, max_size=60), st.data())
def test_every_witness_cosigns_what_only_grows(entries, data):
    known = Known()
    for size in sorted(data.draw(st.sets(st.integers(0, len(entries)), max_size=6))):
        request = brought(entries[:size], known.size)
        assert decide(known, request) is Outcome.COSIGNED
        known = Known(size, request.checkpoint.root, request.note)


async def cosigned(nation, institution):
    """What the institution serves at `o/cosigned`, once it covers all of its log."""
    rows = await nation.rows(institution, "SELECT size FROM log.head")
    async with asyncio.timeout(40), httpx.AsyncClient() as client:
        while True:
            answer = await client.get(f"{nation.address(institution)}o/cosigned")
            if answer.status_code == 200 and int(answer.text.split("\n")[1]) >= rows[0]["size"]:
                return answer.text
            await asyncio.sleep(0.5)


async def stored(nation, institution, size):
    rows = await nation.rows(institution, "SELECT bundle FROM log.chunk ORDER BY first")
    return [entry for row in rows for entry in decode_bundle(row["bundle"])][:size]


@pytest.mark.nation
async def test_every_log_of_the_nation_is_cosigned_as_it_stands(nation: Nation):
    entries = msgspec.json.decode(nation.places.directory.read_bytes())["directory"]["entries"]
    keys = [CosignatureVerifier.parse(key) for one in entries.values() for key in one["witness_keys"]]
    assert sorted({key.name for key in keys}) == [witness_name(one) for one in ("bar", "ppc", "univ")]
    checked = 0
    for name in institution_ids():
        if not (await nation.rows(name, "SELECT size FROM log.head"))[0]["size"]:
            continue
        policy = Policy(NoteVerifier.parse(entries[name]["log_key"]), tuple(keys), quorum())
        opened = open_cosigned(await cosigned(nation, name), policy)
        assert isinstance(opened, Cosigned), (name, opened)
        assert opened.checkpoint.root == root_of(await stored(nation, name, opened.checkpoint.size))
        checked += 1
    assert checked >= 10


@pytest.mark.nation
async def test_the_policy_the_commission_publishes_opens_the_ledgers_checkpoint(nation: Nation):
    async with httpx.AsyncClient() as client:
        published = (await client.get(f"{nation.address('ppc')}o/policy")).content
        witnesses = [
            (await client.get(f"{nation.address(name)}o/witness")).json() for name in ("bar", "ppc", "univ")
        ]
    assert published == nation.places.policy.read_bytes()
    policy = read_policy(published)
    assert isinstance(policy, RecordsPolicy)
    assert (policy.trust.quorum, len(policy.trust.witnesses)) == (quorum(), 3)
    assert isinstance(open_cosigned(await cosigned(nation, "ledger"), policy.trust), Cosigned)
    assert all(one["alarms"] == [] and one["epochs"] >= 1 for one in witnesses)
