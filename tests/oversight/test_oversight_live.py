"""The commission compares the logs of a running nation, tells the institutions, and hears their answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from exchange_client import Stage, until
from exchange_parties import CITY, PENSION

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange import AnswerEnvelope, Notices, commitment, notices_form
from kumihimo.world import Nation

pytestmark = pytest.mark.nation


async def reconcile(stage: Stage, *, start: bool) -> dict[str, object]:
    said = await stage.post("ppc", "ppc", "reconcile", json.dumps({"start": start}).encode())
    assert isinstance(said, bytes), said
    return json.loads(said)


async def compared(stage: Stage) -> dict[str, object]:
    """The nation compared once, to the end."""
    begun = (await reconcile(stage, start=True))["began"]

    async def ended() -> dict[str, object] | None:
        standing = await reconcile(stage, start=False)
        return None if standing["running"] else standing

    standing = await until(ended, 60)
    return standing if begun else await compared(stage)


async def settled(stage: Stage, commit: bytes) -> dict[str, object]:
    """Compared when the ledger has counted an exchange, as if five minutes had passed since."""

    async def counted() -> bool:
        await compared(stage)
        query = "SELECT 1 FROM oversight.line WHERE commit = $1 AND log = 'ledger'"
        return bool(await stage.nation.rows("ppc", query, commit))

    await until(counted, 60)
    aged = "UPDATE oversight.line SET seen_at = seen_at - interval '10 minutes' WHERE commit = $1"
    await stage.write("ppc", aged, commit)
    return await compared(stage)


async def tallied(stage: Stage) -> int:
    rows = await stage.nation.rows("ppc", "SELECT coalesce(sum(complete), 0)::int AS n FROM oversight.tally")
    return rows[0]["n"]


async def alarms(stage: Stage, commit: bytes) -> list[tuple[str, str]]:
    query = "SELECT kind, owner FROM oversight.alarm WHERE commit = $1 AND closed_at IS NULL"
    return [tuple(row) for row in await stage.nation.rows("ppc", query, commit)]


async def commit_of(stage: Stage, tx: str) -> bytes:
    (row,) = await stage.nation.rows(
        "ledger", "SELECT commit FROM ledger.event WHERE tx = $1", bytes.fromhex(tx)
    )
    return bytes(row["commit"])


async def test_an_answered_question_agrees_in_all_its_logs(stage: Stage):
    before = await tallied(stage)
    given = await stage.ask(stage.someone(CITY, PENSION))
    commit = await commit_of(stage, given["tx"])
    standing = await settled(stage, commit)
    assert standing["outcome"]["away"] == []
    assert await alarms(stage, commit) == []
    assert await tallied(stage) > before
    assert not await stage.nation.rows("ppc", "SELECT 1 FROM oversight.line WHERE commit = $1", commit)


async def test_a_question_the_inquirer_did_not_write_down_is_asked_of_it_and_answered(stage: Stage):
    papers = await stage.slip(stage.someone(CITY, PENSION))
    assert isinstance(await stage.answered(await stage.ready(papers)), AnswerEnvelope)
    commit = commitment(papers.slip, papers.signed.body)
    await settled(stage, commit)
    assert await alarms(stage, commit) == [("missing", CITY)]

    async def kept(institution: str) -> list[object]:
        query = "SELECT id, owner, holders FROM exchange.notice WHERE commit = $1"
        return await stage.nation.rows(institution, query, commit)

    for institution in (CITY, PENSION, "digital", "jlis"):
        (notice,) = await until(lambda at=institution: kept(at), 20)
        assert notice["owner"] == CITY
        assert set(notice["holders"]) == {PENSION, "digital", "jlis", "ledger"}

    async def told() -> bool:
        query = (
            "SELECT n.institution FROM oversight.notice AS n JOIN oversight.alarm AS a ON a.id = n.alarm "
            "WHERE a.commit = $1 AND n.told_at IS NULL"
        )
        return not await stage.nation.rows("ppc", query, commit)

    assert await until(told, 20)


async def test_nobody_but_the_commission_compares_or_sends_notices(stage: Stage):
    asked = await stage.post(CITY, "ppc", "reconcile", b'{"start":true}')
    sent = await stage.post(PENSION, CITY, "reconciliation-notice", notices_form.write(Notices(notices=())))
    for refused in (asked, sent):
        assert isinstance(refused, Problem)
        assert refused.type is ErrorType.NOT_PERMITTED


async def test_a_notice_out_of_bounds_is_refused_and_an_answer_to_none_is_not_found(stage: Stage):
    notice = {
        "id": "AAAA",
        "kind": "missing",
        "owner": CITY,
        "commit": None,
        "place": None,
        "permission": "",
        "hour": None,
        "inquirer": "",
        "provider": "",
        "holders": [],
        "due": "2026-02-30",
        "closed": False,
    }
    body = json.dumps({"notices": [notice]}).encode()
    refused = await stage.post("ppc", CITY, "reconciliation-notice", body)
    assert isinstance(refused, Problem)
    assert refused.type is ErrorType.MALFORMED
    answer = json.dumps({"id": "A" * 21 + "A==", "answer": "looking"}).encode()
    unknown = await stage.post(CITY, "ppc", "reconciliation-answer", answer)
    assert isinstance(unknown, Problem)
    assert unknown.type is ErrorType.NOT_FOUND


def reconcile_command(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = Path(sys.executable).with_name("kumihimo")
    return subprocess.run(
        [command, "reconcile", "--nation", folder, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_says_what_was_compared_in_both_languages(nation: Nation):
    done = reconcile_command(nation.places.root)
    assert done.returncode in (0, 1), done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["outcome"]["away"] == []
    assert (done.returncode == 0) == (last["alarms"] == [])
    assert "照合" in done.stdout
    assert "in all their logs" in done.stdout


def test_the_command_without_an_open_nation_says_so(tmp_path: Path):
    done = reconcile_command(tmp_path)
    assert done.returncode == 2
    assert "is not open" in done.stderr
