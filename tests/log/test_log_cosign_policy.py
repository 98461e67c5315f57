"""A checkpoint counts as witnessed when its log signed it and a quorum of the right witnesses did."""

from dataclasses import replace

import pytest

from kumihimo.base import ErrorType, Problem, Secret, system_clock
from kumihimo.log import (
    Algorithm,
    Checkpoint,
    Cosigned,
    Cosigner,
    LogAppender,
    LogReader,
    NoteSigner,
    Policy,
    add_signatures,
    open_cosigned,
    sign_note,
)

ORIGIN = "kumihimo.example/ledger"
LOG = NoteSigner(ORIGIN, Secret(b"\x01" * 32))
CHECKPOINT = Checkpoint(ORIGIN, 9, bytes(range(32)))
NOTE = sign_note(CHECKPOINT.text, LOG)
NOW = 1_791_014_171
ED, LATTICE = Algorithm.COSIGNATURE_ED25519, Algorithm.COSIGNATURE_ML_DSA_44


def witness(number, algorithm=ED):
    return Cosigner(f"kumihimo.example/w{number}/witness", algorithm, Secret(bytes([number]) * 32))


FIRST, SECOND, THIRD = (witness(number) for number in (1, 2, 3))
POLICY = Policy(LOG.verifier, tuple(one.verifier for one in (FIRST, SECOND, THIRD)), 2)


def cosigned(*cosigners, at=NOW, note=NOTE, checkpoint=CHECKPOINT):
    return add_signatures(note, [one.cosign(checkpoint, checkpoint.text, at) for one in cosigners])


def kind(answer):
    assert isinstance(answer, Problem)
    return answer.type


def test_two_of_three_witnesses_are_a_quorum_and_say_when():
    opened = open_cosigned(
        add_signatures(cosigned(FIRST), [THIRD.cosign(CHECKPOINT, CHECKPOINT.text, NOW + 5)]), POLICY
    )
    assert isinstance(opened, Cosigned)
    assert opened.checkpoint == CHECKPOINT
    assert opened.times == {FIRST.verifier.name: NOW, THIRD.verifier.name: NOW + 5}


def test_one_witness_is_none_even_if_it_signs_twice():
    assert kind(open_cosigned(cosigned(FIRST), POLICY)) is ErrorType.PROOF_INVALID
    twice = add_signatures(cosigned(FIRST), [FIRST.cosign(CHECKPOINT, CHECKPOINT.text, NOW + 9)])
    assert kind(open_cosigned(twice, POLICY)) is ErrorType.PROOF_INVALID


def test_strangers_do_not_count_and_do_no_harm():
    strangers = [witness(number) for number in range(10, 20)]
    assert kind(open_cosigned(cosigned(FIRST, *strangers), POLICY)) is ErrorType.PROOF_INVALID
    assert isinstance(open_cosigned(cosigned(FIRST, SECOND, *strangers), POLICY), Cosigned)


def test_a_false_signature_under_a_known_key_spoils_the_note():
    lie = replace(THIRD.cosign(CHECKPOINT, CHECKPOINT.text, NOW), value=NOW.to_bytes(8) + bytes(64))
    note = add_signatures(cosigned(FIRST, SECOND), [lie])
    assert kind(open_cosigned(note, POLICY)) is ErrorType.SIGNATURE_INVALID


def test_a_changed_time_is_a_false_signature():
    own = SECOND.cosign(CHECKPOINT, CHECKPOINT.text, NOW)
    note = add_signatures(cosigned(FIRST), [replace(own, value=(NOW + 1).to_bytes(8) + own.value[8:])])
    assert kind(open_cosigned(note, POLICY)) is ErrorType.SIGNATURE_INVALID


