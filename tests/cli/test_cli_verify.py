"""`kumihimo verify`: what a person sees, and what a script can rely on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kumihimo.cli.main import app

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))

from ledger_file_maker import START, WITNESSES, Maker, cosigner, policy, records


@pytest.fixture(scope="module")
def ledger():
    return Maker.of(a=records(2)).close()


@pytest.fixture
def folder(tmp_path, ledger):
    """A folder as a person has it: the file, and the policy beside it."""
    (tmp_path / "records.json").write_bytes(ledger.file())
    (tmp_path / "policy.json").write_bytes(policy())
    return tmp_path


def verify(*arguments):
    done = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def test_a_whole_file_is_complete_with_exit_code_0(folder):
    done = verify(folder / "records.json")
    assert done.exit_code == 0
    assert done.stdout.startswith("COMPLETE: shown 3, committed 3\n")
    assert "欠け" not in done.stderr
    assert "台帳が" in done.stdout
    assert "Every record" in done.stdout
    assert "witnesses: ppc/witness, univ/witness" in done.stdout


def test_a_withheld_record_is_named_with_exit_code_1(folder):
    document = json.loads((folder / "records.json").read_text())
    del document["records"][1]
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (folder / "short.json").write_text(text, encoding="utf-8")
    done = verify(folder / "short.json")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "WITHHELD: shown 2, committed 3"


@pytest.mark.parametrize(
    ("language", "says", "keeps_quiet"), [("ja", "台帳が", "Every"), ("en", "Every", "台帳")]
)
def test_one_language_is_enough_where_it_is_asked_for(folder, language, says, keeps_quiet):
    done = verify(folder / "records.json", "--lang", language)
    assert says in done.stdout
    assert keeps_quiet not in done.stdout


def test_a_script_reads_one_json_object(folder):
    done = verify(folder / "records.json", "--json")
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "verdict": "COMPLETE",
        "detail": "",
        "shown": 3,
        "committed": 3,
        "erased": 0,
        "epoch": 1,
        "time": START + 10_000_000,
        "witnesses": list(WITNESSES[:2]),
    }


def test_an_earlier_file_shows_that_this_one_is_older(folder, ledger):
    later = Maker({name: list(chain) for name, chain in ledger.chains.items()}, epochs=list(ledger.epochs))
    (folder / "later.json").write_bytes(later.look(time=START + 6_000_000).close().file())
    assert verify(folder / "later.json", "--last", folder / "records.json").exit_code == 0
    done = verify(folder / "records.json", "--last", folder / "later.json")
    assert done.exit_code == 1
    assert done.stdout.startswith("OLDER: ")


def test_an_earlier_file_that_does_not_hold_is_nothing_to_compare_with(folder):
    spoilt = (folder / "records.json").read_bytes().replace(b"tokyo-chiyoda", b"tokyo-minato", 1)
    for earlier in (spoilt, b"{}"):
        (folder / "earlier.json").write_bytes(earlier)
        done = verify(folder / "records.json", "--last", folder / "earlier.json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "The earlier file does not hold by itself" in done.stderr
        assert "前のファイル" in done.stderr
    assert verify(folder / "records.json", "--last", folder / "records.json").exit_code == 0


def test_a_look_that_nobody_signed_is_altered_with_exit_code_1(folder):
    document = json.loads((folder / "records.json").read_text())
    for paper in ("slip", "first", "second"):
        document["proof"]["label"][paper]["jws"] = "A" * 86
    (folder / "unsigned.json").write_text(json.dumps(document))
    done = verify(folder / "unsigned.json")
    assert done.exit_code == 1
    assert done.stdout.startswith("ALTERED: the portal has not signed the look that made this file\n")
    assert "署名がありません" in done.stdout


def test_a_policy_without_signers_is_of_an_older_nation_and_says_so(folder):
    document = json.loads(policy())
    del document["signers"]
    (folder / "policy.json").write_text(json.dumps(document))
    done = verify(folder / "records.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "found the nation anew" in done.stderr


def test_witnesses_are_counted_by_the_policy_and_not_by_the_file(folder, ledger):
    one = ledger.tlog(cosigners=[cosigner(WITNESSES[0])])
    (folder / "records.json").write_bytes(ledger.file(tlog=one))
    assert verify(folder / "records.json").stdout.startswith("TOO FEW WITNESSES: 1 of the 2")
    (folder / "other.json").write_bytes(policy(quorum=1))
    assert verify(folder / "records.json", "--policy", folder / "other.json").exit_code == 0


def test_without_a_policy_nothing_is_said_of_the_file(folder):
    (folder / "policy.json").unlink()
    done = verify(folder / "records.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--policy" in done.stderr


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b"\xff", b'{"format":"kumihimo-policy/2"}'])
def test_a_policy_that_cannot_be_read_is_a_usage_error(folder, broken):
    (folder / "policy.json").write_bytes(broken)
    assert verify(folder / "records.json").exit_code == 2


def test_a_file_that_is_none_is_malformed_and_one_that_is_not_there_a_usage_error(folder):
    (folder / "none.json").write_bytes(b"\x00\x01")
    assert verify(folder / "none.json").exit_code == 1
    assert verify(folder / "missing.json").exit_code == 2


def test_nothing_of_the_records_is_told_by_a_verdict(folder):
    document = json.loads((folder / "records.json").read_text())
    for name in ("records.json", "policy.json"):
        done = verify(folder / name, "--policy", folder / "policy.json")
        for secret in (document["person"]["code"], document["person"]["label"], "tokyo-chiyoda"):
            assert secret not in done.stdout + done.stderr


def test_no_socket_is_opened(folder):
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = socket.socket.bind = refuse\n"
        "from kumihimo.cli import main\n"
        f"sys.argv = ['kumihimo', 'verify', {str(folder / 'records.json')!r}]\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("COMPLETE")
