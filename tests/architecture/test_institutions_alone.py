"""An institution's rooms start where the rooms it does not run cannot even be imported."""

import subprocess
import sys
import tomllib
from collections import defaultdict

import pytest
from architecture_source import PACKAGE, layers

FOLDER = PACKAGE / "world" / "institutions"
SHARED = frozenset({"base", "law", "codes", "messages", "log", "node", "exchange"})

BLOCKER = """
import importlib, sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if any(name == room or name.startswith(room + ".") for room in BLOCKED):
            raise ImportError(name + " is another institution's room")

BLOCKED = ["kumihimo." + room for room in sys.argv[1].split(",") if room]
sys.meta_path.insert(0, Wall())
for room in sys.argv[2].split(","):
    importlib.import_module("kumihimo." + room + ".app")
for room in BLOCKED:
    assert room not in sys.modules, room
"""


def institutions_by_rooms():
    found = defaultdict(list)
    for path in sorted(FOLDER.glob("*.toml")):
        found[tuple(tomllib.loads(path.read_text(encoding="utf-8"))["rooms"])].append(path.stem)
    return found


def blocked_for(listed):
    """The rooms an institution neither runs nor stands on."""
    heights = {room: height for height, layer in enumerate(layers()) for room in layer}
    top = max(heights[room] for room in listed)
    beneath = {room for room, height in heights.items() if height < top}
    return set(heights) - SHARED - beneath - set(listed)


def start(blocked, listed):
    return subprocess.run(
        [sys.executable, "-c", BLOCKER, ",".join(sorted(blocked)), ",".join(listed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_nation_has_institutions():
    assert not FOLDER.exists() or institutions_by_rooms()


@pytest.mark.parametrize(
    "listed",
    [pytest.param(listed, id="+".join(listed)) for listed in institutions_by_rooms()],
)
def test_an_institutions_rooms_start_with_the_others_unimportable(listed):
    done = start(blocked_for(listed), listed)
    assert done.returncode == 0, f"{institutions_by_rooms()[listed]}: {done.stderr[-2000:]}"


def test_the_wall_holds():
    assert "is another institution's room" in start({"exchange"}, ["exchange"]).stderr


def test_a_municipality_cannot_reach_numbering_or_the_portal():
    assert {"numbering", "portal", "accounts", "world", "cli"} <= blocked_for(["register", "municipality"])
    assert "register" not in blocked_for(["register", "municipality"])