@pytest.mark.parametrize("algorithm", [ED, LATTICE])
def test_a_signature_of_no_time_or_of_the_wrong_length_is_none(algorithm):
    own = witness(5, algorithm)
    assert not own.verifier.verify(CHECKPOINT.text, own.cosign(CHECKPOINT, CHECKPOINT.text, 0).value)
    value = own.cosign(CHECKPOINT, CHECKPOINT.text, NOW).value
    assert own.verifier.verify(CHECKPOINT.text, value)
    for wrong in (b"", value[:-1], value + b"\0", (1 << 63).to_bytes(8) + value[8:]):
        assert not own.verifier.verify(CHECKPOINT.text, wrong)


def test_the_log_itself_must_have_signed_under_its_own_name():
    unsigned = "\n".join([CHECKPOINT.text, ""])
    assert kind(open_cosigned(cosigned(FIRST, SECOND, note=unsigned), POLICY)) is ErrorType.SIGNATURE_INVALID
    other = Checkpoint("kumihimo.example/digital", 9, bytes(32))
    note = cosigned(FIRST, SECOND, note=sign_note(other.text, LOG), checkpoint=other)
    assert kind(open_cosigned(note, POLICY)) is ErrorType.SIGNATURE_INVALID
    assert kind(open_cosigned("no note", POLICY)) is ErrorType.MALFORMED


def test_a_witness_with_two_keys_in_the_policy_counts_once_and_only_if_it_used_both():
    lattice = witness(1, LATTICE)
    both = replace(POLICY, witnesses=(*POLICY.witnesses, lattice.verifier))
    assert kind(open_cosigned(cosigned(FIRST, lattice), both)) is ErrorType.PROOF_INVALID
    assert kind(open_cosigned(cosigned(FIRST, SECOND), both)) is ErrorType.PROOF_INVALID
    assert isinstance(open_cosigned(cosigned(FIRST, lattice, SECOND), both), Cosigned)
    assert isinstance(open_cosigned(cosigned(SECOND, THIRD), both), Cosigned)


def test_extension_lines_are_cosigned_with_ed25519_as_they_stand():
    text = CHECKPOINT.text + "extension\n"
    note = add_signatures(
        sign_note(text, LOG), [one.cosign(CHECKPOINT, text, NOW) for one in (FIRST, SECOND)]
    )
    assert isinstance(open_cosigned(note, POLICY), Cosigned)
    assert isinstance(open_cosigned(note.replace("extension", "other", 1), POLICY), Problem)


@pytest.fixture
async def log(conn, signer):
    log = await LogAppender.open(conn, signer.name, signer, system_clock)
    async with conn.transaction():
        log.stage([b"one", b"two", b"three"])
        await log.flush(conn)
    log.committed()
    return log


async def keep(conn, size, note, second=""):
    await conn.execute(
        "INSERT INTO log.cosigned (size, note, second) VALUES ($1, $2, $3) ON CONFLICT (one)"
        " DO UPDATE SET size = excluded.size, note = excluded.note, second = excluded.second",
        size,
        note,
        second,
    )


async def test_an_entry_is_proved_under_the_cosigned_checkpoint_once_there_is_one(conn, log, signer):
    assert await LogReader.cosigned(conn) is None
    assert await LogReader.cosigned_proof(conn, 0) is None
    note = cosigned(FIRST, note=log.checkpoint)
    await keep(conn, 3, note, "— second\n")
    assert await LogReader.cosigned(conn) == (3, note)
    assert await LogReader.cosigned(conn, second=True) == (3, note + "— second\n")
    async with conn.transaction():
        log.stage([b"four"])
        await log.flush(conn)
    log.committed()
    proof = await LogReader.cosigned_proof(conn, 1)
    assert proof is not None
    assert proof.checkpoint == note
    assert isinstance(proof.verify(b"two", signer.verifier), Checkpoint)
    assert await LogReader.cosigned_proof(conn, 3) is None


async def test_the_cosigned_checkpoint_does_not_go_back(conn, log):
    await keep(conn, 3, log.checkpoint)
    with pytest.raises(Exception, match="only grows"):
        await keep(conn, 2, log.checkpoint)
    with pytest.raises(Exception, match="only grows"):
        await conn.execute("DELETE FROM log.cosigned")
