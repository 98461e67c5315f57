"""Go's sumdb, which knows nothing of this program, judges the nation's logs, and copies tampered with."""

import json
import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import asyncpg
import pytest
from exchange_client import Stage, until
from exchange_parties import CITY, PENSION
from judge_logs import KEY, ORIGIN, Witness, put, signed, small_entries, written
from judge_tools import Judges

from kumihimo.base import Secret
from kumihimo.log import LogReader, NoteSigner
from kumihimo.node.transport import Raw
from kumihimo.world import institution_ids

ENTRIES = small_entries(700)
WITNESSES = [Witness(f"kumihimo.example/w{n}/witness", bytes([n]) * 32) for n in (1, 2, 3)]
NAMED = [word for witness in WITNESSES for word in ("-witness", witness.key)]


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 700 entries; nobody changes it."""
    return written(tmp_path_factory.mktemp("log"), ENTRIES)


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    return shutil.copytree(kept, tmp_path / "copy")


def old_checkpoint(folder: Path, count: int, entries: list[bytes] = ENTRIES) -> Path:
    return put(folder / f"old-{count}", signed(entries[:count]).encode())


def test_a_log_as_it_should_be_is_verified(judges: Judges, kept: Path, tmp_path: Path):
    olds = [old_checkpoint(tmp_path, count) for count in (0, 1, 255, 256, 257, 699, 700)]
    verdict = judges.log(kept, KEY, "-entries", *(word for old in olds for word in ("-old", old)))
    assert (verdict.code, verdict.last) == (0, "VERIFIED"), verdict.words
    assert f"checkpoint: {ORIGIN}, 700 entries, 0 witnesses" in verdict.words
    assert "entries: 700" in verdict.words
    assert verdict.words.count("consistency:") == 7


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 513])
def test_logs_of_every_shape_are_verified(judges: Judges, tmp_path: Path, count: int):
    assert judges.log(written(tmp_path, small_entries(count)), KEY, "-entries").code == 0


def test_a_log_of_three_levels_of_tiles_is_verified(judges: Judges, tmp_path: Path):
    entries = small_entries(66_000)
    old = old_checkpoint(tmp_path, 65_537, entries)
    verdict = judges.log(written(tmp_path / "log", entries), KEY, "-entries", "-old", old)
    assert verdict.code == 0, verdict.words


def flip(path: str, at: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = bytearray((folder / path).read_bytes())
        data[at] ^= 1
        (folder / path).write_bytes(data)

    return change


def edit(path: str, before: str, after: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text("utf-8")
        assert before in text
        (folder / path).write_text(text.replace(before, after, 1), "utf-8")

    return change


def rewritten(entries: list[bytes]) -> Callable[[Path], None]:
    """The log's own keeper writes another history and signs it."""

    def change(folder: Path) -> None:
        shutil.rmtree(folder)
        written(folder, entries)

    return change


def exchanged(folder: Path) -> None:
    first, second = folder / "tile/0/000", folder / "tile/0/001"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def signed_by_another(folder: Path) -> None:
    thief = NoteSigner(ORIGIN, Secret(bytes(32)))
    (folder / "checkpoint").write_text(signed(ENTRIES, thief), "utf-8")


