"""The room opens with its tables only: it is asked through the exchange, never directly."""

from importlib import resources
from types import SimpleNamespace

from kumihimo.register.app import open_room


async def test_the_resident_register_offers_no_door_of_its_own():
    told = []
    logger = SimpleNamespace(info=lambda event, **fields: told.append((event, fields)))
    room = await open_room(SimpleNamespace(logger=logger))
    assert room.name == "register"
    assert (dict(room.exchange), dict(room.open), room.pages) == ({}, {}, None)
    assert told == [("room_open", {"room": "register"})]


def test_every_query_takes_subject_day_and_period():
    files = [
        f for f in (resources.files("kumihimo.register") / "queries").iterdir() if f.name.endswith(".sql")
    ]
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert all(parameter in text for parameter in ("$1::text", "$2::date", "$3::date", "$4::date"))
        assert not text.rstrip().splitlines()[-1].lstrip().startswith("--")
