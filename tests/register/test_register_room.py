"""The room opens with its tables only: it is asked through the exchange, never directly."""

import tomllib
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


def test_every_provided_query_takes_subject_day_and_period():
    institutions = (resources.files("kumihimo.world") / "institutions").iterdir()
    provided = {
        one["query"].partition("/")[2]
        for file in institutions
        for one in tomllib.loads(file.read_text(encoding="utf-8")).get("provides", ())
        if one["query"].startswith("register/")
    }
    assert provided
    for name in provided:
        text = (resources.files("kumihimo.register") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
        assert all(parameter in text for parameter in ("$1::text", "$2::date", "$3::date", "$4::date"))
        assert not text.rstrip().splitlines()[-1].lstrip().startswith("--")
