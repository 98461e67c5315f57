"""The page of the protocol says what the program does: its example and its list of refusals."""

import re
from base64 import b64encode
from pathlib import Path

from kumihimo.base.error_types import WORDS
from kumihimo.exchange import commitment, digest, slip_codec
from kumihimo.exchange.slip import entry_of

PAGE = Path(__file__).parents[2] / "docs" / "protocols" / "exchange.md"


def between(name: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]


def test_the_page_shows_a_slip_with_the_digest_commitment_and_entry_it_has():
    slip_lines, values = between("example").strip("\n").split("\n\n")
    body = "".join(line.removeprefix("    ") for line in slip_lines.splitlines()).encode()
    shown = dict(line.split(maxsplit=1) for line in values.splitlines())
    slip = slip_codec.decode(body)
    commit = commitment(slip, body)
    assert slip_codec.encode(slip) == body
    assert shown == {
        "digest": b64encode(digest(body)).decode(),
        "commit": b64encode(commit).decode(),
        "entry": entry_of(slip, commit).decode(),
    }


def test_the_page_lists_every_refusal_with_its_status_and_title():
    listed = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.*) \|$", between("errors"), re.MULTILINE)
    assert listed == [(str(kind), str(words.status), words.title) for kind, words in WORDS.items()]
