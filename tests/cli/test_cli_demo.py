"""The demonstration opens its own nation, every step holds, and machines can read it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = {
    "nation-opens",
    "family",
    "ask-tax",
    "ask-pension",
    "ask-account",
    "ask-register",
    "no-row",
    "item-too-many",
    "replay",
    "other-bytes",
    "tampered",
    "codes-differ",
    "operators-hold-nothing",
    "same-event",
    "person-sees",
    "withheld",
    "manual",
    "protected",
    "own-file",
    "suspension",
    "assessment",
}


@pytest.mark.nation
def test_the_told_journey_holds_step_by_step_and_leaves_nothing_behind(tmp_path):
    program, file = str(Path(sys.executable).parent / "kumihimo"), str(tmp_path / "records.json")
    command = [program, "demo", "--json", "--file", file]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert [f"{one['name']}: {one['detail']}" for one in told["steps"] if not one["ok"]] == []
    assert (told["ok"], done.returncode) == (True, 0)
    assert {one["name"] for one in told["steps"]} == STEPS
    assert all(one["detail"] for one in told["steps"])
    assert done.stdout.strip().count("\n") == 0
    assert "o9/106/2@" in done.stderr
    assert list(tmp_path.glob("kumihimo-demo-*")) == []
    verified = subprocess.run([program, "verify", file], capture_output=True, text=True, check=False)
    assert (verified.returncode, "COMPLETE" in verified.stdout) == (0, True)
