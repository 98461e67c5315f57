"""The walls between rooms: the order of the map, public faces, and who may make what."""

import subprocess
import sys

import architecture_lints as lints
from architecture_source import ROOT, layers, public_names, rooms, sources

MAKERS_OF_NUMBERS = {"base", "numbering", "world", "cli"}
PURE = {"base", "law", "codes", "messages"}


def broken(lint, rooms_free_of_it=frozenset()):
    return [
        f"{source.path} {fault}"
        for source in sources()
        if source.room not in rooms_free_of_it
        for fault in lint(source)
    ]


def test_the_import_contracts_hold():
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_room_is_on_the_map():
    assert set(rooms()) <= frozenset().union(*layers())


def test_the_four_pure_rooms_and_the_order_of_the_map_are_as_designed():
    lowest_first = [sorted(layer) for layer in layers()]
    assert set().union(*lowest_first[:4]) == PURE
    assert [layer[0] for layer in lowest_first[:8]] == (
        ["base", "law", "codes", "messages", "log", "node", "exchange", "ledger"]
    )
    assert lowest_first[-2:] == [["world"], ["cli"]]


def test_rooms_see_only_one_anothers_public_face():
    assert broken(lambda source: lints.doors(source.tree, source.room, public_names)) == []


def test_only_numbering_makes_individual_numbers():
    assert broken(lambda source: lints.numbers_made(source.tree), MAKERS_OF_NUMBERS) == []


def test_only_codes_derives_codes():
    assert broken(lambda source: lints.codes_derived(source.tree), {"codes"}) == []


def test_nothing_revealed_is_formatted_logged_or_raised():
    assert broken(lambda source: lints.revealed(source.tree)) == []
