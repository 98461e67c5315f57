"""P-12: one institution's codes are renewed without touching anybody else's."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "codes"))

from codes_nation import Nation

from kumihimo.base import Problem
from kumihimo.codes import Domain, rotate

OLD, NEW = Domain("jp/muni/131016", 0), Domain("jp/muni/131016", 1)
PENSION, LEDGER = Domain("jp/nenkin", 0), Domain("jp/ledger", 0)


def pair(nation: Nation, domain: Domain) -> tuple[bytes, bytes]:
    return nation.operators[1].domain(domain).commitment, nation.operators[2].domain(domain).commitment


def rotated(nation: Nation, codes):
    rhos = [nation.operators[i].rotation(OLD.label, OLD.epoch) for i in (1, 2)]
    return rotate(codes, *rhos, pair(nation, OLD), pair(nation, NEW))


def test_p12_rotation_of_a_changes_every_code_of_a():
    nation = Nation()
    old = nation.acquire([os.urandom(32) for _ in range(5)], OLD)
    assert not set(old) & set(rotated(nation, old))


def test_p12_after_rotation_of_a_every_other_institution_gets_the_codes_it_already_has():
    nation, rhos = Nation(), [os.urandom(32) for _ in range(5)]
    old = nation.acquire(rhos, OLD)
    held = {body: nation.exchange(OLD, body, old).received() for body in (PENSION, LEDGER)}
    new = rotated(nation, old)
    for body, codes in held.items():
        assert nation.exchange(NEW, body, new).received() == codes
        assert nation.acquire(rhos, body) == codes


def test_p12_others_reach_the_rotated_institution_under_its_new_codes():
    nation, rhos = Nation(), [os.urandom(32) for _ in range(3)]
    new = rotated(nation, nation.acquire(rhos, OLD))
    assert nation.exchange(PENSION, NEW, nation.acquire(rhos, PENSION)).received() == new


def test_p12_both_epochs_are_served_during_the_window():
    nation, rhos = Nation(), [os.urandom(32) for _ in range(2)]
    old = nation.acquire(rhos, OLD)
    new = rotated(nation, old)
    assert nation.exchange(OLD, PENSION, old).received() == nation.exchange(NEW, PENSION, new).received()


def test_p12_codes_stolen_before_rotation_lead_to_nobody_once_their_epoch_is_retired():
    nation, rhos = Nation(), [os.urandom(32)]
    stolen = nation.acquire(rhos, OLD)
    misused = nation.exchange(NEW, PENSION, stolen).received()
    assert not isinstance(misused, Problem)
    assert misused != nation.acquire(rhos, PENSION)
    assert stolen != rotated(nation, stolen)


def test_p12_a_rotation_of_one_operator_alone_is_refused():
    nation = Nation()
    codes = nation.acquire([os.urandom(32)], OLD)
    rho1 = nation.operators[1].rotation(OLD.label, OLD.epoch)
    one = (1).to_bytes(32, "little")
    assert isinstance(rotate(codes, rho1, one, pair(nation, OLD), pair(nation, NEW)), Problem)
