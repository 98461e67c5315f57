"""The floor plan and the measure of every room."""

import architecture_lints as lints
import pytest
from architecture_source import PACKAGE, public_names, rooms, sources

LONGEST_MODULE = 400


@pytest.mark.parametrize("room", rooms())
def test_a_room_states_its_duty_and_its_public_face(room):
    assert (PACKAGE / room / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert public_names(room)


@pytest.mark.parametrize("room", rooms())
def test_everything_public_in_a_room_is_documented(room):
    modules = [source for source in sources() if source.room == room]
    assert modules
    assert [f"{s.path} {fault}" for s in modules for fault in lints.undocumented(s.tree)] == []


@pytest.mark.parametrize("room", rooms())
def test_no_module_or_function_of_a_room_is_swollen(room):
    modules = [source for source in sources() if source.room == room]
    lengths = {source.path: len(source.text.splitlines()) for source in modules}
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}
    assert [f"{s.path} {fault}" for s in modules for fault in lints.long_functions(s.tree)] == []
