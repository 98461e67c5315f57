"""P-11, at the level of codes: two stolen databases of codes have nothing in common."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "codes"))

from codes_nation import Nation

from kumihimo.codes import Domain

BODIES = [Domain(label, 0) for label in ("jp/muni/131016", "jp/muni/271004", "jp/nenkin", "jp/ledger")]


def test_p11_no_code_of_one_institution_occurs_at_another():
    nation, rhos = Nation(), [os.urandom(32) for _ in range(40)]
    stolen = [code.element for body in BODIES for code in nation.acquire(rhos, body)]
    assert len(set(stolen)) == len(BODIES) * len(rhos)


def test_p11_no_piece_of_a_code_repeats_so_that_it_could_serve_as_a_join_key():
    nation, rhos = Nation(), [os.urandom(32) for _ in range(40)]
    for width in (6, 8, 16):
        pieces = [
            code.element[start : start + width]
            for body in BODIES
            for code in nation.acquire(rhos, body)
            for start in range(0, 32 - width + 1, width)
        ]
        assert len(set(pieces)) == len(pieces)


def test_p11_two_databases_in_different_nations_of_the_same_persons_share_nothing():
    rhos = [os.urandom(32) for _ in range(20)]
    stolen = [code.element for _ in range(2) for code in Nation().acquire(rhos, BODIES[0])]
    assert len(set(stolen)) == 2 * len(rhos)
