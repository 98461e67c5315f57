"""I-1: wrong links came from searches with too few attributes and a choice among candidates.

Here a number is whole and right, or nobody is found: no search by name, no list to pick from.
"""

import os
from dataclasses import fields

import pytest
from exchange_client import Stage, today
from exchange_parties import CITY

from kumihimo.base import IndividualNumber
from kumihimo.exchange import (
    WANTED_BOX,
    Acquired,
    AcquireRequest,
    Wanted,
    WantedBox,
    acquire_request,
    acquired_form,
    party,
    wanted_box,
)
from kumihimo.law import law
from kumihimo.messages import boxes


def test_a_person_is_asked_for_by_the_whole_number_and_nothing_else():
    assert {field.name for field in fields(Wanted)} == {"number", "reference"}
    assert {field.name for field in fields(Acquired)} == {"delivery", "refused"}


@pytest.mark.nation
async def test_a_number_with_a_slip_of_the_pen_finds_nobody(stage: Stage):
    """One digit wrong, two digits swapped, one lost: refused by position, nobody else's code is made."""
    digits = stage.population().persons[0].number.reveal()
    wrong = [digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :] for place in range(12)]
    wrong += [
        digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        for place in range(11)
        if digits[place] != digits[place + 1]
    ]
    wrong += [digits[:-1], digits + "0", digits[:4], "", " " + digits]
    everybody = {one.number.reveal() for one in stage.population().persons}
    assert not everybody & set(wrong)
    tx = os.urandom(16)
    rows = tuple(Wanted(number=one, reference=str(place)) for place, one in enumerate(wrong))
    sealed = boxes.seal(
        stage.directory.entries["numbering"].box_public,
        wanted_box.write(WantedBox(rows=rows)),
        info=WANTED_BOX,
        aad=tx,
    )
    affair = law().may_hold(party(stage.directory.entries[CITY]), today())[0].id
    ask = AcquireRequest(tx=tx, recipient=CITY, affair=affair, sealed=sealed)
    answer = await stage.post(CITY, "numbering", "acquire", acquire_request.write(ask))
    assert isinstance(answer, bytes), answer
    acquired = acquired_form.read(answer)
    assert acquired == Acquired(delivery=None, refused=tuple(range(len(wrong))))
    assert str(IndividualNumber.parse(digits)) != digits
