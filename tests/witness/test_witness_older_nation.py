"""A nation founded before there were witnesses says so and what to do, and nothing of it is touched."""

import msgspec
import pytest

from kumihimo.node import SettingsError
from kumihimo.world import open_nation


async def test_a_nation_without_witnesses_is_to_be_founded_anew(tmp_path):
    charter = {"residents": 9, "seed": 1, "ports": {}, "settled": True, "nodes": {"east": ["digital", "ppc"]}}
    (tmp_path / "nation.json").write_bytes(msgspec.json.encode(charter))
    with pytest.raises(SettingsError, match=r"univ.*founded before.*remove the folder"):
        await open_nation(tmp_path, lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["nation.json"]
