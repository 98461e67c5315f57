"""What a person takes home: a table and paper of what they were shown, and a file that proves it is all."""

import csv
import io
from pathlib import Path

import pytest
from pages_reader import Reader
from test_pages_journeys import free_people, sign_in_citizen
from test_pages_records import ask, read_until

from kumihimo.base import Problem
from kumihimo.ledger import read_policy, verify_file
from kumihimo.world import Nation

pytestmark = [pytest.mark.nation, pytest.mark.browser]
PENSION, REGISTER = "nenkin", "moj"
LOOKS = "SELECT count(*) AS looks FROM ledger.entry WHERE kind = 'disclosed'"


async def saved(reader: Reader, name: str) -> tuple[str, bytes]:
    """Press what saves a file; its proposed name and what is in it."""
    async with reader.page.expect_download() as waiting:
        await reader.press(name)
    download = await waiting.value
    return download.suggested_filename, Path(await download.path()).read_bytes()  # noqa: ASYNC240


async def looks(nation: Nation) -> int:
    (row,) = await nation.rows("ledger", LOOKS)
    return int(row["looks"])


async def test_table_and_paper_hold_what_was_shown_and_are_no_further_look(reader: Reader, nation: Nation):
    person = (await free_people(nation, REGISTER))[2]
    pension = await ask(nation, person, PENSION, "年金給付関係情報")
    register = await ask(nation, person, REGISTER, "戸籍関係情報")
    portal = await sign_in_citizen(reader, nation, person)
    await read_until(reader, pension, register)
    before = await looks(nation)
    name, table = await saved(reader, "表（CSV）で保存")
    assert name.endswith(".csv")
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert {pension, register} <= {row[-1] for row in rows}
    name, paper = await saved(reader, "PDFで保存")
    assert (name[-4:], paper[:5]) == (".pdf", b"%PDF-")
    await reader.go(portal + "?information=戸籍関係情報")
    _, narrowed = await saved(reader, "表（CSV）で保存")
    assert register.encode() in narrowed
    assert pension.encode() not in narrowed
    assert await looks(nation) == before


async def test_the_file_with_proof_is_complete_and_its_making_is_on_record(reader: Reader, nation: Nation):
    person = (await free_people(nation))[5]
    tx = await ask(nation, person, PENSION, "年金給付関係情報")
    await sign_in_citizen(reader, nation, person)
    await read_until(reader, tx)
    before = await looks(nation)
    name, file = await saved(reader, "証明つきファイルを保存")
    assert name.endswith(".json")
    assert await looks(nation) == before + 1
    policy = read_policy(nation.places.policy.read_bytes())
    assert not isinstance(policy, Problem)
    verdict = verify_file(file, policy)
    assert verdict.complete, verdict
    assert tx.encode() in file


@pytest.mark.parametrize("path", ["records.csv", "records.pdf"])
async def test_nothing_is_saved_by_who_is_not_signed_in(reader: Reader, nation: Nation, path: str):
    await reader.go(nation.address("portal") + path)
    assert "だれとしてログインしますか" in await reader.text()
