"""Records kept as a table and as paper: whole, readable, and harmless in a spreadsheet."""

import base64
import csv
import io
import re
import zlib
from dataclasses import replace

import pytest
from test_ledger_reading import NOON, TELLER, asked, ended

from kumihimo.exchange import Outcome
from kumihimo.ledger import Entry, Kind
from kumihimo.ledger.reading import stories
from kumihimo.ledger.reading.sheets import Sheet
from kumihimo.node.pages import Lang, Words

ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
LOOK = Entry(v=1, kind=Kind.DISCLOSED, tx="ff" * 16, time=NOON, inquirer="portal")


def sheet(*lines, lang: Lang = Lang.JA, name: str = "見本 花子") -> Sheet:
    told = [TELLER.tell(one) for one in stories(lines)]
    return Sheet(
        name=name, read_at=NOON, told=told, own=[(LOOK, Words("マイナポータル", "Mynaportal"))], lang=lang
    )


def table(made: bytes) -> list[list[str]]:
    assert made.startswith(b"\xef\xbb\xbf")
    assert made.count(b"\r\n") == made.count(b"\n")
    return list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))


def drawn(made: bytes) -> str:
    """The text of a PDF, in the order in which it is drawn."""
    text = []
    for stream in re.findall(rb"stream\r?\n(.*?)~>endstream", made, re.DOTALL):
        page = zlib.decompress(base64.a85decode(stream))
        for shown in re.findall(rb"\((.*?)(?<!\\)\) Tj", page, re.DOTALL):
            raw = re.sub(rb"\\([0-7]{3}|.)", plain_byte, shown, flags=re.DOTALL)
            text.append(raw.decode("utf-16-be", errors="replace"))
    return "".join("".join(text).split())


def plain_byte(escaped: re.Match[bytes]) -> bytes:
    said = escaped[1]
    return bytes([int(said, 8)]) if len(said) == 3 else ESCAPED.get(said, said)


def test_the_table_has_a_line_for_each_event_and_each_own_request():
    first, second = (
        ended(asked(1, bulk=True), Outcome.PROVIDED),
        ended(asked(2), Outcome.REFUSED, "no-record"),
    )
    head, *rows = table(sheet(first, second).csv())
    assert [row[-1] for row in rows] == [first.asked.tx, second.asked.tx, LOOK.tx]
    assert all(len(row) == len(head) for row in rows)
    found = dict(zip(head, rows[0], strict=True))
    assert found["何があったか"].startswith("muni-131016が、児童手当の手続のために、")
    assert (found["一括照会"], found["結果"]) == ("はい", "情報が提供されました")
    assert dict(zip(head, rows[1], strict=True))["理由"]


def test_the_table_speaks_english_too():
    head, row, _ = table(sheet(ended(asked(1), Outcome.PROVIDED), lang=Lang.EN).csv())
    assert dict(zip(head, row, strict=True))["Outcome"] == "Provided"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"])
def test_no_cell_is_a_formula_in_a_spreadsheet(evil: str):
    line = asked(1, office=evil, items=(evil,), inquirer=evil)
    _, row, _ = table(sheet(replace(line)).csv())
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    assert f"'{evil}" in row


def test_the_paper_names_the_person_and_tells_each_event():
    lines = [ended(asked(number), Outcome.PROVIDED) for number in range(40)]
    made = sheet(*lines).pdf()
    assert made.startswith(b"%PDF-")
    assert made.count(b"/Type /Page\n") > 4
    text = drawn(made)
    assert "見本花子様" in text
    for line in lines:
        assert line.asked.tx in text
    assert "児童手当の手続のために" in text


def test_a_character_beyond_the_typeface_is_shown_as_one():
    assert "〓田" in drawn(sheet(name="𠮷田").pdf())