TAMPERED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a hash in a full tile": (flip("tile/0/001", 40), "tiles"),
    "a hash in the unfinished tile": (flip("tile/0/002.p/188", 5000), "tiles"),
    "a hash a level higher": (flip("tile/1/000.p/2", 3), "tiles"),
    "tiles in another order": (exchanged, "tiles"),
    "a tile cut short": (lambda folder: put(folder / "tile/0/000", b"\0" * 32) and None, "bytes"),
    "a tile missing": (lambda folder: (folder / "tile/0/001").unlink(), "tiles"),
    "an entry": (flip("tile/entries/001", 700), "entries"),
    "an entry's length": (flip("tile/entries/001", 1), "entries"),
    "the size": (edit("checkpoint", "\n700\n", "\n699\n"), "checkpoint"),
    "the origin": (edit("checkpoint", f"{ORIGIN}\n", f"{ORIGIN}x\n"), "checkpoint"),
    "the signature's name": (edit("checkpoint", f"— {ORIGIN}", f"— {ORIGIN}x"), "checkpoint"),
    "the signature left out": (edit("checkpoint", f"— {ORIGIN}", f"- {ORIGIN}"), "checkpoint"),
    "another's signature": (signed_by_another, "checkpoint"),
    "an entry dropped": (rewritten(ENTRIES[:300] + ENTRIES[301:]), "shrunk"),
    "an entry rewritten": (rewritten([*ENTRIES[:300], b"{}", *ENTRIES[301:]]), "rewritten"),
    "an entry put in before": (rewritten([b"{}", *ENTRIES]), "rewritten"),
    "two entries exchanged": (
        rewritten([*ENTRIES[:9], ENTRIES[10], ENTRIES[9], *ENTRIES[11:]]),
        "rewritten",
    ),
    "the end cut off": (rewritten(ENTRIES[:600]), "shrunk"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_copy_that_was_tampered_with_is_refused(judges: Judges, copy: Path, tmp_path: Path, what: str):
    old = old_checkpoint(tmp_path, 700)
    change, named = TAMPERED[what]
    change(copy)
    verdict = judges.log(copy, KEY, "-entries", "-old", old)
    assert (verdict.code, verdict.last.startswith("REFUSED")) == (1, True), verdict.words
    assert named in verdict.last


def test_the_wrong_key_and_the_wrong_words_are_usage(judges: Judges, kept: Path):
    stranger = NoteSigner(ORIGIN, Secret(bytes(32))).verifier.text
    assert judges.log(kept, stranger).code == 1
    assert judges.log(kept, "nobody").code == 2
    assert judges.log(kept, KEY, "-witness", KEY.replace("+", "-")).code == 2
    assert judges.usage("logjudge", "-key", KEY).code == 2


def cosigned(folder: Path, *witnesses: Witness, at: int = 1_780_000_000) -> None:
    note = (folder / "checkpoint").read_text("utf-8")
    for witness in witnesses:
        note = witness.cosigned(note, at)
    (folder / "checkpoint").write_text(note, "utf-8")


def test_a_quorum_of_witnesses_is_counted(judges: Judges, copy: Path):
    assert judges.log(copy, KEY, *NAMED, "-quorum", "1").last.endswith("too few witnesses: 0 of 1")
    cosigned(copy, WITNESSES[0], WITNESSES[2])
    for quorum, code in (("0", 0), ("1", 0), ("2", 0), ("3", 1)):
        assert judges.log(copy, KEY, *NAMED, "-quorum", quorum).code == code
    assert "2 witnesses" in judges.log(copy, KEY, *NAMED, "-quorum", "2").words


def test_one_witness_who_signs_twice_is_one(judges: Judges, copy: Path):
    cosigned(copy, WITNESSES[0])
    cosigned(copy, WITNESSES[0], at=1_780_000_010)
    assert judges.log(copy, KEY, *NAMED, "-quorum", "2").code == 1


def test_a_stranger_does_not_count_as_a_witness(judges: Judges, copy: Path):
    cosigned(copy, WITNESSES[0], Witness("kumihimo.example/w2/witness", b"\7" * 32))
    assert judges.log(copy, KEY, *NAMED, "-quorum", "2").code == 1
    assert judges.log(copy, KEY, *NAMED, "-quorum", "1").code == 0


def test_a_signature_of_another_type_is_passed_over(judges: Judges, copy: Path):
    strange = Witness(WITNESSES[1].name, WITNESSES[1].seed, kind=6)
    cosigned(copy, WITNESSES[0], strange)
    named = ["-witness", WITNESSES[0].key, "-witness", strange.key]
    assert judges.log(copy, KEY, *named, "-quorum", "1").code == 0
    assert judges.log(copy, KEY, *named, "-quorum", "2").code == 1


def test_a_witness_of_another_checkpoint_spoils_this_one(judges: Judges, copy: Path):
    """The time belongs to what is signed, and so does the checkpoint."""
    note = WITNESSES[0].cosigned(signed(ENTRIES[:600]))
    line = note.rpartition("\n—")[2]
    with (copy / "checkpoint").open("a", encoding="utf-8") as file:
        file.write("—" + line)
    assert judges.log(copy, KEY, *NAMED).code == 1


def test_the_witnesses_cannot_speak_without_the_log(judges: Judges, copy: Path):
    note = (copy / "checkpoint").read_text("utf-8").rpartition("— ")[0]
    for witness in WITNESSES:
        note = witness.cosigned(note)
    (copy / "checkpoint").write_text(note, "utf-8")
    assert judges.log(copy, KEY, *NAMED, "-quorum", "2").last.endswith("has not signed the checkpoint")


async def mirrored(stage: Stage, institution: str, folder: Path) -> Path:
    """A copy of a running log: checkpoint and tiles as for anyone, entries as auditors get them."""
    conn = await asyncpg.connect(stage.nation.server.owner_of(institution))
    try:
        entries = await LogReader.entries(conn, 0, await LogReader.size(conn))
        note = await LogReader.checkpoint(conn)
    finally:
        await conn.close()
    written(folder, entries)
    assert note is not None
    put(folder / "checkpoint", note.encode())
    return folder


def key_of(stage: Stage, institution: str) -> str:
    return stage.keys[institution].note.verifier.text


def address(stage: Stage, institution: str) -> str:
    return f"{stage.directory.entries[institution].base_url}/o/log"


@pytest.mark.nation
async def test_the_logs_of_all_institutions_are_verified_over_the_open_plane(judges: Judges, stage: Stage):
    await stage.ask(stage.someone(CITY, PENSION))
    sizes = {}
    for institution in institution_ids():
        verdict = judges.log(address(stage, institution), key_of(stage, institution))
        assert verdict.code == 0, (institution, verdict.words)
        sizes[institution] = int(verdict.words.split(" entries", 1)[0].rpartition(" ")[2])
    assert min(sizes[one] for one in (CITY, PENSION, "digital", "jlis")) > 0


@pytest.mark.nation
async def test_a_log_that_grows_leads_on_from_every_checkpoint_before(
    judges: Judges, stage: Stage, tmp_path: Path
):
    olds = []
    for number in range(4):
        raw = await stage.transport.get(address(stage, "digital") + "/checkpoint", {}, 5.0)
        assert isinstance(raw, Raw)
        olds += ["-old", put(tmp_path / f"old-{number}", raw.body)]
        await stage.ask(stage.someone(CITY, PENSION))
    verdict = judges.log(address(stage, "digital"), key_of(stage, "digital"), *olds)
    assert verdict.code == 0, verdict.words
    assert verdict.words.count("consistency:") == 4


@pytest.mark.nation
async def test_entries_are_those_the_log_commits_to_and_no_others(
    judges: Judges, stage: Stage, tmp_path: Path
):
    given = await stage.ask(stage.someone(CITY, PENSION))
    assert given["tx"]
    folder = await mirrored(stage, "digital", tmp_path / "log")
    assert judges.log(folder, key_of(stage, "digital"), "-entries").code == 0
    bundles = [path for path in (folder / "tile" / "entries").rglob("*") if path.is_file()]
    for path, at in zip(bundles, cycle([5])):
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)
        assert judges.log(folder, key_of(stage, "digital"), "-entries").code == 1


