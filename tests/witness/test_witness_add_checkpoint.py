"""`add-checkpoint` answers as C2SP tlog-witness says, and a witness never cosigns two histories."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import asyncpg
import httpx
import pytest
from witness_parties import PaperLog, know, true_lines, witness

from kumihimo.log import CosignatureVerifier, read_signatures, verify_consistency
from kumihimo.node import hosting

LOG = PaperLog.of("operator", 40)
STRANGER = PaperLog.of("operator", 40, seed=bytes(32))
PLAIN = "text/plain; charset=utf-8"


class Desk:
    """A hosted witness as a log's keeper sees it."""

    def __init__(self, client, url, ground):
        self.client, self.url, self.ground = client, url, ground

    async def bring(self, body):
        return await self.client.post(f"{self.url}/o/add-checkpoint", content=body)

    async def told(self):
        return (await self.client.get(f"{self.url}/o/witness")).json()


@asynccontextmanager
async def opened(ground, settings):
    async with hosting([settings]), httpx.AsyncClient() as client:
        yield Desk(client, settings.base_url, ground)


@pytest.fixture
async def settings(ground):
    made = await witness(ground, "univ")
    know(ground, LOG)
    ground.publish()
    return made


@pytest.fixture
async def desk(ground, settings):
    async with opened(ground, settings) as one:
        yield one


def size_of(answer):
    assert (answer.status_code, answer.headers["content-type"]) == (409, "text/x.tlog.size")
    return int(answer.text.removesuffix("\n"))


async def test_a_first_checkpoint_and_those_that_extend_it_are_cosigned_with_both_keys(desk):
    for old, new in ((0, 3), (3, 8), (8, 8), (8, 40)):
        before = int(time.time())
        answer = await desk.bring(LOG.request(old, new))
        assert (answer.status_code, answer.headers["content-type"]) == (200, PLAIN)
        signed = true_lines(desk.ground, "univ", LOG.checkpoint(new).text, answer.text)
        assert [key.algorithm for key in signed] == [4, 6]
        for key, line in zip(signed, read_signatures(answer.text), strict=True):
            assert before <= key.time(line.value) <= time.time()
    told = await desk.told()
    assert (told["logs"], told["epochs"], told["alarms"]) == (1, 0, [])
    assert told["keys"] == list(desk.ground.entries["univ"].witness_keys)


async def test_who_does_not_know_the_size_is_told_it(desk):
    await desk.bring(LOG.request(0, 9))
    assert size_of(await desk.bring(LOG.request(0, 20))) == 9
    assert size_of(await desk.bring(LOG.request(5, 20))) == 9
    assert (await desk.bring(LOG.request(9, 20))).status_code == 200


async def test_a_rollback_is_refused_and_noted(desk):
    await desk.bring(LOG.request(0, 20))
    assert size_of(await desk.bring(LOG.request(5, 9))) == 20
    assert size_of(await desk.bring(LOG.request(0, 0))) == 20
    (alarm,) = (await desk.told())["alarms"]
    assert (alarm["kind"], alarm["proved"], alarm["times"]) == ("rollback", False, 2)
    assert (alarm["origin"], alarm["institution"]) == (LOG.signer.name, "operator")


async def test_a_split_view_of_the_same_size_is_refused_and_proved_by_two_signatures(desk, settings):
    await desk.bring(LOG.request(0, 20))
    fork = LOG.forked(13)
    answer = await desk.bring(fork.request(20, 20, ()))
    assert answer.status_code == 409
    assert answer.headers["content-type"] != "text/x.tlog.size"
    (alarm,) = (await desk.told())["alarms"]
    assert (alarm["kind"], alarm["proved"], alarm["size"]) == ("fork", True, 20)
    conn = await asyncpg.connect(settings.runtime.database)
    row = await conn.fetchrow("SELECT note, known FROM witness.alarm")
    await conn.close()
    assert (row["note"], row["known"]) == (fork.note(20), LOG.note(20))
    assert (await desk.bring(LOG.request(20, 40))).status_code == 200


async def test_the_first_proof_of_a_fork_stays(desk, settings):
    await desk.bring(LOG.request(0, 20))
    for at in (13, 14, 15):
        await desk.bring(LOG.forked(at).request(20, 20, ()))
    conn = await asyncpg.connect(settings.runtime.database)
    rows = await conn.fetch("SELECT note, times FROM witness.alarm")
    await conn.close()
    assert [(row["note"], row["times"]) for row in rows] == [(LOG.forked(13).note(20), 3)]


async def test_a_forked_log_of_another_size_has_no_proof_that_leads_there(desk):
    await desk.bring(LOG.request(0, 20))
    answer = await desk.bring(LOG.forked(13).request(20, 40))
    assert answer.status_code == 422
    (alarm,) = (await desk.told())["alarms"]
    assert (alarm["kind"], alarm["proved"]) == ("inconsistent", False)


@pytest.mark.parametrize("proof", [(), (bytes(32),), LOG.proof(20, 40)[:-1], (*LOG.proof(20, 40), bytes(32))])
async def test_a_proof_that_does_not_prove_is_refused(desk, proof):
    await desk.bring(LOG.request(0, 20))
    assert (await desk.bring(LOG.request(20, 40, proof))).status_code == 422
    assert size_of(await desk.bring(LOG.request(0, 40))) == 20


async def test_a_proof_where_none_may_be_is_refused(desk):
    assert (await desk.bring(LOG.request(0, 20, (bytes(32),)))).status_code == 422
    await desk.bring(LOG.request(0, 20))
    assert (await desk.bring(LOG.request(20, 20, (bytes(32),)))).status_code == 422


