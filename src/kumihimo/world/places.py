"""Where synthetic residents live: three real municipalities, blocks and lots that do not exist in them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

CHIYODA, OSAKA, YONAGUNI = "131016", "271004", "473821"

# Wards of 大阪市 are part of the address; the municipality of the law is the city (地方自治法252条の20).
_OSAKA_WARDS = ("北区", "中央区", "西成区", "天王寺区", "淀川区", "東住吉区", "平野区", "此花区")
_BLOCKS = ("見本町", "例示町", "組紐町", "架空台", "標本坂", "試作通", "練習橋", "仮置浜")


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality of the miniature nation: its code, the head of its addresses, its share of residents."""

    code: str
    head: str
    share: float
    # Class of area for the exemption from residence tax (生活保護の級地に準ずる, 地方税法施行規則9条の2).
    area_class: int


PLACES: tuple[Place, ...] = (
    Place(CHIYODA, "東京都千代田区", 0.38, 1),
    Place(OSAKA, "大阪府大阪市", 0.50, 1),
    Place(YONAGUNI, "沖縄県八重山郡与那国町", 0.12, 3),
)
BY_CODE: dict[str, Place] = {place.code: place for place in PLACES}


def draw_place(rng: Random) -> Place:
    """Draw the municipality of a household by the shares of the miniature nation."""
    return rng.choices(PLACES, weights=[place.share for place in PLACES])[0]


def draw_address(rng: Random, place: Place) -> str:
    """Draw an address (住所) in a municipality, on a block that exists nowhere in it."""
    block = rng.choice(_BLOCKS)
    if place.code == YONAGUNI:
        return f"{place.head}字{block}{rng.randint(1, 999)}番地"
    ward = rng.choice(_OSAKA_WARDS) if place.code == OSAKA else ""
    return f"{place.head}{ward}{block}{rng.randint(1, 9)}丁目{rng.randint(1, 40)}番{rng.randint(1, 30)}号"