@pytest.mark.nation
async def test_a_proof_file_is_verified_with_its_entry_and_no_other(
    judges: Judges, stage: Stage, tmp_path: Path
):
    await stage.ask(stage.someone(CITY, PENSION))
    conn = await asyncpg.connect(stage.nation.server.owner_of("digital"))
    try:
        size = await LogReader.size(conn)
        proof = await LogReader.proof(conn, size // 2, b"for the court")
        entry = (await LogReader.entries(conn, size // 2, size // 2 + 1))[0]
    finally:
        await conn.close()
    assert proof is not None
    file, own = put(tmp_path / "proof", proof.text.encode()), put(tmp_path / "entry", entry)
    key = key_of(stage, "digital")
    assert judges.proof(file, own, key).code == 0
    other = json.loads(entry) | {"commit": "AAAA"}
    assert judges.proof(file, put(tmp_path / "other", json.dumps(other).encode()), key).code == 1
    assert judges.proof(file, own, key_of(stage, "jlis")).code == 1
    text = proof.text
    for spoilt in (
        text.replace(f"index {size // 2}", f"index {size // 2 + 1}"),
        text.replace("@v1", "@v2"),
        text.replace("\n\n", "\n", 1),
        text.replace("index ", "index 0"),
        "",
    ):
        assert judges.proof(put(tmp_path / "spoilt", spoilt.encode()), own, key).code == 1


def policy_of(stage: Stage) -> dict:
    return json.loads((stage.nation.places.root / "policy.json").read_text("utf-8"))


@pytest.mark.nation
async def test_every_log_that_grew_is_cosigned_by_a_quorum_of_the_nations_witnesses(
    judges: Judges, stage: Stage
):
    """The witnesses' Ed25519 lines are judged here; their ML-DSA-44 lines Go's library does not know."""
    await stage.ask(stage.someone(CITY, PENSION))
    policy = policy_of(stage)
    named = [word for vkey in policy["witnesses"] for word in ("-witness", vkey)]
    for institution in (CITY, PENSION, "digital", "jlis", "ledger"):
        base = stage.directory.entries[institution].base_url

        async def cosigned(base: str = base) -> bool:
            raw = await stage.transport.get(f"{base}/o/cosigned", {}, 5.0)
            return isinstance(raw, Raw) and raw.status == 200

        await until(cosigned, 40.0)
        head = ["-checkpoint", f"{base}/o/cosigned", *named, "-quorum", str(policy["quorum"])]
        verdict = judges.log(f"{base}/o/log", key_of(stage, institution), *head)
        assert verdict.code == 0, (institution, verdict.words)
        unsigned = judges.log(f"{base}/o/log", key_of(stage, institution), *named, "-quorum", "2")
        assert "too few witnesses" in unsigned.words