async def test_an_old_size_above_the_new_one_is_a_bad_request(desk):
    assert (await desk.bring(LOG.request(21, 20, ()))).status_code == 400


async def test_an_unknown_origin_is_not_found(desk):
    assert (await desk.bring(PaperLog.of("nobody", 3).request(0, 3))).status_code == 404


async def test_what_the_log_has_not_signed_is_forbidden_and_raises_no_alarm(desk):
    unsigned = LOG.note(3).rpartition("\n\n")[0] + "\n\n" + STRANGER.note(3).rpartition("\n\n")[2]
    assert (await desk.bring(LOG.request(0, 3, note=unsigned))).status_code == 403
    assert (await desk.bring(STRANGER.request(0, 3))).status_code == 403
    changed = LOG.note(3).replace("\n3\n", "\n4\n")
    assert (await desk.bring(LOG.request(0, 3, note=changed))).status_code == 403
    assert (await desk.told())["alarms"] == []


async def test_signatures_of_strangers_beside_the_logs_own_are_ignored(desk):
    note = LOG.note(3) + STRANGER.note(3).rpartition("\n\n")[2]
    assert (await desk.bring(LOG.request(0, 3, note=note))).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"\xff\xfe",
        LOG.request(0, 3).replace(b"old 0", b"old 00"),
        LOG.request(0, 3).replace(b"old 0", b"old -1"),
        LOG.request(0, 3).replace(b"old 0", b"old  0"),
        LOG.request(0, 3).replace(b"old 0", b"new 0"),
        LOG.request(0, 3).replace(b"old 0", "old ０".encode()),
        LOG.request(0, 3).replace(b"\n\n", b"\n", 1),
        LOG.request(0, 3)[:-1],
        LOG.request(0, 3).replace(b"\n3\n", b"\n03\n"),
        LOG.request(0, 3, (b"short",)),
        LOG.request(0, 3, (bytes(32),) * 64),
        LOG.request(0, 3).replace(b"old 0\n", b"old 0\nnot base64\n"),
        LOG.request(0, 3).replace("\n— ".encode(), b"\n- "),
    ],
)
async def test_what_is_no_request_is_a_bad_request(desk, body):
    assert (await desk.bring(body)).status_code == 400
    assert (await desk.told())["alarms"] == []


async def test_what_is_too_long_is_refused_unread(desk):
    assert (await desk.bring(LOG.request(0, 3) + b"x" * 300_000)).status_code == 413


async def test_two_branches_that_race_never_both_win(desk):
    await desk.bring(LOG.request(0, 5))
    branches = [LOG, LOG.forked(7), LOG.forked(9)]

    async def race(branch, new):
        old = 5
        for _ in range(20):
            answer = await desk.bring(branch.request(old, new))
            if answer.status_code != 409 or answer.headers["content-type"] != "text/x.tlog.size":
                return (branch, new) if answer.status_code == 200 else None
            old = size_of(answer)
            if old > new:
                return None
        return None

    ran = await asyncio.gather(*(race(branch, new) for new in range(10, 41) for branch in branches))
    won = sorted((one for one in ran if one is not None), key=lambda one: one[1])
    assert won
    for (first, old), (second, new) in pairwise(won):
        roots = first.checkpoint(old).root, second.checkpoint(new).root
        assert verify_consistency(old, new, *roots, second.proof(old, new))


async def test_racing_requests_of_one_log_leave_the_longest(desk):
    answers = await asyncio.gather(*(desk.bring(LOG.request(0, new)) for new in range(1, 41)))
    assert [answer.status_code for answer in answers].count(200) == 1
    known = size_of(await desk.bring(LOG.request(0, 40)))
    assert {size_of(answer) for answer in answers if answer.status_code == 409} == {known}


async def test_a_witness_remembers_after_it_was_stopped(ground, settings):
    async with opened(ground, settings) as desk:
        await desk.bring(LOG.request(0, 20))
    async with opened(ground, settings) as desk:
        assert size_of(await desk.bring(LOG.request(0, 40))) == 20
        assert (await desk.bring(LOG.request(20, 40))).status_code == 200


async def test_the_database_itself_refuses_to_go_back(desk, settings):
    await desk.bring(LOG.request(0, 20))
    conn = await asyncpg.connect(settings.runtime.database)
    for statement in (
        "UPDATE witness.log SET size = 19",
        "UPDATE witness.log SET root = decode(repeat('00', 32), 'hex')",
        "DELETE FROM witness.log",
        "TRUNCATE witness.log",
    ):
        with pytest.raises(asyncpg.RaiseError, match="does not go back"):
            await conn.execute(statement)
    await conn.close()


async def test_a_key_that_left_the_directory_is_not_believed_any_more(desk):
    await desk.bring(LOG.request(0, 20))
    other = replace(desk.ground.entries["operator"], log_key=STRANGER.signer.verifier.text)
    desk.ground.entries["operator"] = other
    serial = desk.ground.publish().serial
    async with asyncio.timeout(5):
        while (await desk.client.get(f"{desk.url}/o/health")).json()["directory_serial"] < serial:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await desk.bring(LOG.request(20, 40))).status_code == 403


def test_names_of_a_witness_are_the_same_on_both_keys(settings, ground):
    keys = [CosignatureVerifier.parse(text) for text in ground.entries["univ"].witness_keys]
    assert {key.name for key in keys} == {"kumihimo.example/univ/witness"}
